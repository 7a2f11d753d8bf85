import type { Ctx } from '../auth/actor.js';
import type { Database } from '../db/database.js';
import type { Page, PageRequest } from '../db/page.js';
import type { FirstPageRequest } from '../db/pages.js';
import type { TaskRow, TaskSummaryRow, TransactionRow } from '../entities/ledger.js';
import { countsOf, type TaskCounts } from './counts.js';
import {
  firstTaskPages,
  summariesByTasks,
  tasksByIds,
  tasksPage,
  transactionByName,
  transactionsByIds,
} from './read.js';
import { seesTask, seesTransaction } from './visible.js';

/** What the API asks of the ledger. */
export interface HistoryService {
  /** The transactions with these ids, in their order; null for each that the caller may not see. */
  byIds(ctx: Ctx, ids: readonly string[]): Promise<(TransactionRow | null)[]>;
  /** The transaction with this global id or serial number; null when the caller may see none. */
  find(ctx: Ctx, name: string): Promise<TransactionRow | null>;
  /** How many tasks of each of these transactions have each status. */
  counts(transactionIds: readonly string[]): Promise<ReadonlyMap<string, TaskCounts>>;
  tasks(transactionId: string, request: PageRequest): Promise<Page<TaskRow>>;
  firstTasks(transactionIds: readonly string[], request: FirstPageRequest): Promise<Page<TaskRow>[]>;
  /** The tasks with these ids, in their order; null for each that the caller may not see. */
  tasksByIds(ctx: Ctx, ids: readonly string[]): Promise<(TaskRow | null)[]>;
  summaries(taskIds: readonly string[]): Promise<ReadonlyMap<string, TaskSummaryRow>>;
}

/** Puts the reading of the ledger together. */
export function createHistoryService({ db }: { db: Database }): HistoryService {
  const { reader } = db;
  return {
    async byIds(ctx, ids) {
      const found = await transactionsByIds(reader, ids);
      return ids.map((id) => {
        const row = found.get(id);
        return row && seesTransaction(ctx, row) ? row : null;
      });
    },
    async find(ctx, name) {
      const row = await transactionByName(reader, name);
      return row && seesTransaction(ctx, row) ? row : null;
    },
    counts: (transactionIds) => countsOf(reader, transactionIds),
    tasks: (transactionId, request) => tasksPage(reader, transactionId, request),
    firstTasks: (transactionIds, request) => firstTaskPages(reader, transactionIds, request),
    async tasksByIds(ctx, ids) {
      const found = await tasksByIds(reader, ids);
      return ids.map((id) => {
        const task = found.get(id);
        return task && seesTask(ctx, task) ? task : null;
      });
    },
    summaries: (taskIds) => summariesByTasks(reader, taskIds),
  };
}
