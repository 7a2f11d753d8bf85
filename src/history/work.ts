import { ID_PREFIX } from '../entities/ids.js';
import type { Decision, TaskEventRow, TaskRow, TransactionRow } from '../entities/ledger.js';
import { clip } from '../lib/clip.js';
import type { IdSource } from '../lib/ids.js';
import type { JsonValue } from '../lib/json.js';
import { closeTask, type Ending, reduceTask, type TaskState } from './reduce.js';
import type { LedgerReport, TaskReport, TransactionEnd } from './report.js';
import { scopeOf } from './scope.js';
import { isOver, isTerminal } from './statuses.js';
import { afterWord, saidOf, type Word } from './word.js';

/** The id under which the server's own reports stand in the record. */
const OWN_REPORT = 'server';

/** A task's row as it was and as it becomes. */
export interface TaskChange {
  readonly before: TaskRow | undefined;
  after: TaskRow;
  /** Whether a report was about it: other attempts of the same task are read along. */
  touched: boolean;
}

/** A summary that came with a report. */
export interface SummaryOffer {
  readonly taskId: string;
  readonly summary: JsonValue;
  readonly decision: Decision;
}

/** What a report says, as its event keeps it. */
type Reported = Pick<TaskEventRow, 'status' | 'reason' | 'reportedAt' | 'reportId'>;

/** What tells the attempts of one transaction apart. */
const attemptKey = ({ graphTaskId, nodeId, attempt }: Pick<TaskRow, 'graphTaskId' | 'nodeId' | 'attempt'>): string =>
  `${attempt} ${nodeId.length} ${nodeId}${graphTaskId}`;

/** A new transaction's row; SQL gives its number. */
export function beginningOf(report: LedgerReport, at: number): TransactionRow | null {
  if (!report.begin) return null;
  const open = { status: 'PENDING' as const, reason: null, progress: 0, message: null, timeStart: null, timeEnd: null };
  return {
    number: 0,
    id: report.transactionId,
    ...report.begin,
    scope: scopeOf(report.begin),
    attempts: 1,
    ...{ ...open, messageAt: null, messageBy: null, resetAt: null },
    createdAt: at,
  };
}

/** Why a row is closed that was not reported to have ended. */
const closingReason = ({ status, reason }: Pick<TransactionRow, 'status' | 'reason'>): string =>
  reason ?? `Its transaction ended (${status}) before it was reported to have ended.`;

/** How a transaction that is over ended, for rows that are reported of afterwards; null while it is open. */
export function endingOf({ status, reason, timeEnd, createdAt }: TransactionRow): Ending | null {
  if (!isOver(status)) return null;
  const running = status === 'STOPPED' ? 'STOPPED' : 'LOST';
  return { running, reason: closingReason({ status, reason }), at: timeEnd ?? createdAt };
}

/**
 * How the end before a reset closed an attempt: a late word of it does not open it again. (What was SKIPPED then, and is
 * said to have begun, is LOST.)
 */
function closedBy({ status, reason, timeEnd }: TaskRow, now: number): Ending {
  return { running: status === 'STOPPED' ? 'STOPPED' : 'LOST', reason, at: timeEnd ?? now };
}

/** The reports on one transaction, worked out in memory: what changes is read off it and written in few statements. */
export class TransactionWork {
  readonly transaction: TransactionRow;
  readonly tasks = new Map<string, TaskChange>();
  readonly events: TaskEventRow[] = [];
  readonly summaries: SummaryOffer[] = [];
  readonly #ids: IdSource;
  readonly #now: number;
  readonly #begins: boolean;
  #ending: Ending | null;
  #ends: Ending | null = null;
  #changed = false;
  #goesOn = false;

  /** `begins`: the transaction is made with these reports, and nobody else knows of it yet. */
  constructor(transaction: TransactionRow, known: readonly TaskRow[], ids: IdSource, now: number, begins = false) {
    this.transaction = { ...transaction };
    this.#begins = begins;
    this.#ids = ids;
    this.#now = now;
    this.#ending = endingOf(transaction);
    for (const row of known) this.tasks.set(attemptKey(row), { before: row, after: row, touched: false });
  }

  /** How the transaction ends with these reports; null when it goes on, or was over before. */
  get ends(): Ending | null {
    return this.#ends;
  }

  /** Whether the transaction's own row changed. */
  get changed(): boolean {
    return this.#changed;
  }

  /** Whether its events have got their numbers here. */
  get begins(): boolean {
    return this.#begins;
  }

  /** Whether a report is about an attempt that was not over before: the others only tell of what has been. */
  get goesOn(): boolean {
    return this.#goesOn;
  }

  /** Takes one report in. */
  take(report: LedgerReport): void {
    const { end } = report;
    if (report.reset) this.#goOn();
    if (end && !isOver(this.transaction.status)) {
      this.#ends = { running: end.running, reason: closingReason(end), at: end.at ?? this.#now };
      this.#ending = this.#ends;
    }
    const reportId = report.reportId ?? OWN_REPORT;
    for (const task of report.tasks ?? []) this.#reduce(task, reportId);
    this.#changeTransaction(report);
  }

