import type { Decision, GivenField, TaskRow } from '../entities/ledger.js';
import type { TaskReport, TransactionEnd } from './report.js';
import { isTerminal, weightOf } from './statuses.js';

/**
 * Whether `a` rules over `b`: the heavier status, then the later instant, then the greater report id. A total order, so
 * that neither sequence nor repetition matters.
 */
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
  | 'givenBy'
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

const rowDecision = ({ status, decidedAt, decidedBy }: TaskState): Decision => ({
  status,
  at: decidedAt,
  by: decidedBy,
});

const isSame = (a: Decision, b: Decision): boolean => a.at === b.at && a.by === b.by && a.status === b.status;

/** The decisions without that one; null for none. */
function withoutField(givenBy: TaskState['givenBy'], field: GivenField): TaskState['givenBy'] {
  if (givenBy?.[field] === undefined) return givenBy;
  const { [field]: _gone, ...rest } = givenBy;
  return Object.keys(rest).length === 0 ? null : rest;
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

function asDecided(received: Received): Pick<TaskState, 'status' | 'timeEnd' | 'decidedAt' | 'decidedBy'> {
  const { status, timeEnd } = received.report;
  const { at, by } = decisionOf(received);
  return { status, timeEnd: isTerminal(status) ? (timeEnd ?? at) : null, decidedAt: at, decidedBy: by };
}

function first(received: Received): TaskState {
  const { taskName, announced, reason = null, exitCode = null, custom = null } = received.report;
  const fields = { reason, exitCode, custom, givenBy: null, closed: false };
  return { taskName, announced, timeStart: startOf(received), ...asDecided(received), ...fields };
}

const GIVEN_FIELDS: readonly GivenField[] = ['reason', 'exitCode', 'custom'];

/**
 * Which of a row's fields a report gives: a report that leaves one out takes nothing away, so each field is that of the
 * ruling report among those that gave it. A reason says why the status is what it is: only reports of that status count.
 */
function givenFields(row: TaskState, received: Received, after: Decision): Pick<TaskState, GivenField | 'givenBy'> {
  const { report } = received;
  const decision = decisionOf(received);
  const fields = { reason: row.reason, exitCode: row.exitCode, custom: row.custom };
  const givers: Partial<Record<GivenField, Decision>> = {};
  if (row.status !== after.status) fields.reason = null;
  for (const field of GIVEN_FIELDS) {
    let giver = row.givenBy?.[field] ?? rowDecision(row);
    const counts = field !== 'reason' || report.status === after.status;
    if (counts && report[field] != null && (fields[field] === null || rules(decision, giver))) {
      Object.assign(fields, { [field]: report[field] });
      giver = decision;
    }
    if (fields[field] !== null && !isSame(giver, after)) givers[field] = giver;
  }
  return { ...fields, givenBy: Object.keys(givers).length === 0 ? null : givers };
}

function fold(row: TaskState, received: Received): TaskState {
  const { report } = received;
  const wins = rules(decisionOf(received), rowDecision(row));
  const decided = wins ? { ...row, ...asDecided(received) } : row;
  return {
    ...decided,
    ...givenFields(row, received, rowDecision(decided)),
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
  // Its transaction may have ended by another clock.
  const timeEnd = status === 'SKIPPED' ? null : Math.max(ending.at, row.timeStart ?? ending.at);
  return { ...row, status, reason: ending.reason, timeEnd, closed: true, givenBy: withoutField(row.givenBy, 'reason') };
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
