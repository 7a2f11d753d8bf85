import { DEFAULT_BACKGROUND_JOB_ORDER } from '../scheduler/directory/background-job-list.js';
import { BackgroundJob, BackgroundJobStateEnum } from './background-job.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { LeaseStateEnum } from './leased-work.js';
import { OrderDirectionEnum } from './order.js';

const BackgroundJobFilterInput = builder.inputType('BackgroundJobFilter', {
  description: 'Which background jobs; every field given narrows the list.',
  fields: (t) => ({
    serviceId: t.id({ description: 'Whose shard this service owns: its global id, `host/name`, or its name.' }),
    shardId: t.id({ description: 'Of this shard.' }),
    tag: t.field({
      type: 'JSONObject',
      description: 'With exactly this tag: `{ zone: "eu" }`; an empty one for those that fit every service.',
    }),
    kind: t.string({ description: 'Of this kind.' }),
    subject: t.id({ description: 'About what has this id.' }),
    project: t.string({ description: 'Of this project.' }),
    dueBefore: t.field({ type: 'DateTime', description: 'Looked at before this instant; exclusive.' }),
    states: t.field({ type: [BackgroundJobStateEnum], description: 'In these states.' }),
    workStates: t.field({ type: [LeaseStateEnum], description: 'Whose long work is in one of these states.' }),
  }),
});

const BackgroundJobOrderInput = builder.inputType('BackgroundJobOrder', {
  description: 'How a list of background jobs is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('BackgroundJobOrderField', {
        description: 'By what background jobs are ordered.',
        values: {
          WAKE_AT: { description: 'When they are looked at next; parked ones come first when ascending.' },
        } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

builder.queryField('backgroundJobs', (t) =>
  t.connection(
    {
      type: BackgroundJob,
      description: 'What engines have to do at which instants; callers of one project see those of its own.',
      authScopes: { may: 'backgroundJobs' },
      args: {
        filter: t.arg({ type: BackgroundJobFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: BackgroundJobOrderInput, description: 'In which order. Default: what is due first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context) => {
        const order = orderBy ?? DEFAULT_BACKGROUND_JOB_ORDER;
        const narrowed = { ...filter, dueBefore: filter?.dueBefore?.getTime() };
        return toConnection(await context.services.directory.backgroundJobs(context, narrowed, order, page));
      },
    },
    { name: 'BackgroundJobConnection', description: 'A page of background jobs.' },
    { name: 'BackgroundJobEdge', description: 'A background job in a page.' },
  ),
);

builder.queryField('backgroundJob', (t) =>
  t.field({
    type: BackgroundJob,
    nullable: true,
    description: 'A background job; null when there is none that the caller may see.',
    authScopes: { may: 'backgroundJob' },
    args: { id: t.arg.id({ required: true, description: 'The global id, or `kind/subject`.' }) },
    resolve: (_root, { id }, context) => context.services.directory.backgroundJob(context, id),
  }),
);
