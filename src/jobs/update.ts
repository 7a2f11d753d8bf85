import type { Ctx } from '../auth/actor.js';
import { checkReason } from '../auth/reason.js';
import type { Tx } from '../db/transaction.js';
import { JobActionKindEntity, type JobDefinition, type JobRow } from '../entities/job.js';
import { ConflictError } from '../lib/errors.js';
import { SECOND } from '../lib/time.js';
import { isContinuous } from '../schedule/next.js';
import { isPlanned, transitionOf } from './command-table.js';
import { removed } from './commands/apply.js';
import { diffDefinitions } from './definition-diff.js';
import { changeDefinition, type DefinitionInput } from './definition-input.js';
import { actionKinds } from './definition-rules.js';
import { JOB_RUN_KIND, type JobsDeps } from './deps.js';
import { Faults } from './faults.js';
import { changeJob, type JobName, lockNamedJob } from './job-store.js';
import { keepActionKinds, keepRevision, scheduleKind } from './new-job.js';
import { openRuns } from './run-store.js';
import { sameJson } from './same-json.js';
import { firstDue, scheduleOf } from './schedule-of.js';
import { tellStale } from './stale.js';
import { staleFrom } from './tally.js';
import { unplannedWarning } from './unplanned.js';

export interface UpdateInput extends JobName, DefinitionInput {
  /** The revision that the change was made from: another one now is a conflict. */
  expectedRevision?: number | null | undefined;
  reason?: string | null | undefined;
}

/** A changed job, and what its author should know. */
export interface ChangedJob {
  job: JobRow;
  outcome: 'ACCEPTED' | 'NOTHING_TO_DO';
  warnings: string[];
}

/** The definition within a job's row. */
export function definitionOf(job: JobRow): JobDefinition {
  const { description, clientKey, actions, actionDefaults, schedule, overlap, catchup } = job;
  const { catchupWindow, staleAfter, document } = job;
  return {
    ...{ description, clientKey, actions, actionDefaults, schedule },
    ...{ overlap, catchup, catchupWindow, staleAfter, document },
  };
}

/** Refuses a removed job and a revision that is not the one expected. */
export function checkChangeable(job: JobRow, expectedRevision: number | null | undefined): void {
  if (transitionOf('UPDATE', job).outcome === 'JOB_REMOVED') throw removed(job);
  if (expectedRevision == null || expectedRevision === job.revision) return;
  const message = `The job is at revision ${job.revision}, not ${expectedRevision}: read it again. Nothing was written.`;
  throw new ConflictError(message, ['expectedRevision']);
}

/** When the job becomes stale after the change: the watch goes on from where it began. */
function staleAtAfter(job: JobRow, after: JobDefinition, now: number): number | null {
  if (after.staleAfter === job.staleAfter) return job.staleAt;
  const watched = job.staleAt !== null && job.staleAfter !== null ? job.staleAt - job.staleAfter * SECOND : now;
  return staleFrom(after.staleAfter, job.lastSuccessAt ?? watched);
}

/** When the job is due after the change: a plan is moved only by a new schedule, and never made. */
async function dueAfter(tx: Tx, job: JobRow, after: JobDefinition, now: number): Promise<number | null> {
  if (sameJson(job.schedule, after.schedule) || !isPlanned(job)) return job.nextRunAt;
  const schedule = scheduleOf(after);
  const open = isContinuous(schedule) ? await openRuns(tx, [job.id]) : [];
  return firstDue(schedule, now, open.length > 0);
}

/** The places of a change that the activity keeps; the revisions have all of them. */
const MOST_CHANGES = 50;

/** What the activity keeps of a change: the new revision, and where it differs. Secrets are masked. */
export function revisionDetail(before: JobDefinition, after: JobRow): Record<string, unknown> {
  const changes = diffDefinitions(before, definitionOf(after)).slice(0, MOST_CHANGES);
  return { revision: after.revision, changes };
}

/** What the author of a change should know of its schedule: a new one plans nothing while the job is stopped or completed. */
export function scheduleWarnings(job: JobRow, after: JobDefinition): string[] {
  const warning = sameJson(job.schedule, after.schedule) ? null : unplannedWarning(job);
  return warning === null ? [] : [warning];
}

/** Writes a new definition of a locked job: its next revision, its plan, its filter rows. */
export async function writeDefinition(
  tx: Tx,
  deps: JobsDeps,
  ctx: Ctx,
  job: JobRow,
  definition: JobDefinition,
  reason: string | null,
): Promise<JobRow> {
  const now = await tx.now();
  const change = {
    ...definition,
    scheduleKind: scheduleKind(definition),
    revision: job.revision + 1,
    staleAt: staleAtAfter(job, definition, now),
    nextRunAt: await dueAfter(tx, job, definition, now),
  };
  const after = await changeJob(tx, deps, job, change);
  await keepRevision(tx, deps, ctx, after, definition, reason);
  if (!sameJson(actionKinds(job), actionKinds(definition))) {
    await tx.manager.delete(JobActionKindEntity, { jobId: job.id });
    await keepActionKinds(tx, after);
  }
  const wasStale = job.staleAt !== null && job.staleAt <= now;
  // The chore tells of jobs that become stale with time; this one became so by its new definition.
  if (!wasStale && after.staleAt !== null && after.staleAt <= now) await tellStale(tx, deps, [after]);
  const { id: subject, project, nextRunAt } = after;
  if (nextRunAt !== null && nextRunAt !== job.nextRunAt) {
    await deps.planner.plan(tx, JOB_RUN_KIND, { subject, project, nextRunAt });
  } else if (nextRunAt === null && job.nextRunAt !== null) {
    await deps.planner.unplan(tx, JOB_RUN_KIND, subject);
  }
  return after;
}

/**
 * Changes parts of a job's definition; what is not given stays, the plan included. Throws NotFoundError,
 * InvalidInputError (every fault; also for a schedule with nothing ahead), ConflictError (another revision), and
 * StateError with JOB_REMOVED.
 */
export async function updateJob(deps: JobsDeps, ctx: Ctx, input: UpdateInput): Promise<ChangedJob> {
  return deps.db.transaction(async (tx) => {
    const job = await lockNamedJob(tx, ctx, input);
    checkChangeable(job, input.expectedRevision);
    const faults = new Faults();
    const before = definitionOf(job);
    const definition = changeDefinition(faults, before, input, { ...deps.settings, now: await tx.now() });
    faults.throwIfAny();
    const warnings = [...faults.warnings, ...scheduleWarnings(job, definition)];
    const same = sameJson(before, definition);
    const reason = checkReason(input.reason);
    const after = same ? job : await writeDefinition(tx, deps, ctx, job, definition, reason);
    const detail = { ...revisionDetail(before, after), ...(reason === null ? {} : { reason }) };
    const entry = { action: 'jobUpdate', subject: job.id, project: job.project, outcome: 'OK', detail };
    await deps.activity(tx, ctx, entry);
    return { job: after, outcome: same ? 'NOTHING_TO_DO' : 'ACCEPTED', warnings };
  });
}
