import type { Ctx } from '../auth/actor.js';
import type { Only, Page, PageRequest } from '../db/page.js';
import type { FirstPageRequest } from '../db/pages.js';
import type { JobHead, JobRevisionRow, JobRow } from '../entities/job.js';
import type { FireDescription } from '../schedule/clock-changes.js';
import { failingJobs } from './coming-due-times.js';
import { checkCommandTable } from './command-table.js';
import { abortJob } from './commands/abort.js';
import type { CommandInput, CommandPayload } from './commands/apply.js';
import { removeJob } from './commands/remove.js';
import { type RunNowInput, type RunNowPayload, runJobNow } from './commands/run-now.js';
import { startJob } from './commands/start.js';
import { stopJob } from './commands/stop.js';
import { type CreatedJob, type CreateInput, createJob } from './create.js';
import type { DefinitionChange } from './definition-diff.js';
import type { JobsDeps } from './deps.js';
import { writeDocument } from './document-write.js';
import type { DueTime, DueTimeFilter, DueWindow } from './due-time.js';
import { dueTimes } from './due-times.js';
import { findJob, jobsByIds, type OpenRun, openRunsOfEach } from './find.js';
import { type ImportInput, importJob } from './import-document.js';
import type { JobName } from './job-store.js';
import { type JobFilter, type JobOrder, listJobs, listJobsOfEach } from './list.js';
import { fireCount, nextRuns } from './next-runs.js';
import { type JobPreview, type PreviewInput, previewJob } from './preview.js';
import { type RevertInput, revertJob } from './revert.js';
import {
  diffRevisions,
  listRevisions,
  listRevisionsOfEach,
  revisionOf,
  revisionsBefore,
  revisionsByIds,
} from './revisions.js';
import type { ScheduleInput } from './schedule-input.js';
import { previewSchedule, type SchedulePreview } from './schedule-preview.js';
import { type ChangedJob, type UpdateInput, updateJob } from './update.js';

/** What the API asks of the jobs; each function is its file's, with the dependencies filled in. */
export interface JobService {
  create(ctx: Ctx, input: CreateInput): Promise<CreatedJob>;
  import(ctx: Ctx, input: ImportInput): Promise<CreatedJob>;
  update(ctx: Ctx, input: UpdateInput): Promise<ChangedJob>;
  start(ctx: Ctx, input: CommandInput): Promise<CommandPayload>;
  runNow(ctx: Ctx, input: RunNowInput): Promise<RunNowPayload>;
  stop(ctx: Ctx, input: CommandInput): Promise<CommandPayload>;
  abort(ctx: Ctx, input: CommandInput): Promise<CommandPayload>;
  remove(ctx: Ctx, input: CommandInput): Promise<CommandPayload>;
  find(ctx: Ctx, name: JobName): Promise<JobRow | null>;
  byIds(ctx: Ctx, ids: readonly string[]): Promise<(JobRow | null)[]>;
  /** The jobs come without their bodies, and with nothing but the columns of the order and `only` where it is given. */
  list(
    ctx: Ctx,
    filter: JobFilter,
    order: JobOrder,
    request: PageRequest,
    only?: Only<keyof JobHead>,
  ): Promise<Page<JobHead>>;
  /** The first (or last) page for each filter, read together. */
  listOfEach(
    ctx: Ctx,
    filters: readonly JobFilter[],
    order: JobOrder,
    request: FirstPageRequest,
  ): Promise<Page<JobRow>[]>;
  /** The job as a Freezer document. */
  document(job: JobRow): Record<string, unknown>;
  /** The open runs of each job: what runs before what waits, then the oldest first. */
  openRunsOfEach(jobIds: readonly string[]): Promise<OpenRun[][]>;
  /** Which of these jobs the scheduler could not fire. */
  failing(jobIds: readonly string[]): Promise<ReadonlySet<string>>;
  revisions(jobId: string, request: PageRequest): Promise<Page<JobRevisionRow>>;
  /** The first (or last) page of each job, read together. */
  revisionsOfEach(jobIds: readonly string[], request: FirstPageRequest): Promise<Page<JobRevisionRow>[]>;
  revision(job: JobHead, revision: number): Promise<JobRevisionRow>;
  revisionsByIds(ctx: Ctx, ids: readonly string[]): Promise<(JobRevisionRow | null)[]>;
  revisionsBefore(revisions: readonly JobRevisionRow[]): Promise<(JobRevisionRow | null)[]>;
  diff(job: JobHead, from: number, to: number): Promise<DefinitionChange[]>;
  revert(ctx: Ctx, input: RevertInput): Promise<ChangedJob>;
  preview(ctx: Ctx, input: PreviewInput, first: number | null | undefined): Promise<JobPreview>;
  previewSchedule(schedule: ScheduleInput, first: number | null | undefined): Promise<SchedulePreview>;
  nextRuns(job: JobHead, first: number | null | undefined): FireDescription[];
  dueTimes(ctx: Ctx, filter: DueTimeFilter, window: DueWindow, request: PageRequest): Promise<Page<DueTime>>;
  /** Whether its last success is older than it may be. */
  isStale(job: JobHead): boolean;
  /** The current instant as it is shown to people. */
  now(): number;
}

/** Puts the jobs together. Throws an Error when the command table is not whole. */
export function createJobService(deps: JobsDeps): JobService {
  checkCommandTable();
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
    list: (ctx, filter, order, request, only) => listJobs(deps, ctx, filter, order, request, only),
    listOfEach: (ctx, filters, order, request) => listJobsOfEach(deps, ctx, filters, order, request),
    document: (job) => writeDocument(job, deps.settings),
    openRunsOfEach: (jobIds) => openRunsOfEach(deps, jobIds),
    failing: (jobIds) => failingJobs(deps, jobIds),
    revisions: (jobId, request) => listRevisions(deps, jobId, request),
    revisionsOfEach: (jobIds, request) => listRevisionsOfEach(deps, jobIds, request),
    revision: (job, revision) => revisionOf(deps.db.reader, job, revision),
    revisionsByIds: (ctx, ids) => revisionsByIds(deps, ctx, ids),
    revisionsBefore: (revisions) => revisionsBefore(deps, revisions),
    diff: (job, from, to) => diffRevisions(deps, job, from, to),
    revert: (ctx, input) => revertJob(deps, ctx, input),
    preview: (ctx, input, first) => previewJob(deps, ctx, input, fireCount(first)),
    previewSchedule: (schedule, first) => previewSchedule(deps, schedule, fireCount(first)),
    nextRuns: (job, first) => nextRuns(job, fireCount(first)),
    dueTimes: (ctx, filter, window, request) => dueTimes(deps, ctx, filter, window, request),
    isStale: (job) => job.staleAt !== null && job.staleAt <= deps.clock.now(),
    now: () => deps.clock.now(),
  };
}
