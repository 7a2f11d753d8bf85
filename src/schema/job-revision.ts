import type { PageRequest } from '../db/page.js';
import type { JobHead, JobRevisionRow } from '../entities/job.js';
import type { DefinitionChange } from '../jobs/definition-diff.js';
import { diffDefinitions } from '../jobs/definition-diff.js';
import { scheduleOf } from '../jobs/schedule-of.js';
import { builder, OWN_ID } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { Job, jobLoader } from './job.js';
import { actionShapes, JobAction } from './job-action.js';
import { changedPayload } from './job-define.js';
import { CatchupPolicyEnum, describedEnum, OverlapPolicyEnum } from './job-enums.js';
import { JobRevertInput } from './job-input.js';
import { pageLoader, requestLoader } from './loader.js';
import { INPUT, mutationOptions } from './mutation.js';
import { toDate } from './scalars.js';
import { ScheduleType } from './schedule.js';

const ChangeKindEnum = describedEnum<DefinitionChange['kind']>('DefinitionChangeKind', 'How a place differs.', {
  ADDED: 'It is there now.',
  REMOVED: 'It was there before.',
  CHANGED: 'It was something else before.',
});

export const DefinitionChangeType = builder.objectRef<DefinitionChange>('DefinitionChange').implement({
  description: 'One place where two definitions differ. Secrets written out are masked.',
  fields: (t) => ({
    path: t.exposeStringList('path', { description: 'The place, outermost first.' }),
    kind: t.field({ type: ChangeKindEnum, description: 'How it differs.', resolve: ({ kind }) => kind }),
    before: t.field({ type: 'JSON', nullable: true, description: 'What was there.', resolve: ({ before }) => before }),
    after: t.field({ type: 'JSON', nullable: true, description: 'What is there.', resolve: ({ after }) => after }),
  }),
});

/** The state before each revision, for what changed in it. */
const beforeLoader = requestLoader<JobRevisionRow, JobRevisionRow | null>((revisions, context) =>
  context.services.jobs.revisionsBefore(revisions),
);

const JobRevision = builder.objectRef<JobRevisionRow>('JobRevision');

builder.node(JobRevision, {
  id: OWN_ID,
  loadMany: (ids: string[], context) => context.services.jobs.revisionsByIds(context, ids),
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'definition' in value && 'revision' in value,
  description: "One state of a job's definition: each change is kept, with who, when and why.",
  fields: (t) => ({
    job: t.field({
      type: Job,
      nullable: true,
      description: 'The job.',
      resolve: ({ jobId }, _args, context) => jobLoader(context).load(jobId),
    }),
    revision: t.exposeInt('revision', { description: 'Its number: 1, 2, 3 ...' }),
    at: t.field({ type: 'DateTime', description: 'When it was made.', resolve: ({ at }) => toDate(at) }),
    actor: t.exposeString('actor', { description: 'Who made it.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why.' }),
    changes: t.field({
      type: [DefinitionChangeType],
      description: 'What changed against the revision before; empty for the first.',
      resolve: async (revision, _args, context) => {
        const before = await beforeLoader(context).load(revision);
        return before ? diffDefinitions(before.definition, revision.definition) : [];
      },
    }),
    description: t.string({ description: 'What the job was for.', resolve: (row) => row.definition.description }),
    clientKey: t.string({ description: 'The client that ran it.', resolve: (row) => row.definition.clientKey }),
    actions: t.field({
      type: [JobAction],
      description: 'What it did.',
      resolve: (row) => actionShapes(row.definition),
    }),
    actionDefaults: t.field({
      type: 'JSONObject',
      description: 'What was merged into every action.',
      resolve: (row) => row.definition.actionDefaults,
    }),
    schedule: t.field({
      type: ScheduleType,
      description: 'When it was due.',
      resolve: (row) => scheduleOf(row.definition),
    }),
    overlap: t.field({
      type: OverlapPolicyEnum,
      description: 'What happened when it was due while a run was open.',
      resolve: (row) => row.definition.overlap,
    }),
    catchup: t.field({
      type: CatchupPolicyEnum,
      description: 'What happened to due times that no server could fire.',
      resolve: (row) => row.definition.catchup,
    }),
  }),
});

const JobRevisionConnection = builder.connectionObject(
  { type: JobRevision, name: 'JobRevisionConnection', description: "A page of a job's revisions." },
  { name: 'JobRevisionEdge', description: 'A revision in a page.' },
);

const revisionPages = pageLoader<JobHead, PageRequest, JobRevisionRow>(
  (context, jobs, request) =>
    context.services.jobs.revisionsOfEach(
      jobs.map(({ id }) => id),
      request,
    ),
  (context, { id }, request) => context.services.jobs.revisions(id, request),
);

builder.objectField(Job, 'revisions', (t) =>
  t.connection(
    {
      type: JobRevision,
      description: 'The states of its definition, the newest first.',
      complexity: (args) => pageComplexity(args),
      resolve: async (job, page, context) => toConnection(await revisionPages(context, job, page)),
    },
    JobRevisionConnection,
  ),
);

builder.objectField(Job, 'diff', (t) =>
  t.field({
    type: [DefinitionChangeType],
    description: 'Where two of its revisions differ.',
    args: {
      from: t.arg.int({ required: true, description: 'The one revision.' }),
      to: t.arg.int({ description: 'The other one; the present one when left out.' }),
    },
    resolve: (job, { from, to }, context) => context.services.jobs.diff(job, from, to ?? job.revision),
  }),
);

const JobRevertPayload = changedPayload('JobRevertPayload', 'What `jobRevert` changed.');

builder.mutationField('jobRevert', (t) =>
  t.field({
    ...mutationOptions('jobRevert', "Makes an earlier state of a job's definition its next revision."),
    type: JobRevertPayload,
    args: { input: t.arg({ type: JobRevertInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.jobs.revert(context, input),
  }),
);
