import type { Ctx } from '../auth/actor.js';
import { seesClient, visibleProject } from '../auth/scope.js';
import { RowQuery, type SortColumn } from '../db/row-query.js';
import type { Reader, Tx } from '../db/transaction.js';
import { updateRows } from '../db/write.js';
import { ID_PREFIX } from '../entities/ids.js';
import { JobEntity, type JobRow } from '../entities/job.js';
import { ConflictError, NotFoundError } from '../lib/errors.js';
import { isId } from '../lib/ids.js';
import { isName } from '../lib/names.js';
import type { JobsDeps } from './deps.js';

/** How a caller names a job: by its global id or by its key; `project` where a caller of all projects needs it. */
export interface JobName {
  id: string;
  project?: string | null | undefined;
}

const jobsOf = (reader: Reader): RowQuery<JobRow> => new RowQuery(reader, JobEntity, 'job');

/**
 * The jobs with these ids, locked until the transaction ends. Lock order: a job before its runs, jobs by their ids.
 */
export async function lockJobs(tx: Tx, ids: readonly string[]): Promise<JobRow[]> {
  if (ids.length === 0) return [];
  const query = jobsOf(tx).andWhere('job.id IN (:...ids)', { ids }).lock('write');
  return query.rows(null, [{ property: 'id', ascending: true }], null);
}

/** One job, locked. Throws an Error when there is none: for ids that our own rows hold. */
export async function lockJob(tx: Tx, id: string): Promise<JobRow> {
  const [job] = await lockJobs(tx, [id]);
  if (!job) throw new Error(`There is no job ${id}.`);
  return job;
}

type NamedJob = Pick<JobRow, 'id' | 'project' | 'slot' | 'clientKey'>;

const NAME = ['id', 'project', 'slot', 'clientKey'] as const;

const NEWEST_FIRST: readonly SortColumn[] = [
  { property: 'timeCreated', ascending: false },
  { property: 'id', ascending: false },
];

/** The job with this key: the living one, else the one removed last. */
function chooseByKey(found: readonly NamedJob[], key: string): NamedJob | undefined {
  const living = found.filter((job) => job.slot === '');
  if (living.length > 1) {
    const projects = living.map((job) => job.project).join(', ');
    throw new ConflictError(`Several projects have a job "${key}" (${projects}): name the project.`, ['project']);
  }
  return living[0] ?? found[0];
}

/**
 * The id behind a name: that of the job with this global id; else of the living job with this key, else of the one
 * removed last. Null when the caller may see none. Throws ConflictError when several projects have such a job.
 */
export async function resolveJobId(reader: Reader, ctx: Ctx, name: JobName): Promise<string | null> {
  const visible = (job: NamedJob): boolean => seesClient(ctx, job.project, job.clientKey);
  if (isId(ID_PREFIX.job, name.id)) {
    const [job] = await jobsOf(reader).andWhere('job.id = :id', { id: name.id }).rows(NAME, [], 1);
    if (job && visible(job)) return job.id;
  }
  // No key has spaces at its end, and MariaDB would look past them.
  if (!isName(name.id, 64)) return null;
  const query = jobsOf(reader).andWhere('job.key = :key', { key: name.id });
  const project = visibleProject(ctx) ?? name.project ?? null;
  if (project !== null) query.andWhere('job.project = :project', { project });
  const found = await query.rows(NAME, NEWEST_FIRST, 100);
  return chooseByKey(found.filter(visible), name.id)?.id ?? null;
}

/** The job of this name, locked. Throws NotFoundError when the caller may see none. */
export async function lockNamedJob(tx: Tx, ctx: Ctx, name: JobName): Promise<JobRow> {
  const id = await resolveJobId(tx, ctx, name);
  if (id === null) throw new NotFoundError('job', name.id);
  return lockJob(tx, id);
}

/** Why a job changes, and the run that it changes for. */
export interface ChangeNote {
  reason?: string | null;
  runId?: string | null;
}

/**
 * Writes a change of a job and, where its status, event, result or revision changes, the fact of it. The job must be
 * locked. Returns the job as it is now.
 */
export async function changeJob(
  tx: Tx,
  deps: Pick<JobsDeps, 'outbox'>,
  job: JobRow,
  change: Partial<JobRow>,
  note: ChangeNote = {},
): Promise<JobRow> {
  const updatedAt = await tx.now();
  const after: JobRow = { ...job, ...change, updatedAt };
  if (note.reason !== undefined) after.statusReason = note.reason;
  await updateRows(tx, JobEntity, { id: job.id }, { ...change, statusReason: after.statusReason, updatedAt });
  const seen = ['status', 'event', 'result', 'revision'] as const;
  if (seen.some((field) => job[field] !== after[field])) await tellStatus(tx, deps, job, after, note.runId ?? null);
  return after;
}

/** Appends the fact that a job's status changed; `before` is null for a new job. */
export async function tellStatus(
  tx: Tx,
  deps: Pick<JobsDeps, 'outbox'>,
  before: JobRow | null,
  job: JobRow,
  runId: string | null,
): Promise<void> {
  await deps.outbox.append(tx, {
    topic: 'jobStatusChanged',
    project: job.project,
    subject: job.id,
    payload: {
      key: job.key,
      clientKey: job.clientKey,
      status: job.status,
      statusBefore: before?.status ?? null,
      event: job.event,
      result: job.result,
      reason: job.statusReason,
      revision: job.revision,
      runId,
    },
  });
}
