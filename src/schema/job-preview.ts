import type { JobPreview } from '../jobs/preview.js';
import type { SchedulePreview } from '../jobs/schedule-preview.js';
import { builder } from './builder.js';
import { InputIssueType } from './errors.js';
import { ClockChangeType, FireTime } from './fire-time.js';
import { Job } from './job.js';
import { actionShapes, JobAction, JobActionInput } from './job-action.js';
import { CatchupPolicyEnum, JobStatusEnum, OverlapPolicyEnum } from './job-enums.js';
import { withSchedule } from './job-input.js';
import { DefinitionChangeType } from './job-revision.js';
import { ScheduleInputType, toScheduleInput } from './schedule-input.js';

const FIRST = 'How many due times to show, 1 to 500. Default: 10.';
const fireComplexity = ({ first }: { first?: number | null | undefined }) => ({ field: 1, multiplier: first ?? 10 });

builder.objectField(Job, 'nextRuns', (t) =>
  t.field({
    type: [FireTime],
    description: 'When it is due next, as its schedule says now. Empty while nothing is planned.',
    args: { first: t.arg.int({ description: FIRST }) },
    complexity: fireComplexity,
    resolve: (job, { first }, context) => context.services.jobs.nextRuns(job, first),
  }),
);

const SchedulePreviewType = builder.objectRef<SchedulePreview>('SchedulePreview').implement({
  description: 'What a schedule would come to.',
  fields: (t) => ({
    errors: t.field({ type: [InputIssueType], description: 'What is wrong with it.', resolve: ({ errors }) => errors }),
    warnings: t.exposeStringList('warnings', { description: 'What its author should know.' }),
    fires: t.field({ type: [FireTime], description: 'The next due times.', resolve: ({ fires }) => fires }),
    clockChanges: t.field({
      type: [ClockChangeType],
      description: 'The clock changes up to the last of them.',
      resolve: ({ clockChanges }) => clockChanges,
    }),
  }),
});

builder.queryField('schedulePreview', (t) =>
  t.field({
    type: SchedulePreviewType,
    description: 'The next due times of a schedule that begins now, read by the code that would run it.',
    authScopes: { may: 'schedulePreview' },
    args: {
      schedule: t.arg({ type: ScheduleInputType, required: true, description: 'The schedule.' }),
      first: t.arg.int({ description: FIRST }),
    },
    complexity: fireComplexity,
    resolve: (_root, { schedule, first }, context) =>
      context.services.jobs.previewSchedule(toScheduleInput(schedule), first),
  }),
);

const JobPreviewInput = builder.inputType('JobPreviewInput', {
  description:
    'A change to look at: of a job (`id`), of a new job, or a document to be imported (`document`) as a new job. ' +
    'Beside a document only `clientId`, `project` and `start` are taken, as by `jobImport`.',
  fields: (t) => ({
    id: t.id({ description: 'The job that would change: its global id or its key.' }),
    project: t.string({ description: 'The project, where the caller sees several.' }),
    expectedRevision: t.int({ description: 'The revision the change is made from.' }),
    key: t.string({ description: 'The key of a new job.' }),
    document: t.field({
      type: 'JSONObject',
      description: 'A Freezer job document to be imported as a new job; not with an `id`.',
    }),
    clientId: t.string({ description: 'The client that would run it.' }),
    description: t.string({ description: 'What it is for.' }),
    actions: t.field({ type: [JobActionInput], description: 'What it would do.' }),
    actionDefaults: t.field({ type: 'JSONObject', description: 'What would be merged into every action.' }),
    schedule: t.field({ type: ScheduleInputType, description: 'When it would be due.' }),
    overlap: t.field({ type: OverlapPolicyEnum, description: 'What happens when it is due while a run is open.' }),
    catchup: t.field({ type: CatchupPolicyEnum, description: 'What happens to due times that passed.' }),
    catchupWindow: t.int({ description: 'Seconds that a run may begin late.' }),
    staleAfter: t.int({ description: 'Seconds after the last success at which it would be stale.' }),
    start: t.boolean({ description: 'False: a new job begins STOPPED.' }),
  }),
});

const JobPreviewType = builder.objectRef<JobPreview>('JobPreview').implement({
  description: 'What a change would come to. Nothing of it was written.',
  fields: (t) => ({
    errors: t.field({ type: [InputIssueType], description: 'Why it would be refused.', resolve: (row) => row.errors }),
    warnings: t.exposeStringList('warnings', { description: 'What its author should know.' }),
    status: t.field({
      type: JobStatusEnum,
      nullable: true,
      description: 'The status it would have; null when it would be refused.',
      resolve: (row) => row.status,
    }),
    actions: t.field({
      type: [JobAction],
      description: 'What it would do, with the defaults merged in.',
      resolve: ({ definition }) => (definition ? actionShapes(definition) : []),
    }),
    before: t.field({
      type: [FireTime],
      description: 'The next due times of the job as it is; empty for a new one.',
      resolve: (row) => row.before,
    }),
    after: t.field({
      type: [FireTime],
      description: 'The next due times after the change; empty where nothing is planned, as of a stopped job.',
      resolve: (row) => row.after.fires,
    }),
    clockChanges: t.field({
      type: [ClockChangeType],
      description: 'The clock changes up to the last of them.',
      resolve: (row) => row.after.clockChanges,
    }),
    changes: t.field({
      type: [DefinitionChangeType],
      description: 'Where the definition would differ; empty for a new job.',
      resolve: (row) => row.changes,
    }),
  }),
});

builder.queryField('jobPreview', (t) =>
  t.field({
    type: JobPreviewType,
    description: 'What a change of a job, a new job or an import would come to, without making it.',
    authScopes: { may: 'jobPreview' },
    args: {
      input: t.arg({ type: JobPreviewInput, required: true, description: 'The change.' }),
      first: t.arg.int({ description: FIRST }),
    },
    complexity: fireComplexity,
    resolve: (_root, { input, first }, context) => context.services.jobs.preview(context, withSchedule(input), first),
  }),
);
