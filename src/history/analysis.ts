import type { Ctx } from '../auth/actor.js';
import type { Database } from '../db/database.js';
import type { Page, PageRequest } from '../db/page.js';
import type { TaskRow } from '../entities/ledger.js';
import { isKnownNode, type LastOf, lastTasksPage, type NodePlace } from './last-tasks.js';
import type { TaskDifference } from './task-difference.js';
import { type StatsFilter, type TaskStats, taskStats } from './task-stats-read.js';
import { type DiffFilter, type DiffSides, transactionDiffPage } from './transaction-diff.js';

/** What the API asks of the ledger beyond its rows. */
export interface HistoryAnalysis {
  /** Whether anything was ever reported of a node. */
  isKnownNode(place: NodePlace): Promise<boolean>;
  /** A page of the tasks of a node, each by its newest attempt, or the newest that succeeded. */
  lastTasks(place: NodePlace, of: LastOf, request: PageRequest): Promise<Page<TaskRow>>;
  /** Statistics of one task name, of what the caller may see. */
  stats(ctx: Ctx, filter: StatsFilter, signal: AbortSignal): Promise<TaskStats>;
  /** A page of what differs between two transactions, which the caller may see. */
  diff(sides: DiffSides, filter: DiffFilter, request: PageRequest, signal: AbortSignal): Promise<Page<TaskDifference>>;
}

/** Puts the analysis of the ledger together. */
export function createHistoryAnalysis({ db }: { db: Database }): HistoryAnalysis {
  const { reader } = db;
  return {
    isKnownNode: (place) => isKnownNode(reader, place),
    lastTasks: (place, of, request) => lastTasksPage(reader, place, of, request),
    stats: async (ctx, filter, signal) => taskStats(reader, ctx, filter, { now: await db.now(), signal }),
    diff: (sides, filter, request, signal) => transactionDiffPage(reader, sides, filter, request, signal),
  };
}
