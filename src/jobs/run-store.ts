import { rowsWhere } from '../db/rows.js';
import type { Tx } from '../db/transaction.js';
import { insertRows, updateRows } from '../db/write.js';
import { ID_PREFIX } from '../entities/ids.js';
import type { JobRow, StoredAction } from '../entities/job.js';
import { JobRunEntity, type JobRunRow, type RunTrigger } from '../entities/run.js';
import { apply } from '../history/apply.js';
import type { LedgerReport } from '../history/report.js';
import { SECOND } from '../lib/time.js';
import type { JobsDeps } from './deps.js';
import { actionName } from './run-plan.js';
import { tellAssigned, tellRun } from './run-tell.js';

/** A run to be made. Instants are epoch milliseconds. */
export interface NewRun {
  job: Pick<JobRow, 'id' | 'project' | 'key' | 'clientKey' | 'revision'>;
  trigger: RunTrigger;
  /** The due instant that makes it; null for a manual run. */
  scheduledFor: number | null;
  actions: StoredAction[];
  actionDefaults: Record<string, unknown>;
  /** BUFFERED: behind another run of the job, until it is released. */
  state: 'WAITING' | 'BUFFERED';
  /** When it is MISSED unless it has been claimed; null = never. */
  waitUntil: number | null;
  requestedBy: string | null;
}

type RunDeps = Pick<JobsDeps, 'outbox' | 'ids'>;

function rowOf(spec: NewRun, id: string, createdAt: number): JobRunRow {
  const { job, trigger, scheduledFor, state, actions, actionDefaults, waitUntil, requestedBy } = spec;
  return {
    id,
    jobId: job.id,
    project: job.project,
    clientKey: job.clientKey,
    jobRevision: job.revision,
    ...{ trigger, scheduledFor, state, actions, actionDefaults, createdAt, waitUntil, requestedBy },
    status: 'PENDING',
    result: null,
    startedAt: null,
    endedAt: null,
    leaseOwner: null,
    leaseUntil: null,
    fence: 0,
    abortRequestedAt: null,
    abortReason: null,
    nextAttemptAt: null,
    progressSequence: 0,
    outputPosition: 0,
    outputBytes: 0,
    outputLines: 0,
  };
}

function reportOf(run: JobRunRow, jobKey: string): LedgerReport {
  return {
    transactionId: run.id,
    reportId: null,
    begin: {
      kind: 'JOB_RUN',
      project: run.project,
      clusterId: null,
      subjectId: run.jobId,
      externalId: null,
      name: jobKey,
      dryRun: false,
    },
    tasks: run.actions.map((_action, index) => {
      const name = actionName(run, index);
      const task = { graphTaskId: name, taskName: name, nodeId: run.clientKey, attempt: 1 };
      return { ...task, status: 'PENDING', announced: true };
    }),
  };
}

/** Makes runs, each with its transaction and a PENDING task for each action; their clients hear of it. */
export async function createRuns(tx: Tx, deps: RunDeps, specs: readonly NewRun[]): Promise<JobRunRow[]> {
  const now = await tx.now();
  const made = specs.map((spec) => ({ spec, run: rowOf(spec, deps.ids.next(ID_PREFIX.run), now) }));
  const runs = made.map(({ run }) => run);
  await apply(
    tx,
    deps,
    made.map(({ spec, run }) => reportOf(run, spec.job.key)),
  );
  await insertRows(tx, JobRunEntity, runs);
  await tellRun(
    tx,
    deps,
    made.map(({ spec, run }) => ({
      run,
      jobKey: spec.job.key,
      reason: null,
      progress: 0,
      statusBefore: null,
    })),
  );
  await tellAssigned(
    tx,
    deps,
    runs.filter((run) => run.state === 'WAITING'),
    false,
  );
  return runs;
}

/** Makes one run; see `createRuns`. */
export async function createRun(tx: Tx, deps: RunDeps, spec: NewRun): Promise<JobRunRow> {
  const [run] = await createRuns(tx, deps, [spec]);
  if (!run) throw new Error('A run was asked for and none was made.');
  return run;
}

/**
 * The runs of these jobs that have not ended, oldest first, locked until the transaction ends. By the index on job and
 * state: for the order asked for, MariaDB would rather read every run of these jobs that there ever was, of a small table
 * every run of all jobs, and wait for each that somebody else has locked.
 */
export async function openRuns(tx: Tx, jobIds: readonly string[]): Promise<JobRunRow[]> {
  if (jobIds.length === 0) return [];
  const marks = jobIds.map(() => '?').join(', ');
  const where = `t.job_id IN (${marks}) AND t.state IN ('WAITING', 'BUFFERED', 'RUNNING') ORDER BY t.id`;
  return rowsWhere(tx, JobRunEntity, where, jobIds, { index: 'ix_job_runs_job', lock: 'FOR UPDATE' });
}

/** Milliseconds that a run of this job waits for its client. */
async function patience(tx: Tx, jobId: string): Promise<number> {
  const [job] = await tx.rows<{ seconds: number }>('SELECT catchup_window AS seconds FROM jobs WHERE id = ?', [jobId]);
  return (job?.seconds ?? 0) * SECOND;
}

/** Lets a run wait for its client, from now on and as long as its job's catch-up window allows. */
export async function waitForClient(tx: Tx, deps: RunDeps, run: JobRunRow, reason: string | null): Promise<JobRunRow> {
  const waitUntil = (await tx.now()) + (await patience(tx, run.jobId));
  const change = { state: 'WAITING' as const, waitUntil, leaseOwner: null, leaseUntil: null };
  await updateRows(tx, JobRunEntity, { id: run.id }, change);
  const after = { ...run, ...change };
  await tellRun(tx, deps, [{ run: after, jobKey: null, reason, progress: null }]);
  await tellAssigned(tx, deps, [after], false);
  return after;
}

/** Lets a BUFFERED run go: nothing is before it any more. Its wait for the client begins now. */
export async function releaseBuffered(tx: Tx, deps: RunDeps, run: JobRunRow): Promise<JobRunRow> {
  return waitForClient(tx, deps, run, null);
}
