import type { JobResult } from '../entities/job.js';
import {
  TASK_STATUSES,
  type TaskStatus,
  TRANSACTION_KINDS,
  TRANSACTION_STATUSES,
  type TransactionStatus,
} from '../entities/ledger.js';

/** The results a run can end with. (SKIPPED is an occurrence without a run.) */
export type RunResult = Exclude<JobResult, 'SKIPPED'>;

/** The statuses of a transaction that is over. */
export type EndStatus = Extract<TransactionStatus, 'READY' | 'ERROR' | 'STOPPED' | 'LOST'>;

/** The one table of what the names mean to each other. */
const STATUS_OF_RESULT: Readonly<Record<RunResult, EndStatus>> = {
  SUCCESS: 'READY',
  FAIL: 'ERROR',
  ABORTED: 'STOPPED',
  LOST: 'LOST',
  // It waited for its client and never began: a stopped transaction none of whose tasks ran, with that reason.
  MISSED: 'STOPPED',
};

/** The status of the transaction of a run that ended with this result. */
export function statusOfResult(result: RunResult): EndStatus {
  return STATUS_OF_RESULT[result];
}

/** The statuses that runs with one of these results have; for filters. */
export function statusesOfResults(results: readonly JobResult[]): TransactionStatus[] {
  const statuses = results.flatMap((result) => (result === 'SKIPPED' ? [] : [STATUS_OF_RESULT[result]]));
  return [...new Set(statuses)];
}

/** What the seed's REST says of a task: its own four words, and the real status where it has none for it. */
export interface RestTaskStatus {
  status: 'pending' | 'running' | 'ready' | 'error' | 'skipped';
  /** Shown in `custom` beside the seed's word. */
  real: TaskStatus | null;
}

const REST_STATUS: Readonly<Record<TaskStatus, RestTaskStatus>> = {
  PENDING: { status: 'pending', real: null },
  RUNNING: { status: 'running', real: null },
  READY: { status: 'ready', real: null },
  ERROR: { status: 'error', real: null },
  SKIPPED: { status: 'skipped', real: null },
  LOST: { status: 'error', real: 'LOST' },
  STOPPED: { status: 'skipped', real: 'STOPPED' },
};

/** A task's status in the seed's REST. */
export function restStatus(status: TaskStatus): RestTaskStatus {
  return REST_STATUS[status];
}

/** The statuses behind each of the seed's words; for filters. */
export const REST_STATUSES: ReadonlyMap<string, readonly TaskStatus[]> = TASK_STATUSES.reduce((words, status) => {
  const word = REST_STATUS[status].status;
  return words.set(word, [...(words.get(word) ?? []), status]);
}, new Map<string, TaskStatus[]>());

/** Words by their names in lower case; for filters that are texts. */
const byName = <T extends string>(words: readonly T[]): ReadonlyMap<string, readonly T[]> =>
  new Map(words.map((word) => [word.toLowerCase(), [word]]));

export const TASK_STATUSES_BY_NAME = byName(TASK_STATUSES);
export const TRANSACTION_STATUSES_BY_NAME = byName(TRANSACTION_STATUSES);
export const TRANSACTION_KINDS_BY_NAME = byName(TRANSACTION_KINDS);

/**
 * Which of two reports of one attempt rules, whatever came first: what has ended is never undone by what runs, a
 * reporter's own word is more than "ended without a report", and of two contradictory words the failure is shown.
 */
const WEIGHT: Readonly<Record<TaskStatus, number>> = {
  PENDING: 0,
  RUNNING: 1,
  LOST: 2,
  STOPPED: 3,
  SKIPPED: 4,
  READY: 5,
  ERROR: 6,
};

export const weightOf = (status: TaskStatus): number => WEIGHT[status];

/** Whether an attempt with this status is over. */
export const isTerminal = (status: TaskStatus): boolean => WEIGHT[status] > WEIGHT.RUNNING;

const OVER: ReadonlySet<TransactionStatus> = new Set<EndStatus>(['READY', 'ERROR', 'STOPPED', 'LOST']);

/** Whether a transaction with this status is over. */
export const isOver = (status: TransactionStatus): boolean => OVER.has(status);
