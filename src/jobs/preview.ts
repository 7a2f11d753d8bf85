import type { Ctx } from '../auth/actor.js';
import { projectFor } from '../auth/scope.js';
import { type JobDefinition, JobEntity, type JobRow, type JobStatus } from '../entities/job.js';
import { ConflictError, ExpectedError, type InputIssue, InvalidInputError, NotFoundError } from '../lib/errors.js';
import type { FireDescription } from '../schedule/clock-changes.js';
import { type DefinitionChange, diffDefinitions } from './definition-diff.js';
import { blankDefinition, changeDefinition, type DefinitionInput } from './definition-input.js';
import { checkKey } from './definition-rules.js';
import type { JobsDeps } from './deps.js';
import { Faults } from './faults.js';
import { findJob } from './find.js';
import { planImport } from './import-document.js';
import { nextRuns, type UpcomingFires, upcomingFires } from './next-runs.js';
import { scheduleOf } from './schedule-of.js';
import { checkChangeable, definitionOf } from './update.js';

/** A change to look at before it is made: of a job (`id`), of a new one, or a document to be imported. */
export interface PreviewInput extends DefinitionInput {
  id?: string | null | undefined;
  project?: string | null | undefined;
  key?: string | null | undefined;
  document?: Record<string, unknown> | null | undefined;
  start?: boolean | null | undefined;
  expectedRevision?: number | null | undefined;
}

/** What a change would come to. Nothing of it was written. */
export interface JobPreview {
  errors: InputIssue[];
  warnings: string[];
  /** Null when the input has errors. */
  definition: JobDefinition | null;
  /** How the job would begin, or go on; null when the input has errors. */
  status: JobStatus | null;
  /** The due times of the job as it is; empty for a new one. */
  before: FireDescription[];
  after: UpcomingFires;
  changes: DefinitionChange[];
}

interface Outcome {
  definition: JobDefinition;
  status: JobStatus;
  warnings: string[];
  project: string;
  key: string | null;
}

async function checkFree(deps: JobsDeps, outcome: Outcome): Promise<void> {
  const { project, key } = outcome;
  if (key === null) return;
  const taken = await deps.db.manager.getRepository(JobEntity).existsBy({ project, key, slot: '' });
  if (taken) throw new ConflictError(`Project "${project}" has a job "${key}" already.`, ['key']);
}

function previewImport(deps: JobsDeps, ctx: Ctx, input: PreviewInput, now: number): Outcome {
  const { document, clientId, project, start } = input;
  const planned = planImport(ctx, { document: document ?? {}, clientId, project, start }, deps.settings, now);
  return { ...planned.job, warnings: planned.warnings };
}

function previewTyped(deps: JobsDeps, ctx: Ctx, input: PreviewInput, job: JobRow | null, now: number): Outcome {
  if (job) checkChangeable(job, input.expectedRevision);
  const faults = new Faults();
  if (input.key != null && !job) checkKey(faults, ['key'], input.key);
  const before = job ? definitionOf(job) : blankDefinition(deps.settings);
  const definition = changeDefinition(faults, before, input, { ...deps.settings, now });
  faults.throwIfAny();
  const { warnings } = faults;
  if (job) return { definition, status: job.status, warnings, project: job.project, key: null };
  const status = input.start === false ? 'STOPPED' : 'SCHEDULED';
  return { definition, status, warnings, project: projectFor(ctx, input.project), key: input.key ?? null };
}

async function attempt(
  deps: JobsDeps,
  ctx: Ctx,
  input: PreviewInput,
  job: JobRow | null,
  now: number,
): Promise<Outcome> {
  const importing = input.document != null && job === null;
  const outcome = importing ? previewImport(deps, ctx, input, now) : previewTyped(deps, ctx, input, job, now);
  await checkFree(deps, outcome);
  return outcome;
}

const issuesOf = (error: ExpectedError): InputIssue[] =>
  error instanceof InvalidInputError ? [...error.issues] : [{ path: error.inputPath, message: error.message }];

/**
 * What a change would come to, without making it: faults and warnings, the definition, due times before and after.
 * Throws NotFoundError for a job the caller may not see; every other failure is among the errors of the answer.
 */
export async function previewJob(deps: JobsDeps, ctx: Ctx, input: PreviewInput, count: number): Promise<JobPreview> {
  const now = await deps.db.now();
  const job = input.id == null ? null : await findJob(deps, ctx, { id: input.id, project: input.project });
  if (input.id != null && job === null) throw new NotFoundError('job', input.id);
  const before = job ? nextRuns(job, count) : [];
  try {
    const { definition, status, warnings } = await attempt(deps, ctx, input, job, now);
    const after = upcomingFires(scheduleOf(definition), now, count);
    const changes = job ? diffDefinitions(definitionOf(job), definition) : [];
    return { errors: [], warnings, definition, status, before, after, changes };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    const nothing = { definition: null, status: null, after: { fires: [], clockChanges: [] }, changes: [] };
    return { errors: issuesOf(error), warnings: [], before, ...nothing };
  }
}
