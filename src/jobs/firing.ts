import { updateGiven } from '../db/given-table.js';
import type { Tx } from '../db/transaction.js';
import type { JobRow } from '../entities/job.js';
import type { JobRunRow, RunState } from '../entities/run.js';
import { SECOND } from '../lib/time.js';
import { isContinuous } from '../schedule/next.js';
import type { Desired, DueJob, Fired, Kind, OccurrenceRecord } from '../scheduler/kinds.js';
import { isPlanned } from './command-table.js';
import { makeRoom } from './commands/make-room.js';
import { JOB_RUN_KIND, type JobsDeps } from './deps.js';
import { type FirePlan, ON_TIME, planFire } from './fire-plan.js';
import { changeJob, lockJob, lockJobs } from './job-store.js';
import { overlapDecision } from './overlap.js';
import type { ReasonCode } from './reasons.js';
import { createRuns, type NewRun, openRuns } from './run-store.js';
import { scheduleOf } from './schedule-of.js';

const because = (code: ReasonCode): ReasonCode => code;

/** What came of one due job, before its runs are made. */
interface Verdict {
  due: DueJob;
  job: JobRow | null;
  nextRunAt: number | null;
  skipped: number;
  missed: number;
  occurrences: OccurrenceRecord[];
  /** The runs to be made, each with the index of its occurrence. */
  runs: { spec: NewRun; occurrence: number }[];
}

const nothing = (due: DueJob, job: JobRow | null): Verdict => ({
  due,
  job,
  nextRunAt: null,
  skipped: 0,
  missed: 0,
  occurrences: [],
  runs: [],
});

function newRun(job: JobRow, scheduledFor: number, now: number, state: 'WAITING' | 'BUFFERED'): NewRun {
  return {
    job,
    trigger: now - scheduledFor > ON_TIME ? 'CATCHUP' : 'SCHEDULE',
    scheduledFor,
    actions: job.actions,
    actionDefaults: job.actionDefaults,
    state,
    waitUntil: now + job.catchupWindow * SECOND,
    requestedBy: null,
  };
}

function missedRecord(missed: NonNullable<FirePlan['missed']>): OccurrenceRecord {
  const { from, until, count } = missed;
  const record = { scheduledFor: from, outcome: 'MISSED', reason: because('SERVER_DOWN'), runId: null } as const;
  return count === 1 ? record : { ...record, until, count };
}

/**
 * How a due run of the job meets its open ones. The only run of a schedule of kind `none` is not skipped for a manual
 * one, or the job would never have run: it waits for that to end.
 */
function overlapOf(job: JobRow, open: readonly JobRunRow[]): JobRow['overlap'] {
  const only = scheduleOf(job).kind === 'none' && open.every((run) => run.scheduledFor === null);
  return only && job.overlap === 'SKIP' ? 'BUFFER_ONE' : job.overlap;
}

/** Decides each instant of a due job in turn; a run just decided is open for the next. */
async function decide(
  tx: Tx,
  deps: JobsDeps,
  due: DueJob,
  job: JobRow,
  open: JobRunRow[],
  now: number,
): Promise<Verdict> {
  const verdict = nothing(due, job);
  // A continuous schedule with a run open is planned anew at that run's end.
  if (isContinuous(scheduleOf(job)) && open.length > 0) return verdict;
  const plan = planFire(job, due.scheduledFor, now);
  verdict.nextRunAt = plan.next;
  if (plan.missed) {
    verdict.missed = plan.missed.count;
    verdict.occurrences.push(missedRecord(plan.missed));
  }
  let states: { state: RunState }[] = open;
  const overlap = overlapOf(job, open);
  // Of several runs that cancel each other only the last would be left.
  const chosen = job.overlap === 'CANCEL_OTHER' ? plan.run.slice(-1) : plan.run;
  for (const scheduledFor of plan.run) {
    const decision = chosen.includes(scheduledFor) ? overlapDecision(overlap, states, isAborting(job)) : 'SKIP';
    if (decision === 'SKIP') {
      verdict.skipped += 1;
      verdict.occurrences.push({ scheduledFor, outcome: 'SKIPPED', reason: because('OVERLAP'), runId: null });
      continue;
    }
    const free = decision === 'CANCEL' ? await makeRoom(tx, deps, job, open) : decision === 'RUN';
    const state = free ? 'WAITING' : 'BUFFERED';
    verdict.runs.push({ spec: newRun(job, scheduledFor, now, state), occurrence: verdict.occurrences.length });
    const reason = because(free ? 'WAITING_FOR_CLIENT' : 'BUFFERED');
    verdict.occurrences.push({ scheduledFor, outcome: 'WAITING', reason, runId: null });
    states = [...states, { state }];
  }
  return verdict;
}

const isAborting = (job: JobRow): boolean => job.status === 'ABORTING';

