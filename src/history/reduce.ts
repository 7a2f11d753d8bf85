import type { TaskRow, TaskStatus } from '../entities/ledger.js';
import type { TaskReport, TransactionEnd } from './report.js';
import { isTerminal, weightOf } from './statuses.js';

/** What decided something: of two, the heavier status rules, then the later instant, then the greater report id. */
export interface Decision {
  readonly status: TaskStatus;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly by: string;
}

/** Whether `a` rules over `b`. A total order, so that neither sequence nor repetition matters. */
export function rules(a: Decision, b: Decision): boolean {
  const weight = weightOf(a.status) - weightOf(b.status);
  if (weight !== 0) return weight > 0;
  if (a.at !== b.at) return a.at > b.at;
  return a.by > b.by;
}

/** One report as it reached the ledger. */
export interface Received {
  readonly report: TaskReport;
  readonly reportId: string;
  /** Epoch milliseconds by the store's clock. */
  readonly receivedAt: number;
}

/** The columns of a task's row that reports decide. */
export type TaskState = Pick<
  TaskRow,
  | 'taskName'
  | 'announced'
  | 'status'
  | 'reason'
  | 'timeStart'
  | 'timeEnd'
  | 'exitCode'
  | 'custom'
  | 'closed'
  | 'decidedAt'
  | 'decidedBy'
>;

/** The instant of a report: the reporter's, where it gave one, else the receiver's. */
const instantOf = ({ report, receivedAt }: Received): number => report.reportedAt ?? receivedAt;

const decisionOf = (received: Received): Decision => ({
  status: received.report.status,
  at: instantOf(received),
  by: received.reportId,
});

/** What was reported of a row that the end of its transaction closed. */
function reopened(row: TaskState): TaskState {
  if (!row.closed) return row;
  const status = row.status === 'SKIPPED' ? 'PENDING' : 'RUNNING';
  return { ...row, status, reason: null, timeEnd: null, closed: false };
}

function startOf(received: Received): number | null {
  const { report } = received;
  return report.timeStart ?? (report.status === 'RUNNING' ? instantOf(received) : null);
}

const earlier = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.min(a, b);

/** The announcement's name rules; else the first in the alphabet. */
function nameOf(row: TaskState, report: TaskReport): string {
  if (row.announced !== report.announced) return row.announced ? row.taskName : report.taskName;
  return [row.taskName, report.taskName].sort()[0] ?? row.taskName;
}

function asDecided(received: Received): Pick<TaskState, 'status' | 'reason' | 'timeEnd' | 'exitCode' | 'custom'> {
  const { status, reason = null, timeEnd, exitCode = null, custom = null } = received.report;
  return { status, reason, timeEnd: isTerminal(status) ? (timeEnd ?? instantOf(received)) : null, exitCode, custom };
}

function first(received: Received): TaskState {
  const { taskName, announced } = received.report;
  const { at, by } = decisionOf(received);
  const decision = { decidedAt: at, decidedBy: by, closed: false };
  return { taskName, announced, timeStart: startOf(received), ...asDecided(received), ...decision };
}

function fold(row: TaskState, received: Received): TaskState {
  const { report } = received;
  const decision = decisionOf(received);
  const wins = rules(decision, { status: row.status, at: row.decidedAt, by: row.decidedBy });
  return {
    ...row,
    ...(wins ? { ...asDecided(received), decidedAt: decision.at, decidedBy: decision.by } : {}),
    taskName: nameOf(row, report),
    announced: row.announced || report.announced,
    timeStart: earlier(row.timeStart, startOf(received)),
  };
}

/** How a transaction ended, for rows that it closes. */
export interface Ending extends Pick<TransactionEnd, 'running' | 'reason'> {
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Closes what the end of its transaction finds open: PENDING becomes SKIPPED, RUNNING what the ending says. */
export function closeTask(row: TaskState, ending: Ending): TaskState {
  if (isTerminal(row.status)) return row;
  const status = row.status === 'PENDING' ? 'SKIPPED' : ending.running;
  const timeEnd = status === 'SKIPPED' ? null : ending.at;
  return { ...row, status, reason: ending.reason, timeEnd, closed: true };
}

/**
 * The row of one attempt after some more reports: a pure function whose result depends on the set of reports alone,
 * not on their order, repetition or batching. `row` is undefined for an attempt that is not known yet; one that the end
 * of its transaction closed is open again, until it is closed once more.
 */
export function reduceTask(row: TaskState | undefined, reports: readonly [Received, ...Received[]]): TaskState {
  const [head, ...rest] = reports;
  return rest.reduce(fold, row ? fold(reopened(row), head) : first(head));
}
