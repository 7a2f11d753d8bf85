import { ID_PREFIX } from '../entities/ids.js';
import type { TaskEventRow, TaskRow, TaskStatus, TransactionRow } from '../entities/ledger.js';
import { clip } from '../lib/clip.js';
import type { IdSource } from '../lib/ids.js';
import type { JsonValue } from '../lib/json.js';
import { closeTask, type Decision, type Ending, type Received, reduceTask } from './reduce.js';
import type { LedgerReport, TaskReport, TransactionEnd } from './report.js';
import { isOver } from './statuses.js';

/** The id under which the server's own reports stand in the record. */
const OWN_REPORT = 'server';

/** A task's row as it was and as it becomes. */
export interface TaskChange {
  readonly before: TaskRow | undefined;
  after: TaskRow;
}

/** A summary that came with a report. */
export interface SummaryOffer {
  readonly taskId: string;
  readonly summary: JsonValue;
  readonly decision: Decision;
}

/** What tells the attempts of one transaction apart. */
const attemptKey = (row: Pick<TaskRow, 'graphTaskId' | 'nodeId' | 'attempt'>): string =>
  JSON.stringify([row.graphTaskId, row.nodeId, row.attempt]);

/** A new transaction's row; SQL gives its number. */
export function beginningOf(report: LedgerReport, at: number): TransactionRow | null {
  if (!report.begin) return null;
  const open = { status: 'PENDING' as const, reason: null, progress: 0, message: null, timeStart: null, timeEnd: null };
  return { number: 0, id: report.transactionId, ...report.begin, ...open, createdAt: at, counts: {} };
}

/** The reports on one transaction, worked out in memory: what changes is read off it and written in few statements. */
export class TransactionWork {
  readonly transaction: TransactionRow;
  readonly tasks = new Map<string, TaskChange>();
  readonly events: TaskEventRow[] = [];
  readonly summaries: SummaryOffer[] = [];
  readonly #ids: IdSource;
  readonly #now: number;

  constructor(transaction: TransactionRow, known: readonly TaskRow[], ids: IdSource, now: number) {
    this.transaction = { ...transaction };
    this.#ids = ids;
    this.#now = now;
    for (const row of known) this.tasks.set(attemptKey(row), { before: row, after: row });
  }

  /** Takes one report in. */
  take(report: LedgerReport): void {
    const ending = this.#endingAfter(report);
    const reportId = report.reportId ?? OWN_REPORT;
    for (const task of report.tasks ?? []) this.#reduce(task, reportId, ending);
    if (report.end && ending)
      for (const change of this.tasks.values()) this.#set(change, closeTask(change.after, ending));
    this.#changeTransaction(report);
  }

  #endingAfter(report: LedgerReport): Ending | null {
    const { status, reason, timeEnd, createdAt } = this.transaction;
    if (isOver(status)) {
      return { running: status === 'STOPPED' ? 'STOPPED' : 'LOST', reason, at: timeEnd ?? createdAt };
    }
    return report.end ? { running: report.end.running, reason: report.end.reason, at: this.#now } : null;
  }

  #reduce(report: TaskReport, reportId: string, ending: Ending | null): void {
    const key = attemptKey(report);
    const known = this.tasks.get(key);
    const received: Received = { report, reportId, receivedAt: this.#now };
    const state = reduceTask(known?.after, [received], ending);
    const change = known ?? { before: undefined, after: this.#newTask(report) };
    this.tasks.set(key, change);
    this.#record(change.after, report.status, report.reason ?? null, report.reportedAt ?? null, reportId);
    this.#set(change, state, known === undefined);
    if (report.summary === undefined) return;
    const decision = { status: report.status, at: report.reportedAt ?? this.#now, by: reportId };
    this.summaries.push({ taskId: change.after.id, summary: report.summary, decision });
    change.after = { ...change.after, hasSummary: true };
  }

  #set(change: TaskChange, state: ReturnType<typeof closeTask>, isNew = false): void {
    const { after } = change;
    if (state === after) return;
    const from = isNew ? undefined : after.status;
    change.after = { ...after, ...state };
    if (state.closed && !after.closed) this.#record(change.after, state.status, state.reason, null, OWN_REPORT);
    if (from !== state.status) this.transaction.counts = moveCount(this.transaction.counts, from, state.status);
  }

  #newTask(report: TaskReport): TaskRow {
    const { graphTaskId, taskName, nodeId, attempt, status, announced } = report;
    const nothing = { reason: null, timeStart: null, timeEnd: null, exitCode: null, custom: null };
    return {
      number: 0,
      id: report.id ?? this.#ids.next(ID_PREFIX.task),
      transactionId: this.transaction.id,
      clusterId: this.transaction.clusterId,
      ...{ graphTaskId, taskName, nodeId, attempt, status, announced, ...nothing },
      hasSummary: false,
      closed: false,
      decidedAt: this.#now,
      decidedBy: OWN_REPORT,
      createdAt: this.#now,
    };
  }

  #record(task: TaskRow, status: TaskStatus, reason: string | null, reportedAt: number | null, reportId: string): void {
    const { transactionId, id: taskId, attempt } = task;
    const what = { transactionId, taskId, attempt, status, reason, reportedAt, reportId };
    this.events.push({ id: this.#ids.next(ID_PREFIX.taskEvent), seq: null, ...what, receivedAt: this.#now });
  }

  #changeTransaction(report: LedgerReport): void {
    const { transaction } = this;
    if (report.startedAt !== undefined) transaction.timeStart ??= report.startedAt;
    if (isOver(transaction.status)) return;
    if (report.startedAt !== undefined) transaction.status = 'RUNNING';
    if (report.progress) {
      transaction.progress = report.progress.percent;
      transaction.message = report.progress.message === null ? null : clip(report.progress.message, 255);
    }
    if (report.end) endTransaction(transaction, report.end, this.#now);
  }
}

function endTransaction(transaction: TransactionRow, end: TransactionEnd, at: number): void {
  transaction.status = end.status;
  transaction.reason = end.reason;
  transaction.timeEnd = at;
  if (end.status === 'READY') transaction.progress = 100;
}

function moveCount(
  counts: TransactionRow['counts'],
  from: TaskStatus | undefined,
  to: TaskStatus,
): TransactionRow['counts'] {
  const next = { ...counts, [to]: (counts[to] ?? 0) + 1 };
  if (!from) return next;
  const left = (next[from] ?? 0) - 1;
  if (left > 0) return { ...next, [from]: left };
  return Object.fromEntries(Object.entries(next).filter(([status]) => status !== from));
}
