import type { Ctx } from '../auth/actor.js';
import { checkReason } from '../auth/reason.js';
import { projectFor } from '../auth/scope.js';
import { ForbiddenError, InvalidInputError } from '../lib/errors.js';
import type { CreatedJob } from './create.js';
import { checkClientKey } from './definition-rules.js';
import type { JobsDeps } from './deps.js';
import { type ReadDocument, readDocument } from './document-read.js';
import type { WriteOptions } from './document-write.js';
import { Faults } from './faults.js';
import { insertJob, jobUser, LONGEST_USER, type NewJob } from './new-job.js';
import { hasNothingAhead, scheduleOf } from './schedule-of.js';

/** A Freezer job document as the API takes it. */
export interface ImportInput {
  document: Record<string, unknown>;
  /** The client, where the document has none. */
  clientId?: string | null | undefined;
  project?: string | null | undefined;
  /** False: the job begins STOPPED, whatever the document says. */
  start?: boolean | null | undefined;
  reason?: string | null | undefined;
}

function clientOf(input: ImportInput, document: ReadDocument): string {
  const given = document.clientKey ?? input.clientId ?? null;
  if (given === null) {
    const message = 'client_id: the document names no client; name it in "clientId".';
    throw new InvalidInputError([{ path: ['clientId'], message }]);
  }
  const faults = new Faults();
  checkClientKey(faults, ['clientId'], given);
  faults.throwIfAny();
  return given;
}

/**
 * Who the job belongs to: the caller; an admin may keep the document's. Throws ForbiddenError for anybody else, and
 * InvalidInputError where the name would not be kept whole.
 */
function userOf(ctx: Ctx, document: ReadDocument): string {
  const own = jobUser(ctx);
  const named = document.userId ?? '';
  if (named === '' || named === own || named === ctx.actor.userId) return own;
  if (ctx.actor.role !== 'ADMIN') {
    const path = ['document', 'user_id'];
    throw new ForbiddenError(`user_id: the document belongs to "${named}", and only an admin may keep that.`, path);
  }
  if (named.length <= LONGEST_USER) return named;
  const message = `user_id: has ${named.length} characters; at most ${LONGEST_USER} are kept.`;
  throw new InvalidInputError([{ path: ['user_id'], message }]);
}

/** How the job begins: nothing ahead is the end, and `start: false` goes before what the document says. */
function statusOf(input: ImportInput, document: ReadDocument, now: number, warnings: string[]): NewJob['status'] {
  if (hasNothingAhead(scheduleOf(document.definition), now)) {
    warnings.push('job_schedule: has no due time ahead; the job is COMPLETED and will not run by itself.');
    return 'COMPLETED';
  }
  return input.start === false ? 'STOPPED' : document.begin;
}

/** What an import would make of a document. */
export interface ImportedJob {
  job: NewJob;
  warnings: string[];
}

/**
 * Reads a document as the job it would become at `now`; writes nothing. Throws InvalidInputError (every fault) and
 * ForbiddenError (another project, another user).
 */
export function planImport(ctx: Ctx, input: ImportInput, settings: WriteOptions, now: number): ImportedJob {
  const document = readDocument(input.document, { createdAt: now, ...settings });
  const warnings = [...document.warnings];
  if (input.project && document.project && input.project !== document.project) {
    const message = `project: the document says "${document.project}" and the input "${input.project}".`;
    throw new InvalidInputError([{ path: ['project'], message }]);
  }
  const job: NewJob = {
    project: projectFor(ctx, input.project ?? document.project),
    key: document.key,
    userId: userOf(ctx, document),
    definition: { ...document.definition, clientKey: clientOf(input, document), document: input.document },
    status: statusOf(input, document, now, warnings),
    history: document.history,
    reason: checkReason(input.reason),
  };
  return { job, warnings };
}

/**
 * Makes a job from a Freezer document. Throws InvalidInputError (every fault), ForbiddenError (another project, another
 * user), ConflictError when the `job_id` is taken.
 */
export async function importJob(deps: JobsDeps, ctx: Ctx, input: ImportInput): Promise<CreatedJob> {
  return deps.db.transaction(async (tx) => {
    const { job: plan, warnings } = planImport(ctx, input, deps.settings, await tx.now());
    const job = await insertJob(tx, deps, ctx, plan);
    await deps.activity(tx, ctx, { action: 'jobImport', subject: job.id, project: job.project, outcome: 'OK' });
    return { job, warnings };
  });
}
