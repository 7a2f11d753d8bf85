import type { Ctx } from '../auth/actor.js';
import { sees } from '../auth/scope.js';
import type { TaskStatus, TransactionKind, TransactionStatus } from '../entities/ledger.js';
import type { LoggedEvent, TaskFact } from '../events/topics.js';

type Wanted<T> = readonly T[] | null | undefined;

const fits = <T>(wanted: Wanted<T>, value: T | null): boolean =>
  wanted == null || (value !== null && wanted.includes(value));

/** Which changes of tasks a follower wants; what is left out or null does not narrow. */
export interface TaskHistoryFilter {
  clusterIds?: Wanted<string>;
  transactionIds?: Wanted<string>;
  nodeIds?: Wanted<string>;
  /** What the tasks became. */
  statuses?: Wanted<TaskStatus>;
  taskNames?: Wanted<string>;
}

export type TaskHistoryEvent = LoggedEvent<'taskHistoryChanged'>;

function wantsTask(filter: TaskHistoryFilter, [, nodeId, taskName, status]: TaskFact): boolean {
  return fits(filter.nodeIds, nodeId) && fits(filter.taskNames, taskName) && fits(filter.statuses, status);
}

/** The rows of a fact that a follower wants: the ids of the transactions and of the tasks. */
export function wantedRows(
  filter: TaskHistoryFilter,
  { payload }: TaskHistoryEvent,
): { transactionIds: string[]; taskIds: string[] } {
  const wanted = payload.changes
    .filter(({ transactionId }) => fits(filter.transactionIds, transactionId))
    .map(({ transactionId, tasks }) => ({ transactionId, tasks: tasks.filter((task) => wantsTask(filter, task)) }))
    .filter(({ tasks }) => tasks.length > 0);
  return {
    transactionIds: wanted.map(({ transactionId }) => transactionId),
    taskIds: wanted.flatMap(({ tasks }) => tasks.map(([id]) => id)),
  };
}

/** Whether the caller may see a change of tasks, and wants some of it. */
export function acceptsTasks(ctx: Ctx, filter: TaskHistoryFilter, event: TaskHistoryEvent): boolean {
  const { clusterId, changes } = event.payload;
  if (!sees(ctx, event.project) || !fits(filter.clusterIds, clusterId)) return false;
  return changes.some(
    ({ transactionId, tasks }) =>
      fits(filter.transactionIds, transactionId) && tasks.some((task) => wantsTask(filter, task)),
  );
}

/** Which changes of transactions a follower wants; what is left out or null does not narrow. */
export interface TransactionFilter {
  kinds?: Wanted<TransactionKind>;
  clusterIds?: Wanted<string>;
  transactionIds?: Wanted<string>;
  /** What the transactions became. */
  statuses?: Wanted<TransactionStatus>;
  names?: Wanted<string>;
}

/** What tells of transactions: deployments and plans by the one topic, runs of jobs by the other. */
export const TRANSACTION_TOPICS = ['transactionChanged', 'runChanged'] as const;
export type TransactionEvent = LoggedEvent<(typeof TRANSACTION_TOPICS)[number]>;

/** How a transaction was when it changed, whichever topic told of it. */
export interface TransactionFact {
  readonly kind: TransactionKind;
  readonly clusterId: string | null;
  readonly name: string;
  readonly status: TransactionStatus;
  /** Null for one that begins. */
  readonly statusBefore: TransactionStatus | null;
  readonly reason: string | null;
  /** 0..100 */
  readonly progress: number;
  readonly message: string | null;
  /** Whether it was deleted then. */
  readonly deleted?: true;
}

/** What an event says of its transaction. */
export function transactionFact({ payload }: TransactionEvent): TransactionFact {
  if ('kind' in payload) return payload;
  const { jobKey: name, status, statusBefore = null, reason, progress, message = null, deleted } = payload;
  const fact = { kind: 'JOB_RUN' as const, clusterId: null, name, status, statusBefore, reason, progress, message };
  return deleted ? { ...fact, deleted } : fact;
}

/** Whether the caller may see a change of a transaction, and wants it. */
export function acceptsTransaction(ctx: Ctx, filter: TransactionFilter, event: TransactionEvent): boolean {
  const { kind, clusterId, name, status } = transactionFact(event);
  return (
    sees(ctx, event.project) &&
    fits(filter.kinds, kind) &&
    fits(filter.clusterIds, clusterId) &&
    fits(filter.transactionIds, event.subject) &&
    fits(filter.statuses, status) &&
    fits(filter.names, name)
  );
}
