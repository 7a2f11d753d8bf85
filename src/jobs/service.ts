import type { Ctx } from '../auth/actor.js';
import type { Page, PageRequest } from '../db/page.js';
import type { JobRow } from '../entities/job.js';
import { abortJob } from './commands/abort.js';
import type { CommandInput, CommandPayload } from './commands/apply.js';
import { removeJob } from './commands/remove.js';
import { type RunNowInput, runJobNow } from './commands/run-now.js';
import { startJob } from './commands/start.js';
import { stopJob } from './commands/stop.js';
import { type CreatedJob, type CreateInput, createJob } from './create.js';
import type { JobsDeps } from './deps.js';
import { writeDocument } from './document-write.js';
import { findJob, jobsByIds, openRunIds } from './find.js';
import { type ImportInput, importJob } from './import-document.js';
import type { JobName } from './job-store.js';
import { type JobFilter, type JobOrder, listJobs } from './list.js';
import { type ChangedJob, type UpdateInput, updateJob } from './update.js';

/** What the API asks of the jobs; each function is its file's, with the dependencies filled in. */
export interface JobService {
  create(ctx: Ctx, input: CreateInput): Promise<CreatedJob>;
  import(ctx: Ctx, input: ImportInput): Promise<CreatedJob>;
  update(ctx: Ctx, input: UpdateInput): Promise<ChangedJob>;
  start(ctx: Ctx, input: CommandInput): Promise<CommandPayload>;
  runNow(ctx: Ctx, input: RunNowInput): Promise<CommandPayload>;
  stop(ctx: Ctx, input: CommandInput): Promise<CommandPayload>;
  abort(ctx: Ctx, input: CommandInput): Promise<CommandPayload>;
  remove(ctx: Ctx, input: CommandInput): Promise<CommandPayload>;
  find(ctx: Ctx, name: JobName): Promise<JobRow | null>;
  byIds(ctx: Ctx, ids: readonly string[]): Promise<(JobRow | null)[]>;
  list(ctx: Ctx, filter: JobFilter, order: JobOrder, request: PageRequest): Promise<Page<JobRow>>;
  /** The job as a Freezer document. */
  document(job: JobRow): Record<string, unknown>;
  /** The oldest open run of each job; null for one without. */
  openRunIds(jobIds: readonly string[]): Promise<(string | null)[]>;
  /** Whether its last success is older than it may be. */
  isStale(job: JobRow): boolean;
  /** The current instant as it is shown to people. */
  now(): number;
}

/** Puts the jobs together. */
export function createJobService(deps: JobsDeps): JobService {
  return {
    create: (ctx, input) => createJob(deps, ctx, input),
    import: (ctx, input) => importJob(deps, ctx, input),
    update: (ctx, input) => updateJob(deps, ctx, input),
    start: (ctx, input) => startJob(deps, ctx, input),
    runNow: (ctx, input) => runJobNow(deps, ctx, input),
    stop: (ctx, input) => stopJob(deps, ctx, input),
    abort: (ctx, input) => abortJob(deps, ctx, input),
    remove: (ctx, input) => removeJob(deps, ctx, input),
    find: (ctx, name) => findJob(deps, ctx, name),
    byIds: (ctx, ids) => jobsByIds(deps, ctx, ids),
    list: (ctx, filter, order, request) => listJobs(deps, ctx, filter, order, request),
    document: (job) => writeDocument(job, deps.settings),
    openRunIds: (jobIds) => openRunIds(deps, jobIds),
    isStale: (job) => job.staleAt !== null && job.staleAt <= deps.clock.now(),
    now: () => deps.clock.now(),
  };
}
