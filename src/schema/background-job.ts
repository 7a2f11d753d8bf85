import type { BackgroundJobRow } from '../entities/background-job.js';
import { ID_PREFIX } from '../entities/ids.js';
import type { LeaseRow } from '../entities/lease.js';
import { JOB_RUN_KIND } from '../jobs/deps.js';
import {
  type BackgroundJobState,
  backgroundJobStateOf,
  reasonOf,
} from '../scheduler/directory/background-job-state.js';
import { seesServices } from '../scheduler/directory/visible.js';
import type { WorkName } from '../scheduler/directory/work-list.js';
import { builder, OWN_ID } from './builder.js';
import { Job, jobLoader } from './job.js';
import { describedEnum } from './job-enums.js';
import { LeasedWork } from './leased-work.js';
import { requestLoader } from './loader.js';
import { isRowOf } from './node-types.js';
import { rosterNow } from './roster.js';
import { JobRun } from './run.js';
import { Service, serviceLoader } from './service.js';
import { Shard, shardLoader } from './shard.js';
import { runLoader } from './transaction-loader.js';

export const BackgroundJobStateEnum = describedEnum<BackgroundJobState>(
  'BackgroundJobState',
  'Where a background job stands.',
  {
    SCHEDULED: 'Its instant lies ahead.',
    OVERDUE: 'Its instant has passed by more than a second, and nobody has fired it.',
    BACKING_OFF: 'Its last fire failed: it is tried again after a pause.',
    UNASSIGNED: 'No service that is alive and takes work fits its tag.',
    PARKED: 'It ended the server too often: it is not tried until it is changed or bound anew.',
  },
);

const isJob = ({ subject }: BackgroundJobRow): boolean => subject.startsWith(`${ID_PREFIX.job}_`);
const isRun = ({ subject }: BackgroundJobRow): boolean => subject.startsWith(`${ID_PREFIX.run}_`);

export const BackgroundJob = builder.objectRef<BackgroundJobRow>('BackgroundJob');

builder.node(BackgroundJob, {
  id: OWN_ID,
  loadMany: (ids: string[], context) => context.services.directory.backgroundJobsByIds(context, ids),
  isTypeOf: (value) => isRowOf(value, 'BackgroundJob'),
  description: 'One thing that engines have to do at an instant: the next run of a job, the end of a lease, a chore.',
  fields: (t) => ({
    kind: t.exposeString('kind', { description: 'What kind of thing it is.' }),
    subject: t.exposeString('subject', { description: 'The id of what it is about; unique within its kind.' }),
    project: t.exposeString('project', {
      nullable: true,
      description: 'The project it belongs to; null: the operator’s.',
    }),
    state: t.field({
      type: BackgroundJobStateEnum,
      description: 'Where it stands, as seen at this moment.',
      resolve: async (job, _args, context) => backgroundJobStateOf(job, await rosterNow(context)),
    }),
    reason: t.string({
      nullable: true,
      description: 'Why it is in that state; null when there is nothing to say.',
      resolve: async (job, _args, context) => reasonOf(job, await rosterNow(context), seesServices(context)),
    }),
    nextRunAt: t.expose('nextRunAt', { type: 'DateTime', description: 'Its next due instant.' }),
    wakeAt: t.expose('wakeAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it is looked at: its due instant, later while it backs off; null once it is parked.',
    }),
    tag: t.expose('tag', {
      type: 'JSONObject',
      description: 'The labels that a service must carry to own it; an empty one fits every service.',
    }),
    pinnedAt: t.expose('pinnedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was bound by hand; null while its tag is its kind’s choice.',
    }),
    generation: t.exposeInt('generation', { description: 'Rises with each change and move.' }),
    failCount: t.exposeInt('failCount', { description: 'How many of its last fires in a row failed.' }),
    failReason: t.exposeString('failReason', { nullable: true, description: 'Why the last of them did.' }),
    attempts: t.exposeInt('attempts', { description: 'How many of its last fires in a row ended the server.' }),
    plannedAt: t.expose('plannedAt', { type: 'DateTime', description: 'When its instant was planned last.' }),
    shard: t.field({
      type: Shard,
      nullable: true,
      description: 'The shard it belongs to; null for callers of one project.',
      resolve: ({ shardId }, _args, context) => shardLoader(context).load(shardId),
    }),
    service: t.field({
      type: Service,
      nullable: true,
      description: 'The service that owns its shard; null while none does, and for callers of one project.',
      resolve: async ({ shardId }, _args, context) => {
        const shard = await shardLoader(context).load(shardId);
        return shard === null || shard.ownerId === null ? null : serviceLoader(context).load(shard.ownerId);
      },
    }),
    job: t.field({
      type: Job,
      nullable: true,
      description: 'The job it is about; null when it is about something else.',
      resolve: (job, _args, context) => (isJob(job) ? jobLoader(context).load(job.subject) : null),
    }),
    run: t.field({
      type: JobRun,
      nullable: true,
      description: 'The run it is about; null when it is about something else.',
      resolve: (job, _args, context) => (isRun(job) ? runLoader(context).load(job.subject) : null),
    }),
  }),
});

const workLoader = requestLoader<WorkName, LeaseRow | null>((names, context) =>
  context.services.directory.openWork(names),
);

builder.objectField(BackgroundJob, 'work', (t) =>
  t.field({
    type: LeasedWork,
    nullable: true,
    description: 'The long work that it began and that has not ended; null when there is none.',
    resolve: (job, _args, context) => workLoader(context).load(job),
  }),
);

const ofJobLoader = requestLoader<string, BackgroundJobRow | null>((jobIds, context) =>
  context.services.directory.backgroundJobsAbout(context, JOB_RUN_KIND, jobIds),
);

builder.objectField(Job, 'backgroundJob', (t) =>
  t.field({
    type: BackgroundJob,
    nullable: true,
    description: 'What engines have to do for it next, and which one does; null while it is not on the schedule.',
    resolve: ({ id }, _args, context) => ofJobLoader(context).load(id),
  }),
);