/** Makes the runs of all verdicts at once and puts their ids into the occurrences. */
async function makeRuns(tx: Tx, deps: JobsDeps, verdicts: readonly Verdict[]): Promise<void> {
  const wanted = verdicts.flatMap((verdict) => verdict.runs.map((run) => ({ ...run, verdict })));
  if (wanted.length === 0) return;
  const made = await createRuns(
    tx,
    deps,
    wanted.map(({ spec }) => spec),
  );
  wanted.forEach(({ verdict, occurrence }, index) => {
    const record = verdict.occurrences[occurrence];
    const run = made[index];
    if (record && run) verdict.occurrences[occurrence] = { ...record, runId: run.id };
  });
}

/** Writes what every fire changes of its job in one statement: the next due time and the counts. */
async function writeJobs(tx: Tx, verdicts: readonly Verdict[], now: number): Promise<void> {
  const fired = verdicts.flatMap(({ job, ...rest }) => (job ? [{ ...rest, id: job.id }] : []));
  if (fired.length === 0) return;
  const sqlite = tx.manager.dataSource.options.type === 'better-sqlite3';
  const columns = { id: 'VARCHAR(64)', next: 'BIGINT', missed: 'INT', skipped: 'INT', at: 'BIGINT' };
  const set = `next_run_at = given.next, missed_count = missed_count + given.missed,
    skipped_count = skipped_count + given.skipped, updated_at = given.at`;
  const sql = updateGiven(sqlite, 'jobs', columns, { set, match: 'jobs.id = given.id' });
  const given = fired.map(({ id, nextRunAt, missed, skipped }) => [id, nextRunAt, missed, skipped, now]);
  await tx.execute(sql, [JSON.stringify(given)]);
}

/** A job that has nothing ahead and nothing open is COMPLETED; when its last instants were missed, it says so. */
async function complete(tx: Tx, deps: JobsDeps, verdict: Verdict, open: readonly JobRunRow[]): Promise<void> {
  const { job, runs, missed } = verdict;
  if (!job || verdict.nextRunAt !== null || runs.length > 0 || open.length > 0) return;
  const current = await lockJob(tx, job.id);
  if (current.status !== 'SCHEDULED') return;
  const change = { status: 'COMPLETED' as const, ...(missed > 0 ? { result: 'MISSED' as const } : {}) };
  const reason = missed > 0 ? because('SERVER_DOWN') : because('SCHEDULE_EXHAUSTED');
  await changeJob(tx, deps, current, change, { reason });
}

/**
 * Nothing for a job that is past the instant, but its own next one. The reconciler may put back what was fired since it
 * read what is wanted: as the row is a new one, no record of the first fire stands in the way of a second.
 */
const past = (due: DueJob, job: JobRow): Verdict | undefined =>
  job.nextRunAt === null || job.nextRunAt > due.scheduledFor
    ? { ...nothing(due, null), nextRunAt: job.nextRunAt }
    : undefined;

async function fire(deps: JobsDeps, tx: Tx, due: readonly DueJob[], now: number): Promise<readonly Fired[]> {
  const ids = due.map(({ subject }) => subject).toSorted();
  const jobs = new Map((await lockJobs(tx, ids)).map((job) => [job.id, job]));
  const open = await openRuns(tx, ids);
  const verdicts: Verdict[] = [];
  for (const one of due) {
    const job = jobs.get(one.subject);
    const runs = open.filter((run) => run.jobId === one.subject);
    const planned = job && isPlanned(job);
    verdicts.push(planned ? (past(one, job) ?? (await decide(tx, deps, one, job, runs, now))) : nothing(one, null));
  }
  await makeRuns(tx, deps, verdicts);
  await writeJobs(tx, verdicts, now);
  for (const verdict of verdicts) {
    const runs = open.filter((run) => run.jobId === verdict.due.subject);
    await complete(tx, deps, verdict, runs);
  }
  return verdicts.map(({ due: { id }, nextRunAt, occurrences }) => ({ id, nextRunAt, occurrences }));
}

const PAGE = 500;
const PLANNED = `SELECT id, project, next_run_at, status, event, status_before FROM jobs
  WHERE id > ? AND slot = '' AND next_run_at IS NOT NULL ORDER BY id LIMIT ${PAGE}`;

interface PlannedRow extends Pick<JobRow, 'id' | 'project' | 'status' | 'event'> {
  readonly next_run_at: number | string;
  readonly status_before: JobRow['statusBefore'];
}

/** Every job that ought to be on the scheduler's table, by pages: memory does not grow with the number of jobs. */
async function* desired(deps: Pick<JobsDeps, 'db'>): AsyncIterable<Desired> {
  for (let after = ''; ; ) {
    const rows = await deps.db.reader.rows<PlannedRow>(PLANNED, [after]);
    for (const { id: subject, project, next_run_at, status, event, status_before: statusBefore } of rows) {
      if (isPlanned({ status, event, statusBefore })) yield { subject, project, nextRunAt: Number(next_run_at) };
    }
    after = rows.at(-1)?.id ?? '';
    if (rows.length < PAGE) return;
  }
}

/** The scheduler's kind of the jobs: what is due makes runs, by overlap and catch-up. */
export function jobRunKind(deps: JobsDeps): Kind {
  return {
    kind: JOB_RUN_KIND,
    defaultTag: {},
    recordsOccurrences: true,
    fire: (tx, due, now) => fire(deps, tx, due, now),
    desired: () => desired(deps),
  };
}
