import type { Ctx } from '../auth/actor.js';
import type { Tx } from '../db/transaction.js';
import { updateRows } from '../db/write.js';
import type { TaskRow, TaskStatus } from '../entities/ledger.js';
import { JobRunEntity, type JobRunRow } from '../entities/run.js';
import { apply } from '../history/apply.js';
import type { TaskReport } from '../history/report.js';
import { isTerminal } from '../history/statuses.js';
import { clip } from '../lib/clip.js';
import { ConflictError, InvalidInputError, NotFoundError } from '../lib/errors.js';
import type { JsonValue } from '../lib/json.js';
import { storable } from '../lib/names.js';
import type { JobsDeps } from './deps.js';
import { type Advanced, advance, attemptsOf, reportOf } from './run-advance.js';
import { type Hold, leaseLost, lockedRun } from './run-lock.js';
import { planRun } from './run-plan.js';
import { renewRun } from './run-renew.js';
import { tellRun } from './run-tell.js';

/** How an attempt ended, as its agent says. LOST: it does not know, for it was restarted meanwhile. */
export type AttemptOutcome = 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'LOST';

/** What an agent says of an attempt. Exactly one of `started`, `progress` and `ended` is given. */
export interface AttemptReport {
  taskId: string;
  attempt: number;
  /** Counts the reports of the attempt: 1, 2, 3 ... */
  sequence: number;
  /** Milliseconds since it happened, by the agent's own measure: reports may have waited for a connection. */
  age: number;
  started?: boolean;
  progress?: { percent: number; message: string | null };
  ended?: { outcome: AttemptOutcome; exitCode: number | null; message: string | null; summary?: JsonValue };
}

/** What came of the report. */
export interface Reported extends Advanced {
  /** It had been taken in before, and changed nothing. */
  repeated: boolean;
}

const STATUS_OF_OUTCOME: Readonly<Record<AttemptOutcome, TaskStatus>> = {
  SUCCEEDED: 'READY',
  FAILED: 'ERROR',
  TIMED_OUT: 'ERROR',
  ABORTED: 'STOPPED',
  LOST: 'LOST',
};

const LARGEST_SUMMARY = 1024 * 1024;
/** A line for people: what an agent says beyond it is in its output. */
const LONGEST_MESSAGE = 2_000;

const clipped = (message: string | null): string | null =>
  message === null ? null : storable(clip(message, LONGEST_MESSAGE));

/** The report with its messages cut to what is kept, and as every store holds them. */
function withoutExcess(report: AttemptReport): AttemptReport {
  const { progress, ended } = report;
  if (progress) return { ...report, progress: { ...progress, message: clipped(progress.message) } };
  return ended ? { ...report, ended: { ...ended, message: clipped(ended.message) } } : report;
}

function check(report: AttemptReport): void {
  const kinds = [report.started === true, report.progress !== undefined, report.ended !== undefined];
  if (kinds.filter(Boolean).length !== 1) {
    const message = 'Say exactly one of "started", "progress" and "ended".';
    throw new InvalidInputError([{ path: [], message }]);
  }
  const { summary } = report.ended ?? {};
  if (summary !== undefined && Buffer.byteLength(JSON.stringify(summary)) > LARGEST_SUMMARY) {
    throw new InvalidInputError([{ path: ['ended', 'summary'], message: 'A summary has at most 1 MiB.' }]);
  }
}

/** When it happened by the store's clock: never before the run was claimed, never in the future. */
function happenedAt(report: AttemptReport, run: JobRunRow, now: number): number {
  return Math.min(now, Math.max(run.startedAt ?? now, now - Math.max(0, report.age)));
}

function attemptOf(tasks: readonly TaskRow[], report: AttemptReport): TaskRow {
  const task = tasks.find((one) => one.id === report.taskId);
  if (!task || task.attempt !== report.attempt) throw new NotFoundError('attempt', report.taskId, ['taskId']);
  return task;
}

/** Only the attempt whose turn it is may begin or end. */
function requireTurn(run: JobRunRow, tasks: readonly TaskRow[], task: TaskRow, now: number): void {
  const { step } = planRun(run, tasks, now);
  const turn = step.kind === 'END' ? null : step.task;
  if (turn?.id === task.id) return;
  // An abort that was asked for after the attempt had begun does not make its report untrue.
  if (task.status === 'PENDING' && run.abortRequestedAt !== null) return;
  const message = `It is not the turn of "${task.graphTaskId}" (attempt ${task.attempt}): ask what comes next.`;
  throw new ConflictError(message, ['taskId']);
}

function ledgerReport(report: AttemptReport, task: TaskRow, at: number): TaskReport {
  const { ended } = report;
  if (!ended) return reportOf(task, 'RUNNING', { reportedAt: at });
  const { outcome, exitCode, message, summary } = ended;
  const reason = outcome === 'SUCCEEDED' ? null : (message ?? `The agent says: ${outcome}.`);
  const rest = summary === undefined ? {} : { summary };
  return reportOf(task, STATUS_OF_OUTCOME[outcome], { reportedAt: at, exitCode, reason, ...rest });
}

