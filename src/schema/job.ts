import type { JobHead, JobRow } from '../entities/job.js';
import { type Command, transitionOf } from '../jobs/command-table.js';
import type { OpenRun } from '../jobs/find.js';
import { REASONS, type ReasonCode, reasonText } from '../jobs/reasons.js';
import { hasNothingAhead, ofReadable } from '../jobs/schedule-of.js';
import { successRate } from '../jobs/tally.js';
import { whyNot } from '../jobs/why-not.js';
import { NotFoundError } from '../lib/errors.js';
import type { Schedule } from '../schedule/types.js';
import { builder, OWN_ID } from './builder.js';
import type { SchemaContext } from './context.js';
import { actionShapes, JobAction } from './job-action.js';
import {
  CatchupPolicyEnum,
  JobEventEnum,
  JobResultEnum,
  JobStatusEnum,
  OverlapPolicyEnum,
  ReasonCodeEnum,
  ScheduleKindEnum,
} from './job-enums.js';
import { requestLoader } from './loader.js';
import { isRowOf } from './node-types.js';
import { ScheduleType } from './schedule.js';
import { standingOf } from './wait-reason.js';

/** Jobs by their ids, for the fields that lead to one; null for one that the caller may not see. */
export const jobLoader = requestLoader<string, JobRow | null>((ids, context) =>
  context.services.jobs.byIds(context, ids),
);

/** The open runs of each job, for what depends on there being some. */
export const openRunsLoader = requestLoader<string, OpenRun[]>((ids, context) =>
  context.services.jobs.openRunsOfEach(ids),
);

const failingLoader = requestLoader<string, boolean>(async (ids, context) => {
  const failing = await context.services.jobs.failing(ids);
  return ids.map((id) => failing.has(id));
});

/** What is shown of a schedule that cannot be read: that nothing is due by it. */
const UNREADABLE: Schedule = { kind: 'none', timezone: 'UTC' };

const hasBody = (job: JobHead): job is JobRow => 'actionDefaults' in job;

/** The job with its body, which those of a list come without. */
async function whole(job: JobHead, context: SchemaContext): Promise<JobRow> {
  if (hasBody(job)) return job;
  const found = await jobLoader(context).load(job.id);
  if (!found) throw new NotFoundError('job', job.id);
  return found;
}

export const Job = builder.objectRef<JobHead>('Job');

builder.node(Job, {
  id: OWN_ID,
  loadMany: (ids: string[], context) => context.services.jobs.byIds(context, ids),
  isTypeOf: (value) => isRowOf(value, 'Job'),
  description: 'What one client does, when and how often; its definition and where it stands.',
  fields: (t) => ({
    key: t.exposeString('key', { description: 'What the outside world calls it: the `job_id` of its document.' }),
    project: t.exposeString('project', { description: 'The project it belongs to.' }),
    userId: t.exposeString('userId', { description: 'The user it belongs to, as the document names it.' }),
    description: t.exposeString('description', { description: 'What it is for.' }),
    clientKey: t.exposeString('clientKey', {
      description: 'The `client_id` of the host that runs it, which need not be registered yet.',
    }),
    actions: t.field({
      type: [JobAction],
      description: 'What it does, in order.',
      resolve: async (job, _args, context) => actionShapes(await whole(job, context)),
    }),
    actionDefaults: t.field({
      type: 'JSONObject',
      description: 'What is merged into every action.',
      resolve: async (job, _args, context) => (await whole(job, context)).actionDefaults,
    }),
    schedule: t.field({
      type: ScheduleType,
      description: 'When it is due.',
      resolve: (job) => ofReadable(job, (schedule) => schedule, UNREADABLE),
    }),
    scheduleKind: t.expose('scheduleKind', {
      type: ScheduleKindEnum,
      description: 'What kind of schedule it has.',
    }),
    overlap: t.expose('overlap', {
      type: OverlapPolicyEnum,
      description: 'What happens when it is due while a run of it is open.',
    }),
    catchup: t.expose('catchup', {
      type: CatchupPolicyEnum,
      description: 'What happens to due times that no server could fire.',
    }),
    catchupWindow: t.exposeInt('catchupWindow', {
      description: 'Seconds that a run may begin late, be it for want of a server or of the client.',
    }),
    document: t.field({
      type: 'JSONObject',
      description: 'The job as a Freezer document: as it was imported, with what the server owns put in.',
      resolve: async (job, _args, context) => context.services.jobs.document(await whole(job, context)),
    }),
    revision: t.exposeInt('revision', { description: 'Rises by one with each change of the definition.' }),
  }),
});

