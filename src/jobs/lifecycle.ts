import type { Tx } from '../db/transaction.js';
import type { JobEvent, JobResult, JobRow, JobStatus } from '../entities/job.js';
import type { OccurrenceOutcome } from '../entities/occurrence.js';
import type { JobRunRow } from '../entities/run.js';
import { isContinuous, nextAfterEnd } from '../schedule/next.js';
import { JOB_RUN_KIND, type JobsDeps } from './deps.js';
import { ON_TIME } from './fire-plan.js';
import { changeJob, lockJob } from './job-store.js';
import type { ReasonCode } from './reasons.js';
import { openRuns, releaseBuffered } from './run-store.js';
import { firstDue, scheduleOf } from './schedule-of.js';
import { tally } from './tally.js';

/** The control state that a job settles into. */
interface Settled {
  status: JobStatus;
  event: JobEvent | null;
  statusBefore: JobStatus | null;
  nextRunAt: number | null;
}

type Control = Pick<JobRow, 'status' | 'event' | 'statusBefore' | 'nextRunAt' | 'schedule'>;

/**
 * The state of a job of which a run has just ended; `open` are its runs that have not. Pure.
 * A pending STOP, START or REMOVE comes into force when nothing runs any more; a job whose schedule has nothing ahead
 * becomes COMPLETED; a continuous one is due a second from now.
 */
function settle(job: Control, open: readonly Pick<JobRunRow, 'state'>[], now: number): Settled {
  const { status, event, statusBefore, nextRunAt } = job;
  if (open.some((run) => run.state === 'RUNNING')) return { status, event, statusBefore, nextRunAt };
  const rest = { event: null, statusBefore: null, nextRunAt: null };
  const ran = status === 'RUNNING' || status === 'ABORTING';
  if (ran && event === 'REMOVE') return { ...rest, status: 'REMOVED' };
  if (ran && event === 'STOP') return { ...rest, status: 'STOPPED' };
  const next: JobStatus = !ran ? status : event === 'START' ? 'SCHEDULED' : (statusBefore ?? 'SCHEDULED');
  if (next !== 'SCHEDULED') return { ...rest, status: next };
  const due = nextRunAt ?? dueAgain(job, open.length > 0, now);
  const waits = due !== null || open.length > 0;
  return { event: null, statusBefore: null, nextRunAt: due, status: waits ? 'SCHEDULED' : 'COMPLETED' };
}

/** When a job without a next due time is due again: after a START that waited, and when its schedule is continuous. */
function dueAgain(job: Control, hasOpenRun: boolean, now: number): number | null {
  const schedule = scheduleOf(job);
  if (job.status === 'ABORTING' && job.event === 'START') return firstDue(schedule, now, hasOpenRun);
  return isContinuous(schedule) && !hasOpenRun ? nextAfterEnd(schedule, now) : null;
}

/**
 * An agent has begun a run of the job: RUNNING (unless an abort is under way), and the due instant behind it has run.
 * Called in the transaction that claims the run; the job must be locked.
 */
export async function onRunStarted(tx: Tx, deps: JobsDeps, job: JobRow, run: JobRunRow): Promise<void> {
  const now = await tx.now();
  const change: Partial<JobRow> = { timeStarted: now, timeEnded: null };
  if (job.status === 'STOPPED' || job.status === 'COMPLETED') change.statusBefore = job.status;
  if (job.status !== 'ABORTING' && job.status !== 'REMOVED') change.status = 'RUNNING';
  await changeJob(tx, deps, job, change, { reason: null, runId: run.id });
  if (run.scheduledFor === null) return;
  const reason = await lateBecause(tx, run, run.scheduledFor, now);
  await deps.planner.settle(tx, run.id, { outcome: 'RAN', reason, startedAt: now });
}

/** Why a run that begins `now` is late for its instant: what took most of the time. Null when it is not. */
async function lateBecause(tx: Tx, run: JobRunRow, scheduledFor: number, now: number): Promise<ReasonCode | null> {
  if (now - scheduledFor <= ON_TIME) return null;
  if (run.createdAt - scheduledFor >= now - run.createdAt) return 'SERVER_DOWN';
  const sql = 'SELECT reason FROM occurrences WHERE run_id = ?';
  const [waited] = await tx.rows<{ reason: string | null }>(sql, [run.id]);
  return waited?.reason === ('BUFFERED' satisfies ReasonCode) ? 'HELD_UP' : 'CLIENT_LATE';
}

/**
 * A run of the job has ended, or was given up before it began. Called in the transaction that ends it, after the run's
 * own rows are written: applies the pending command, counts, plans what follows, lets a buffered run go.
 */
export async function onRunEnded(
  tx: Tx,
  deps: JobsDeps,
  jobId: string,
  run: JobRunRow,
  result: JobResult,
  reason: string | null,
): Promise<void> {
  const job = await lockJob(tx, jobId);
  const now = await tx.now();
  const open = (await openRuns(tx, [jobId])).filter((other) => other.id !== run.id);
  const began = run.fence > 0;
  // A run that never began says nothing of a job that is busy with another.
  const figures = began || !open.some((other) => other.state === 'RUNNING') ? tally(job, result, now) : {};
  const settled = settle(job, open, now);
  const removal = settled.status === 'REMOVED' ? { slot: job.id } : {};
  const ended = began ? { timeEnded: now } : {};
  const change = { ...figures, ...ended, ...settled, ...removal };
  const after = await changeJob(tx, deps, job, change, { reason, runId: run.id });
  await planAnew(tx, deps, job, after);
  await settleOccurrence(tx, deps, run, result);
  await continueWith(tx, deps, after, open);
}

async function planAnew(tx: Tx, deps: JobsDeps, before: JobRow, after: JobRow): Promise<void> {
  if (after.nextRunAt === before.nextRunAt) return;
  if (after.nextRunAt === null) return deps.planner.unplan(tx, JOB_RUN_KIND, after.id);
  const { id: subject, project, nextRunAt } = after;
  await deps.planner.plan(tx, JOB_RUN_KIND, { subject, project, nextRunAt });
}

const UNBEGUN: Partial<Record<JobResult, ReasonCode>> = {
  MISSED: 'CLIENT_AWAY',
  ABORTED: 'ABORTED',
  SKIPPED: 'OVERLAP',
};

/** Tells the due instant behind the run what came of it. */
async function settleOccurrence(tx: Tx, deps: JobsDeps, run: JobRunRow, result: JobResult): Promise<void> {
  if (run.scheduledFor === null) return;
  const told = (outcome: OccurrenceOutcome, reason: ReasonCode | null): Promise<void> =>
    deps.planner.settle(tx, run.id, { outcome, reason });
  if (result === 'LOST') return told('LOST', 'LEASE_EXPIRED');
  if (run.fence > 0) return;
  await told(result === 'MISSED' ? 'MISSED' : 'SKIPPED', UNBEGUN[result] ?? null);
}

/** A buffered run may go when nothing is before it. (A removed job has none: they ended when its removal was asked for.) */
async function continueWith(tx: Tx, deps: JobsDeps, job: JobRow, open: readonly JobRunRow[]): Promise<void> {
  const [buffered] = open;
  const free = buffered && job.status !== 'REMOVED' && open.every((run) => run.state === 'BUFFERED');
  if (free) await releaseBuffered(tx, deps, buffered);
}