async function takeProgress(tx: Tx, deps: JobsDeps, run: JobRunRow, task: TaskRow, report: AttemptReport) {
  const { progress, sequence } = report;
  if (!progress || task.status !== 'RUNNING' || sequence <= run.progressSequence) return null;
  const percent = Math.round(Math.min(100, Math.max(0, progress.percent)));
  const { message } = progress;
  await apply(tx, deps, [{ transactionId: run.id, reportId: null, progress: { percent, message } }]);
  await updateRows(tx, JobRunEntity, { id: run.id }, { progressSequence: sequence });
  const after = { ...run, progressSequence: sequence };
  await tellRun(tx, deps, [{ run: after, jobKey: null, reason: message, progress: percent, message }]);
  return after;
}

/** Takes in that an attempt began or ended; null when that was known. Returns the run and the attempt as they are now. */
async function takeChange(tx: Tx, deps: JobsDeps, run: JobRunRow, task: TaskRow, report: AttemptReport) {
  const at = happenedAt(report, run, await tx.now());
  const reportId = `${report.taskId}:${report.attempt}:${report.sequence}`;
  const tasks = [ledgerReport(report, task, at)];
  const applied = await apply(tx, deps, [{ transactionId: run.id, reportId, tasks }]);
  if (applied.repeated > 0) return null;
  const change = { nextAttemptAt: null, progressSequence: report.ended ? 0 : run.progressSequence };
  const after = { ...run, ...change };
  const changes = run.nextAttemptAt !== null || run.progressSequence !== after.progressSequence;
  if (changes) await updateRows(tx, JobRunEntity, { id: run.id }, change);
  // Who was told that it waits is told that it does no more.
  if (run.nextAttemptAt !== null) await tellRun(tx, deps, [{ run: after, jobKey: null, reason: null, progress: null }]);
  return { run: after, task: applied.tasks.find(({ id }) => id === task.id) ?? task };
}

/** Whether the report says nothing that is not known: what has begun or ended is not begun or ended again. */
function isKnown(task: TaskRow, report: AttemptReport): boolean {
  return isTerminal(task.status) || (task.status === 'RUNNING' && report.started === true);
}

/** Whether the attempt has ended by a report that says the same: the answer to it, which ended the run, was lost. */
function isToldAgain(task: TaskRow, { ended }: AttemptReport): boolean {
  return ended !== undefined && !task.closed && task.status === STATUS_OF_OUTCOME[ended.outcome];
}

/**
 * Takes in what an agent says of an attempt, and answers what it does next: the server applies order, retries and what
 * is mandatory. The same report again (task, attempt, sequence) changes nothing and is answered likewise,
 * the end that ended the run as well.
 *
 * Throws InvalidInputError, NotFoundError, ConflictError for an attempt whose turn it is not, StateError LEASE_LOST.
 */
export async function reportAttempt(deps: JobsDeps, ctx: Ctx, hold: Hold, given: AttemptReport): Promise<Reported> {
  check(given);
  const report = withoutExcess(given);
  const { progress } = report;
  const reported = await deps.db.transaction(async (tx): Promise<Reported | { aborting: true; repeated: boolean }> => {
    const { run, isHeld } = await lockedRun(tx, deps, ctx, hold, progress === undefined);
    if (!isHeld && (run.state !== 'ENDED' || run.fence !== hold.fence)) throw leaseLost(run);
    const tasks = await attemptsOf(tx, run.id);
    const task = attemptOf(tasks, report);
    if (!isHeld) {
      if (!isToldAgain(task, report)) throw leaseLost(run);
      return { ...(await advance(tx, deps, run, tasks)), repeated: true };
    }
    if (progress) {
      const after = await takeProgress(tx, deps, run, task, report);
      const repeated = after === null;
      if (run.abortRequestedAt !== null) return { aborting: true, repeated };
      return { ...(await advance(tx, deps, after ?? run)), repeated };
    }
    if (isKnown(task, report)) return { ...(await advance(tx, deps, run, tasks)), repeated: true };
    requireTurn(run, tasks, task, await tx.now());
    const taken = await takeChange(tx, deps, run, task, report);
    if (!taken) return { ...(await advance(tx, deps, run)), repeated: true };
    const now = tasks.map((one) => (one.id === task.id ? taken.task : one));
    return { ...(await advance(tx, deps, taken.run, now)), repeated: false };
  });
  // Progress does not lock the job, which an abort may need: what comes next is asked as by a renewal.
  return 'aborting' in reported ? { ...(await renewRun(deps, ctx, hold)), repeated: reported.repeated } : reported;
}