builder.objectFields(Job, (t) => ({
  status: t.expose('status', { type: JobStatusEnum, description: 'Where it stands.' }),
  statusReason: t.string({
    nullable: true,
    description: 'Why it stands there.',
    resolve: (job) => reasonText(job.statusReason),
  }),
  event: t.expose('event', {
    type: JobEventEnum,
    nullable: true,
    description: 'The command that is still pending.',
  }),
  result: t.expose('result', {
    type: JobResultEnum,
    nullable: true,
    description: 'How the last run ended; null before the first.',
  }),
  timeCreated: t.expose('timeCreated', {
    type: 'DateTime',
    description: 'When it was made.',
  }),
  timeStarted: t.expose('timeStarted', {
    type: 'DateTime',
    nullable: true,
    description: 'When the latest run began.',
  }),
  timeEnded: t.expose('timeEnded', {
    type: 'DateTime',
    nullable: true,
    description: 'When the latest run ended; null while it is under way.',
  }),
  updatedAt: t.expose('updatedAt', {
    type: 'DateTime',
    description: 'When it changed last.',
  }),
  nextRunAt: t.expose('nextRunAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When it is due next; null when nothing is planned.',
  }),
}));

builder.objectFields(Job, (t) => ({
  lastSuccessAt: t.expose('lastSuccessAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When a run succeeded last.',
  }),
  consecutiveFailures: t.exposeInt('consecutiveFailures', {
    description: 'Runs that failed or were lost since the last success.',
  }),
  successRate: t.float({
    nullable: true,
    description: 'The part of its runs that succeeded, 0 to 1; null before the first ended.',
    resolve: successRate,
  }),
  successCount: t.exposeInt('successCount', { description: 'Runs that succeeded.' }),
  failureCount: t.exposeInt('failureCount', { description: 'Runs that failed or were lost.' }),
  missedCount: t.exposeInt('missedCount', { description: 'Due times that did not run in time.' }),
  skippedCount: t.exposeInt('skippedCount', { description: 'Due times that were skipped.' }),
  staleAfter: t.exposeInt('staleAfter', {
    nullable: true,
    description: 'Seconds after the last success at which it counts as stale; null = never.',
  }),
  staleAt: t.expose('staleAt', {
    type: 'DateTime',
    nullable: true,
    description: 'When it becomes stale, unless it succeeds before.',
  }),
  stale: t.boolean({
    description: 'Whether its last success is older than `staleAfter`.',
    resolve: (job, _args, context) => context.services.jobs.isStale(job),
  }),
}));

/** Whether a command would find something to do. */
function can(command: Command, job: JobHead): boolean {
  return transitionOf(command, job).outcome === 'ACCEPTED';
}

const WhyNot = builder.objectRef<ReasonCode>('WhyNot').implement({
  description: 'The one reason why something does not happen.',
  fields: (t) => ({
    code: t.field({ type: ReasonCodeEnum, description: 'The reason.', resolve: (code) => code }),
    message: t.string({ description: 'The reason in words.', resolve: (code) => REASONS[code] }),
  }),
});

builder.objectField(Job, 'whyNot', (t) =>
  t.field({
    type: WhyNot,
    nullable: true,
    description: 'Why no run of it is under way now; null while one is.',
    resolve: async (job, _args, context) => {
      const [[open = null], failing] = await Promise.all([
        openRunsLoader(context).load(job.id),
        failingLoader(context).load(job.id),
      ]);
      const standing = open && (await standingOf(open, context));
      return whyNot(job, open, standing, failing, context.services.jobs.now());
    },
  }),
);

builder.objectFields(Job, (t) => ({
  canStart: t.boolean({
    description: 'Whether `jobStart` would do something now.',
    resolve: (job, _args, context) => {
      const now = context.services.jobs.now();
      return can('START', job) && ofReadable(job, (schedule) => !hasNothingAhead(schedule, now), false);
    },
  }),
  canRunNow: t.boolean({
    description: 'Whether `jobRunNow` is allowed now; the overlap policy may still skip the run.',
    resolve: (job) => can('RUN_NOW', job) && job.event !== 'REMOVE',
  }),
  canStop: t.boolean({ description: 'Whether `jobStop` would do something now.', resolve: (job) => can('STOP', job) }),
  canAbort: t.boolean({
    description: 'Whether `jobAbort` would do something now.',
    resolve: async (job, _args, context) =>
      can('ABORT', job) || (await openRunsLoader(context).load(job.id)).length > 0,
  }),
  canRemove: t.boolean({
    description: 'Whether `jobRemove` would do something now.',
    resolve: (job) => can('REMOVE', job),
  }),
  canUpdate: t.boolean({
    description: 'Whether the definition can be changed.',
    resolve: (job) => can('UPDATE', job),
  }),
}));
