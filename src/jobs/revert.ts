import type { Ctx } from '../auth/actor.js';
import { checkReason } from '../auth/reason.js';
import { InvalidInputError } from '../lib/errors.js';
import type { JobsDeps } from './deps.js';
import { type JobName, lockNamedJob } from './job-store.js';
import { revisionOf } from './revisions.js';
import { sameJson } from './same-json.js';
import { hasNothingAhead, scheduleOf } from './schedule-of.js';
import {
  type ChangedJob,
  checkChangeable,
  definitionOf,
  revisionDetail,
  scheduleWarnings,
  writeDefinition,
} from './update.js';

export interface RevertInput extends JobName {
  /** The revision whose definition comes back. */
  revision: number;
  expectedRevision?: number | null | undefined;
  reason?: string | null | undefined;
}

/**
 * Makes an earlier state of a job's definition its next revision. Throws NotFoundError (job, revision), ConflictError
 * (another revision than expected), InvalidInputError when the schedule of that state has nothing ahead any more, and
 * StateError with JOB_REMOVED.
 */
export async function revertJob(deps: JobsDeps, ctx: Ctx, input: RevertInput): Promise<ChangedJob> {
  return deps.db.transaction(async (tx) => {
    const job = await lockNamedJob(tx, ctx, input);
    checkChangeable(job, input.expectedRevision);
    const { definition } = await revisionOf(tx, job, input.revision);
    const before = definitionOf(job);
    const newSchedule = !sameJson(before.schedule, definition.schedule);
    if (newSchedule && hasNothingAhead(scheduleOf(definition), await tx.now())) {
      const message = `The schedule of revision ${input.revision} has no due time ahead any more.`;
      throw new InvalidInputError([{ path: ['revision'], message }]);
    }
    const same = sameJson(before, definition);
    const reason = checkReason(input.reason) ?? `back to revision ${input.revision}`;
    const after = same ? job : await writeDefinition(tx, deps, ctx, job, definition, reason);
    const detail = { ...revisionDetail(before, after), revertedTo: input.revision, reason };
    const entry = { action: 'jobRevert', subject: job.id, project: job.project, outcome: 'OK', detail };
    await deps.activity(tx, ctx, entry);
    return { job: after, outcome: same ? 'NOTHING_TO_DO' : 'ACCEPTED', warnings: scheduleWarnings(job, definition) };
  });
}
