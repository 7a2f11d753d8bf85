import type { Ctx } from '../auth/actor.js';
import type { Database } from '../db/database.js';
import type { Page, PageRequest } from '../db/page.js';
import type { FirstPageRequest } from '../db/pages.js';
import type { TaskEventRow, TaskRow, TaskSummaryRow, TransactionInputRow, TransactionRow } from '../entities/ledger.js';
import { countsOf, type TaskCounts } from './counts.js';
import { clusterIdsOf, type FoundIds, transactionIdsOf } from './live-names.js';
import {
  inputsByTransactions,
  summariesByTasks,
  taskByName,
  tasksByIds,
  transactionByName,
  transactionsByIds,
} from './read.js';
import { firstTaskEventPages, taskEventsPage } from './task-event-list.js';
import {
  type Direction,
  firstTaskHistoryPages,
  firstTaskPages,
  type ScopePlace,
  type TaskFilter,
  type TaskHistoryFilter,
  type TaskHistoryOrder,
  taskHistoryPage,
  tasksPage,
  tasksPageAtOnce,
} from './task-list.js';
import { firstTransactionPages, type TransactionFilter, transactionsPage } from './transaction-list.js';
import { seesTask, seesTransaction } from './visible.js';

/** What the API asks of the ledger. */
export interface HistoryService {
  /** The transactions with these ids, in their order; null for each that the caller may not see. */
  byIds(ctx: Ctx, ids: readonly string[]): Promise<(TransactionRow | null)[]>;
  /** The transaction with this global id or serial number; null when the caller may see none. */
  find(ctx: Ctx, name: string): Promise<TransactionRow | null>;
  /** The global ids of clusters named by those or external ids, and of transactions by those or numbers. */
  clusterIds(ctx: Ctx, names: readonly string[]): Promise<FoundIds>;
  transactionIds(ctx: Ctx, names: readonly string[]): Promise<FoundIds>;
  /** How many tasks of each of these transactions have each status. */
  counts(transactionIds: readonly string[]): Promise<ReadonlyMap<string, TaskCounts>>;
  /** A page of the transactions that the caller may see, by when they were made. */
  list(ctx: Ctx, filter: TransactionFilter, direction: Direction, request: PageRequest): Promise<Page<TransactionRow>>;
  /** The first (or last) such page of each of several scopes, which the caller may see, in their order. */
  firstOfEach(
    scopes: readonly string[],
    filter: TransactionFilter,
    direction: Direction,
    request: FirstPageRequest,
  ): Promise<Page<TransactionRow>[]>;
  /** A page of a transaction's tasks, in the order they were made. */
  tasks(
    transactionId: string,
    request: PageRequest,
    filter?: TaskFilter,
    direction?: Direction,
  ): Promise<Page<TaskRow>>;
  /**
   * Such a page of the transaction with this global id, for a caller of whom it is not known whether it may see that;
   * null where that must be found out otherwise.
   */
  tasksAtOnce(
    ctx: Ctx,
    transactionId: string,
    request: PageRequest,
    filter: TaskFilter,
    direction: Direction,
  ): Promise<Page<TaskRow> | null>;
  /** The first (or last) such page of each of several transactions, in their order. */
  firstTasks(
    transactionIds: readonly string[],
    request: FirstPageRequest,
    filter: TaskFilter,
    direction: Direction,
  ): Promise<Page<TaskRow>[]>;
  /** A page of all tasks that the caller may see; `order` null: the newest first. */
  taskHistory(
    ctx: Ctx,
    filter: TaskHistoryFilter,
    order: TaskHistoryOrder | null,
    request: PageRequest,
  ): Promise<Page<TaskRow>>;
  /** The first (or last) such page of each of several places, which the caller may see, in their order. */
  firstTaskHistory(
    places: readonly ScopePlace[],
    filter: TaskHistoryFilter,
    order: TaskHistoryOrder | null,
    request: FirstPageRequest,
  ): Promise<Page<TaskRow>[]>;
  /** The task with this global id or serial number; null when the caller may see none. */
  findTask(ctx: Ctx, name: string): Promise<TaskRow | null>;
  /** A page of what was recorded of a transaction's tasks; `after` and `before` are marks of `taskEventMark`. */
  taskEvents(transactionId: string, request: PageRequest): Promise<Page<TaskEventRow>>;
  /** The first (or last) such page of each of several transactions, in their order. */
  firstTaskEvents(transactionIds: readonly string[], request: FirstPageRequest): Promise<Page<TaskEventRow>[]>;
  /** What these transactions were given. */
  inputs(transactionIds: readonly string[]): Promise<ReadonlyMap<string, TransactionInputRow>>;
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
    clusterIds: (ctx, names) => clusterIdsOf(reader, ctx, names),
    transactionIds: (ctx, names) => transactionIdsOf(reader, ctx, names),
    counts: (transactionIds) => countsOf(reader, transactionIds),
    list: (ctx, filter, direction, request) => transactionsPage(reader, ctx, filter, direction, request),
    firstOfEach: (scopes, filter, direction, request) =>
      firstTransactionPages(reader, scopes, filter, direction, request),
    firstTaskHistory: (places, filter, order, request) => firstTaskHistoryPages(reader, places, filter, order, request),
    tasks: (transactionId, request, filter = {}, direction = 'ASC') =>
      tasksPage(reader, transactionId, filter, direction, request),
    tasksAtOnce: (ctx, transactionId, request, filter, direction) =>
      tasksPageAtOnce(reader, ctx, transactionId, filter, direction, request),
    firstTasks: (ids, request, filter, direction) => firstTaskPages(reader, ids, filter, direction, request),
    taskHistory: (ctx, filter, order, request) => taskHistoryPage(reader, ctx, filter, order, request),
    async findTask(ctx, name) {
      const task = await taskByName(reader, name);
      return task && seesTask(ctx, task) ? task : null;
    },
    taskEvents: (transactionId, request) => taskEventsPage(reader, transactionId, request),
    firstTaskEvents: (transactionIds, request) => firstTaskEventPages(reader, transactionIds, request),
    inputs: (transactionIds) => inputsByTransactions(reader, transactionIds),
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
