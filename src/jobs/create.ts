import type { Ctx } from '../auth/actor.js';
import { checkReason } from '../auth/reason.js';
import { projectFor } from '../auth/scope.js';
import type { JobRow } from '../entities/job.js';
import { blankDefinition, changeDefinition, type DefinitionInput } from './definition-input.js';
import { checkKey } from './definition-rules.js';
import type { JobsDeps } from './deps.js';
import { Faults } from './faults.js';
import { insertJob, jobUser } from './new-job.js';

/** A job as the API takes it, field by field. */
export interface CreateInput extends DefinitionInput {
  key?: string | null | undefined;
  project?: string | null | undefined;
  clientId: string;
  /** False: the job begins STOPPED. */
  start?: boolean | null | undefined;
  reason?: string | null | undefined;
}

/** A new job, and what its author should know. */
export interface CreatedJob {
  job: JobRow;
  warnings: string[];
}

/**
 * Makes a job from typed parts. Throws InvalidInputError (every fault; also for a schedule with nothing ahead),
 * ForbiddenError for another project, ConflictError when the key is taken.
 */
export async function createJob(deps: JobsDeps, ctx: Ctx, input: CreateInput): Promise<CreatedJob> {
  const project = projectFor(ctx, input.project);
  const reason = checkReason(input.reason);
  return deps.db.transaction(async (tx) => {
    const faults = new Faults();
    if (input.key != null) checkKey(faults, ['key'], input.key);
    const options = { ...deps.settings, now: await tx.now() };
    const definition = changeDefinition(faults, blankDefinition(deps.settings), input, options);
    faults.throwIfAny();
    const job = await insertJob(tx, deps, ctx, {
      project,
      key: input.key ?? null,
      userId: jobUser(ctx),
      definition,
      status: input.start === false ? 'STOPPED' : 'SCHEDULED',
      reason,
    });
    await deps.activity(tx, ctx, { action: 'jobCreate', subject: job.id, project, outcome: 'OK' });
    return { job, warnings: faults.warnings };
  });
}
