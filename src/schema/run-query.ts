import type { PageRequest } from '../db/page.js';
import type { JobHead } from '../entities/job.js';
import type { RunView } from '../jobs/run-find.js';
import { DEFAULT_RUN_ORDER, type RunOrder } from '../jobs/run-list.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { Job } from './job.js';
import { JobRunNowPayload } from './job-commands.js';
import { JobResultEnum } from './job-enums.js';
import { pageLoader } from './loader.js';
import { OrderDirectionEnum } from './order.js';
import { JobRun } from './run.js';
import { RunStateEnum, RunTriggerEnum } from './run-enums.js';
import { TransactionStatusEnum } from './transaction.js';
import { runLoader } from './transaction-loader.js';

const RunFilterInput = builder.inputType('RunFilter', {
  description: 'Which runs; every field given narrows the list.',
  fields: (t) => ({
    jobIds: t.idList({ description: 'Of the jobs with these global ids.' }),
    jobKeys: t.stringList({ description: 'Of the jobs with these keys.' }),
    clientIds: t.stringList({ description: "For these clients (a document's `client_id`)." }),
    statuses: t.field({ type: [TransactionStatusEnum], description: 'In these statuses.' }),
    states: t.field({ type: [RunStateEnum], description: 'In these states.' }),
    results: t.field({ type: [JobResultEnum], description: 'That ended in one of these ways.' }),
    triggers: t.field({ type: [RunTriggerEnum], description: 'Made by one of these.' }),
    startedAfter: t.field({ type: 'DateTime', description: 'That began after this instant.' }),
    startedBefore: t.field({ type: 'DateTime', description: 'That began before this instant.' }),
  }),
});

const RunOrderInput = builder.inputType('RunOrder', {
  description: 'How a list of runs is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('RunOrderField', {
        description: 'By what runs are ordered.',
        values: {
          CREATED_AT: { description: 'When it was made.' },
          STARTED_AT: { description: 'When it began; those that have not come first when ascending.' },
        } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

type GivenFilter = typeof RunFilterInput.$inferInput;

/** A filter of the API in the domain's words: instants as epoch milliseconds. */
function toRunFilter(given: GivenFilter | null | undefined) {
  const { startedAfter, startedBefore, ...rest } = given ?? {};
  return { ...rest, startedAfter: startedAfter?.getTime(), startedBefore: startedBefore?.getTime() };
}

const JobRunConnection = builder.connectionObject(
  { type: JobRun, name: 'JobRunConnection', description: 'A page of runs.' },
  { name: 'JobRunEdge', description: 'A run in a page.' },
);

builder.queryField('runs', (t) =>
  t.connection(
    {
      type: JobRun,
      description: 'The runs that the caller may see.',
      authScopes: { may: 'runs' },
      args: {
        filter: t.arg({ type: RunFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: RunOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context) =>
        toConnection(
          await context.services.runs.list(context, toRunFilter(filter), orderBy ?? DEFAULT_RUN_ORDER, page),
        ),
    },
    JobRunConnection,
  ),
);

builder.queryField('run', (t) =>
  t.field({
    type: JobRun,
    nullable: true,
    description: 'A run by its global id or its number; null when there is none that the caller may see.',
    authScopes: { may: 'run' },
    args: { id: t.arg.id({ required: true, description: 'The global id or the number.' }) },
    resolve: (_root, { id }, context) => context.services.runs.find(context, id),
  }),
);

interface RunPageArgs extends PageRequest {
  filter: ReturnType<typeof toRunFilter>;
  order: RunOrder;
}

const ofJob = (filter: RunPageArgs['filter'], { id }: JobHead) => ({ ...filter, jobKeys: null, jobIds: [id] });

const runPages = pageLoader<JobHead, RunPageArgs, RunView>(
  (context, jobs, { filter, order, ...page }) => {
    const filters = jobs.map((job) => ofJob(filter, job));
    return context.services.runs.listOfEach(context, filters, order, page);
  },
  (context, job, { filter, order, ...page }) => context.services.runs.list(context, ofJob(filter, job), order, page),
);

builder.objectField(Job, 'runs', (t) =>
  t.connection(
    {
      type: JobRun,
      description: 'Its runs; of the filter, what names jobs is left aside.',
      args: {
        filter: t.arg({ type: RunFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: RunOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (job, { filter, orderBy, ...page }, context) => {
        const args = { ...page, filter: toRunFilter(filter), order: orderBy ?? DEFAULT_RUN_ORDER };
        return toConnection(await runPages(context, job, args));
      },
    },
    JobRunConnection,
  ),
);

builder.objectField(JobRunNowPayload, 'run', (t) =>
  t.field({
    type: JobRun,
    nullable: true,
    description: 'The run that was made, or the one that waits already; null when the overlap policy made none.',
    resolve: ({ run }, _args, context) => (run === null ? null : runLoader(context).load(run.id)),
  }),
);
