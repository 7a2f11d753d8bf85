import type { JobHead } from '../entities/job.js';
import { DEFAULT_ORDER } from '../jobs/list.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { Job } from './job.js';
import { ActionKindEnum, JobResultEnum, JobStatusEnum, ScheduleKindEnum } from './job-enums.js';
import { OrderDirectionEnum } from './order.js';
import { pageColumns } from './selection.js';

export const JobFilterInput = builder.inputType('JobFilter', {
  description:
    'Which jobs; every field given narrows the list. Removed jobs are shown only when their status is asked for.',
  fields: (t) => ({
    projects: t.stringList({ description: 'Of these projects.' }),
    keys: t.stringList({ description: 'With these keys.' }),
    clientIds: t.stringList({ description: 'Of these clients.' }),
    statuses: t.field({ type: [JobStatusEnum], description: 'In these statuses.' }),
    results: t.field({ type: [JobResultEnum], description: 'Whose last run ended in one of these ways.' }),
    actions: t.field({ type: [ActionKindEnum], description: 'With an action of one of these kinds.' }),
    scheduleKinds: t.field({ type: [ScheduleKindEnum], description: 'With a schedule of these kinds.' }),
    search: t.string({
      description:
        'With this text in key, client or description, in whatever case of letters. Reads the list in its order until the page is full.',
    }),
    nextRunBefore: t.field({ type: 'DateTime', description: 'Due before this instant.' }),
    nextRunAfter: t.field({ type: 'DateTime', description: 'Due after this instant.' }),
    stale: t.boolean({ description: 'Whether the last success is too old.' }),
  }),
});

export const JobOrderInput = builder.inputType('JobOrder', {
  description: 'How a list of jobs is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('JobOrderField', {
        description: 'By what jobs are ordered.',
        values: {
          TIME_CREATED: { description: 'When it was made.' },
          NEXT_RUN_AT: { description: 'When it is due next; those that are not planned come first when ascending.' },
        } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

type GivenFilter = typeof JobFilterInput.$inferInput;

/** A filter of the API in the domain's words: instants as epoch milliseconds. */
export function toJobFilter(given: GivenFilter | null | undefined) {
  const { nextRunBefore, nextRunAfter, ...rest } = given ?? {};
  return { ...rest, nextRunBefore: nextRunBefore?.getTime(), nextRunAfter: nextRunAfter?.getTime() };
}

export const JobConnection = builder.connectionObject(
  { type: Job, name: 'JobConnection', description: 'A page of jobs.' },
  { name: 'JobEdge', description: 'A job in a page.' },
);

builder.queryField('jobs', (t) =>
  t.connection(
    {
      type: Job,
      description: 'The jobs that the caller may see.',
      authScopes: { may: 'jobs' },
      args: {
        filter: t.arg({ type: JobFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: JobOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context, info) => {
        const only = pageColumns<JobHead>(info);
        const order = orderBy ?? DEFAULT_ORDER;
        return toConnection(await context.services.jobs.list(context, toJobFilter(filter), order, page, only));
      },
    },
    JobConnection,
  ),
);

builder.queryField('job', (t) =>
  t.field({
    type: Job,
    nullable: true,
    description: 'A job by its global id or by its key; null when there is none that the caller may see.',
    authScopes: { may: 'job' },
    args: {
      id: t.arg.id({ required: true, description: 'The global id or the key.' }),
      project: t.arg.string({ description: 'The project of the key, where the caller sees several.' }),
    },
    resolve: (_root, { id, project }, context) => context.services.jobs.find(context, { id, project }),
  }),
);
