import type { Ctx } from '../auth/actor.js';
import { projectFor } from '../auth/scope.js';
import { type JobDefinition, JobEntity, type JobRow, type JobStatus } from '../entities/job.js';
import { ConflictError, ExpectedError, type InputIssue, InvalidInputError, NotFoundError } from '../lib/errors.js';
import type { FireDescription } from '../schedule/clock-changes.js';
import { isContinuous } from '../schedule/next.js';
import { isPlanned } from './command-table.js';
import { type DefinitionChange, diffDefinitions } from './definition-diff.js';
import { blankDefinition, changeDefinition, type DefinitionInput } from './definition-input.js';
import { checkKey } from './definition-rules.js';
import type { JobsDeps } from './deps.js';
import { Faults } from './faults.js';
import { findJob, openRunsOfEach } from './find.js';
import { planImport } from './import-document.js';
import { describeFires, nextRuns, type UpcomingFires, upcomingFires } from './next-runs.js';
import { sameJson } from './same-json.js';
import { hasNothingAhead, scheduleOf } from './schedule-of.js';
import { unplannedWarning } from './unplanned.js';
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

type Control = Pick<JobRow, 'status' | 'event' | 'statusBefore'>;

interface Outcome {
  definition: JobDefinition;
  status: JobStatus;
  /** Whether the schedule would make runs. */
  planned: boolean;
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

/** The warnings, with one more where nothing is planned though due times lie ahead: the list of those is empty then. */
function withUnplanned(warnings: readonly string[], job: Control, definition: JobDefinition, now: number): string[] {
  const more = hasNothingAhead(scheduleOf(definition), now) ? null : unplannedWarning(job);
  return more === null ? [...warnings] : [...warnings, more];
}

/** What a document says itself, or what is of a job that is there already. */
const NOT_BESIDE_DOCUMENT = [
  'expectedRevision',
  'key',
  'description',
  'actions',
  'actionDefaults',
  'schedule',
  'overlap',
  'catchup',
  'catchupWindow',
  'staleAfter',
] as const satisfies readonly (keyof PreviewInput)[];

/** Refuses what an import would not look at: what the preview shows is what `jobImport` does, and nothing else. */
function checkBesideDocument(input: PreviewInput): void {
  const faults = new Faults();
  if (input.id != null) {
    faults.add(['document'], 'is imported as a new job: preview it without "id"; a job is changed field by field.');
  }
  for (const name of NOT_BESIDE_DOCUMENT) {
    if (input[name] != null) faults.add([name], 'is not taken beside a document: write it there.');
  }
  faults.throwIfAny();
}

function previewImport(deps: JobsDeps, ctx: Ctx, input: PreviewInput, now: number): Outcome {
  checkBesideDocument(input);
  const { document, clientId, project, start } = input;
  const { job, warnings } = planImport(ctx, { document: document ?? {}, clientId, project, start }, deps.settings, now);
  const begins = { status: job.status, event: null, statusBefore: null };
  return { ...job, warnings: withUnplanned(warnings, begins, job.definition, now), planned: isPlanned(begins) };
}

function previewTyped(deps: JobsDeps, ctx: Ctx, input: PreviewInput, job: JobRow | null, now: number): Outcome {
  if (job) checkChangeable(job, input.expectedRevision);
  const faults = new Faults();
  if (input.key != null && !job) checkKey(faults, ['key'], input.key);
  const before = job ? definitionOf(job) : blankDefinition(deps.settings);
  const definition = changeDefinition(faults, before, input, { ...deps.settings, now });
  faults.throwIfAny();
  const status = input.start === false ? 'STOPPED' : 'SCHEDULED';
  const control = job ?? { status, event: null, statusBefore: null };
  return {
    definition,
    status: control.status,
    planned: isPlanned(control),
    warnings: withUnplanned(faults.warnings, control, definition, now),
    project: job?.project ?? projectFor(ctx, input.project),
    key: job ? null : (input.key ?? null),
  };
}

async function attempt(
  deps: JobsDeps,
  ctx: Ctx,
  input: PreviewInput,
  job: JobRow | null,
  now: number,
): Promise<Outcome> {
  const outcome =
    input.document != null ? previewImport(deps, ctx, input, now) : previewTyped(deps, ctx, input, job, now);
  await checkFree(deps, outcome);
  return outcome;
}

const NO_FIRES: UpcomingFires = { fires: [], clockChanges: [] };

/** The due times that the change brings: a plan is moved only by a new schedule, and none is made where there is none. */
async function firesAfter(
  deps: JobsDeps,
  { definition, planned }: Outcome,
  job: JobRow | null,
  now: number,
  count: number,
): Promise<UpcomingFires> {
  const schedule = scheduleOf(definition);
  if (!planned) return NO_FIRES;
  if (job === null) return upcomingFires(schedule, now, count);
  if (sameJson(job.schedule, definition.schedule)) {
    const instants = nextRuns(job, count).map(({ at }) => at);
    return describeFires(schedule, instants, now);
  }
  const [open = []] = isContinuous(schedule) ? await openRunsOfEach(deps, [job.id]) : [];
  return open.length > 0 ? NO_FIRES : upcomingFires(schedule, now, count);
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
    const outcome = await attempt(deps, ctx, input, job, now);
    const { definition, status, warnings } = outcome;
    const after = await firesAfter(deps, outcome, job, now, count);
    const changes = job ? diffDefinitions(definitionOf(job), definition) : [];
    return { errors: [], warnings, definition, status, before, after, changes };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    const nothing = { definition: null, status: null, after: NO_FIRES, changes: [] };
    return { errors: issuesOf(error), warnings: [], before, ...nothing };
  }
}
