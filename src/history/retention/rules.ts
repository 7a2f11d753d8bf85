import type { TaskRow, TransactionRow } from '../../entities/ledger.js';
import { isOver } from '../statuses.js';

/** How long the history is kept, in milliseconds; 0 = for ever. */
export interface Ages {
  /** Transactions and tasks, from the end of their transaction on. */
  readonly rows: number;
  readonly summaries: number;
  /** Events of tasks, and the memory of which reports were taken in. */
  readonly events: number;
}

export const DELETED_KINDS = ['transactions', 'tasks', 'summaries', 'events', 'reports'] as const;
export type DeletedKind = (typeof DELETED_KINDS)[number];

/** How many rows of each kind were deleted. */
export type Deleted = Readonly<Record<DeletedKind, number>>;

export const NOTHING: Deleted = { transactions: 0, tasks: 0, summaries: 0, events: 0, reports: 0 };

/** Two counts as one. */
export function sum(a: Deleted, b: Deleted): Deleted {
  const entries = DELETED_KINDS.map((kind): [DeletedKind, number] => [kind, a[kind] + b[kind]]);
  return { ...NOTHING, ...Object.fromEntries(entries) };
}

/** What there is to know of a transaction whose rows may be too old. */
export type AgedTransaction = Pick<TransactionRow, 'id' | 'status' | 'createdAt' | 'timeEnd'>;

/**
 * Whether the rows of a transaction are older than they are kept. Their age counts from its end, and not from before it
 * was made: an end may be reported long after. What is open has no age.
 */
export function isAged({ status, createdAt, timeEnd }: AgedTransaction, before: number): boolean {
  return isOver(status) && Math.max(createdAt, timeEnd ?? createdAt) < before;
}

/** What there is to know of a task whose row may be too old. */
export type AgedTask = Pick<
  TaskRow,
  'number' | 'id' | 'transactionId' | 'scope' | 'nodeId' | 'taskName' | 'status' | 'createdAt'
>;

type Place = Pick<TaskRow, 'scope' | 'nodeId' | 'taskName'>;

/** What has one last success: a task on a node of a cluster or project. */
export const placeOf = ({ scope, nodeId, taskName }: Place): string => JSON.stringify([scope, nodeId, taskName]);

/**
 * Of the tasks of an aged transaction, those whose rows go: not the last success of its place (`lastSuccess`: its
 * number), and not what was reported lately. Where `whole`, all go or none.
 */
export function goingTasks(
  tasks: readonly AgedTask[],
  lastSuccess: ReadonlyMap<string, number>,
  before: number,
  whole: boolean,
): readonly AgedTask[] {
  const going = tasks.filter((task) => task.createdAt < before && lastSuccess.get(placeOf(task)) !== task.number);
  return whole && going.length < tasks.length ? [] : going;
}
