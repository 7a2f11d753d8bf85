import type { Ctx } from '../auth/actor.js';
import { isDuplicate } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { ID_PREFIX } from '../entities/ids.js';
import {
  JobActionKindEntity,
  type JobDefinition,
  JobEntity,
  JobRevisionEntity,
  type JobRow,
  type JobStatus,
  type ScheduleKind,
} from '../entities/job.js';
import { clip } from '../lib/clip.js';
import { ConflictError } from '../lib/errors.js';
import { actionKinds } from './definition-rules.js';
import { JOB_RUN_KIND, type JobsDeps } from './deps.js';
import type { JobHistory } from './document-read.js';
import { tellStatus } from './job-store.js';
import { firstDue, scheduleOf } from './schedule-of.js';
import { staleFrom } from './tally.js';

/** A job to be made. */
export interface NewJob {
  project: string;
  /** Null: one is made. */
  key: string | null;
  userId: string;
  definition: JobDefinition;
  status: Extract<JobStatus, 'SCHEDULED' | 'STOPPED' | 'COMPLETED'>;
  history?: JobHistory;
  /** Why, for the first revision. */
  reason: string | null;
}

/** The characters of a user's name that a job keeps. */
export const LONGEST_USER = 64;

/** The caller as the owner of a job: the names of API tokens may be longer than what is kept. */
export const jobUser = ({ actor }: Ctx): string => clip(actor.userId, LONGEST_USER);

const SCHEDULE_KINDS = { none: 'NONE', date: 'DATE', interval: 'INTERVAL', cron: 'CRON' } as const;

/** The kind of a definition's schedule as the column and the API name it. */
export function scheduleKind(definition: Pick<JobDefinition, 'schedule'>): ScheduleKind {
  return SCHEDULE_KINDS[scheduleOf(definition).kind];
}

function jobRow(id: string, job: NewJob, now: number): JobRow {
  const { definition, history } = job;
  return {
    ...definition,
    id,
    project: job.project,
    key: job.key ?? id.slice(ID_PREFIX.job.length + 1).replaceAll('-', ''),
    slot: '',
    userId: job.userId,
    scheduleKind: scheduleKind(definition),
    revision: 1,
    status: job.status,
    event: null,
    result: history?.result ?? null,
    statusReason: job.reason,
    statusBefore: null,
    timeCreated: history?.timeCreated ?? now,
    timeStarted: history?.timeStarted ?? null,
    timeEnded: history?.timeEnded ?? null,
    nextRunAt: job.status === 'SCHEDULED' ? firstDue(scheduleOf(definition), now, false) : null,
    lastSuccessAt: null,
    staleAt: staleFrom(definition.staleAfter, now),
    consecutiveFailures: 0,
    successCount: 0,
    failureCount: 0,
    missedCount: 0,
    skippedCount: 0,
    updatedAt: now,
  };
}

/** Keeps a state of a job's definition, with who made it and why. */
export async function keepRevision(
  tx: Tx,
  deps: Pick<JobsDeps, 'ids'>,
  ctx: Ctx,
  job: Pick<JobRow, 'id' | 'revision'>,
  definition: JobDefinition,
  reason: string | null,
): Promise<void> {
  const id = deps.ids.next(ID_PREFIX.jobRevision);
  const at = await tx.now();
  const row = {
    id,
    jobId: job.id,
    revision: job.revision,
    definition,
    at,
    actor: clip(ctx.actor.name, 255),
    reason,
  };
  await insertRows(tx, JobRevisionEntity, [row]);
}

/** Writes which kinds of action a job has, for the list's filter; those it had before are to be gone. */
export async function keepActionKinds(tx: Tx, job: JobRow): Promise<void> {
  const rows = actionKinds(job).map((action) => ({ jobId: job.id, action, project: job.project }));
  await insertRows(tx, JobActionKindEntity, rows);
}

/** Inserts a job, its first revision and its plan. Throws ConflictError when the project has a job of this key. */
export async function insertJob(tx: Tx, deps: JobsDeps, ctx: Ctx, job: NewJob): Promise<JobRow> {
  const row = jobRow(deps.ids.next(ID_PREFIX.job), job, await tx.now());
  try {
    await insertRows(tx, JobEntity, [row]);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    throw new ConflictError(`Project "${row.project}" has a job "${row.key}" already.`, ['key']);
  }
  await keepRevision(tx, deps, ctx, row, job.definition, job.reason);
  await keepActionKinds(tx, row);
  const { id: subject, project, nextRunAt } = row;
  if (nextRunAt !== null) await deps.planner.plan(tx, JOB_RUN_KIND, { subject, project, nextRunAt });
  await tellStatus(tx, deps, null, row, null);
  return row;
}