  /** Closes rows that the end of the transaction finds open. */
  close(rows: readonly TaskRow[], ending: Ending): void {
    for (const row of rows) {
      const change: TaskChange = { before: row, after: row, touched: false };
      this.tasks.set(attemptKey(row), change);
      this.#close(change, ending);
    }
  }

  #reduce(report: TaskReport, reportId: string): void {
    const key = attemptKey(report);
    const known = this.tasks.get(key);
    this.#goesOn ||= known === undefined || !isTerminal(known.after.status);
    const ending = this.#ending ?? (known?.after.closed ? closedBy(known.after, this.#now) : null);
    const state = reduceTask(known?.after, [{ report, reportId, receivedAt: this.#now }]);
    const change = known ?? { before: undefined, after: this.#newTask(report), touched: true };
    change.touched = true;
    this.tasks.set(key, change);
    const { status, reason = null, reportedAt = null } = report;
    this.#record(change, state, { status, reason, reportedAt, reportId }, known === undefined);
    if (report.summary !== undefined) {
      const decision = { status, at: reportedAt ?? this.#now, by: reportId };
      this.summaries.push({ taskId: change.after.id, summary: report.summary, decision });
      change.after = { ...change.after, hasSummary: true };
    }
    if (ending) this.#close(change, ending);
  }

  #close(change: TaskChange, ending: Ending): void {
    const state = closeTask(change.after, ending);
    if (state === change.after) return;
    const { status, reason } = state;
    this.#record(change, state, { status, reason, reportedAt: null, reportId: OWN_REPORT });
  }

  /** Sets what a report makes of a row, and records it. */
  #record(change: TaskChange, state: TaskState, reported: Reported, isNew = false): void {
    const { after } = change;
    const { id: taskId, transactionId, attempt } = after;
    const step = { statusBefore: isNew ? null : after.status, statusAfter: state.status };
    const event = { transactionId, taskId, attempt, ...reported, ...step };
    // Nobody else can record events of a transaction that begins: its first ones need not wait for their numbers.
    const seq = this.#begins ? this.events.length + 1 : null;
    this.events.push({ id: this.#ids.next(ID_PREFIX.taskEvent), seq, ...event, receivedAt: this.#now });
    change.after = { ...after, ...state, orderedAt: state.timeStart ?? after.createdAt };
  }

  #newTask(report: TaskReport): TaskRow {
    const { graphTaskId, taskName, nodeId, attempt, status, announced } = report;
    const { id: transactionId, clusterId, scope } = this.transaction;
    const nothing = { reason: null, timeStart: null, timeEnd: null, exitCode: null, custom: null };
    return {
      number: 0,
      id: report.id ?? this.#ids.next(ID_PREFIX.task),
      ...{ transactionId, clusterId, scope, orderedAt: this.#now },
      ...{ graphTaskId, taskName, nodeId, attempt, status, announced, ...nothing },
      hasSummary: false,
      closed: false,
      decidedAt: this.#now,
      decidedBy: OWN_REPORT,
      givenBy: null,
      createdAt: this.#now,
    };
  }

  /** What is over waits again; its attempts that were closed stay so. */
  #goOn(): void {
    const { transaction } = this;
    if (!isOver(transaction.status)) return;
    const unsaid = { reason: null, progress: 0, message: null, messageAt: null, messageBy: null };
    const waiting = { status: 'PENDING' as const, ...unsaid, timeEnd: null };
    Object.assign(transaction, waiting, { attempts: transaction.attempts + 1, resetAt: this.#now });
    this.#ending = null;
    this.#changed = true;
  }

  #changeTransaction({ startedAt, progress, word, end, attempt }: LedgerReport): void {
    const { transaction } = this;
    const isOther = (attempt ?? transaction.attempts) !== transaction.attempts;
    const over = isOther || isOver(transaction.status);
    if (word && !isOther) this.#hear(word);
    this.#changed ||= startedAt !== undefined || (!over && (progress !== undefined || end !== undefined));
    if (startedAt !== undefined) transaction.timeStart = Math.min(transaction.timeStart ?? startedAt, startedAt);
    if (over) return;
    if (startedAt !== undefined) transaction.status = 'RUNNING';
    if (progress) {
      transaction.progress = progress.percent;
      transaction.message = progress.message === null ? null : clip(progress.message, 255);
    }
    if (end) endTransaction(transaction, end, end.at ?? this.#now);
  }

  /** Also of what is over: a word before its end may come late. */
  #hear(word: Word): void {
    const before = saidOf(this.transaction);
    const said = afterWord(before, word);
    if (said === before) return;
    Object.assign(this.transaction, said);
    this.#changed = true;
  }
}

function endTransaction(transaction: TransactionRow, end: TransactionEnd, at: number): void {
  transaction.status = end.status;
  transaction.reason = end.reason;
  transaction.timeEnd = at;
  if (end.status === 'READY') transaction.progress = 100;
}
