import type { PageRequest } from '../db/page.js';
import type { ClientRow } from '../entities/client.js';
import type { JobHead } from '../entities/job.js';
import { DEFAULT_CLIENT_ORDER } from '../jobs/client-list.js';
import { DEFAULT_ORDER, type JobOrder } from '../jobs/list.js';
import { builder } from './builder.js';
import { Client, ClientStateEnum, clientLoader, stateOf, storeNow } from './client.js';
import { pageComplexity, toConnection } from './connection.js';
import { Job } from './job.js';
import { JobConnection, JobFilterInput, JobOrderInput, toJobFilter } from './job-query.js';
import { pageLoader } from './loader.js';
import { OrderDirectionEnum } from './order.js';

const ClientFilterInput = builder.inputType('ClientFilter', {
  description: 'Which clients; every field given narrows the list.',
  fields: (t) => ({
    keys: t.stringList({ description: 'With these keys.' }),
    states: t.field({ type: [ClientStateEnum], description: 'In these states; UNKNOWN fits none that is registered.' }),
    hostnames: t.stringList({ description: 'On these hosts.' }),
    search: t.string({ description: 'With this text in key, host name or description, in whatever case of letters.' }),
  }),
});

const ClientOrderInput = builder.inputType('ClientOrder', {
  description: 'How a list of clients is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('ClientOrderField', {
        description: 'By what clients are ordered.',
        values: {
          CREATED_AT: { description: 'When it registered first.' },
          LAST_SEEN_AT: { description: 'When it was heard of last.' },
        } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

const ClientConnection = builder.connectionObject(
  { type: Client, name: 'ClientConnection', description: 'A page of clients.' },
  { name: 'ClientEdge', description: 'A client in a page.' },
);

builder.queryField('clients', (t) =>
  t.connection(
    {
      type: Client,
      description: 'The registered clients that the caller may see.',
      authScopes: { may: 'clients' },
      args: {
        filter: t.arg({ type: ClientFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: ClientOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context) =>
        toConnection(await context.services.clients.list(context, filter ?? {}, orderBy ?? DEFAULT_CLIENT_ORDER, page)),
    },
    ClientConnection,
  ),
);

builder.queryField('client', (t) =>
  t.field({
    type: Client,
    nullable: true,
    description: 'A client by its global id or its key; null when there is none that the caller may see.',
    authScopes: { may: 'client' },
    args: {
      id: t.arg.id({ required: true, description: 'The global id or the key.' }),
      project: t.arg.string({ description: 'The project of the key, where the caller sees several.' }),
    },
    resolve: (_root, { id, project }, context) => context.services.clients.find(context, { id, project }),
  }),
);

interface JobPageArgs extends PageRequest {
  filter: ReturnType<typeof toJobFilter>;
  order: JobOrder;
}

const ofClient = (filter: JobPageArgs['filter'], { project, key }: ClientRow) => ({
  ...filter,
  projects: [project],
  clientIds: [key],
});

const jobPages = pageLoader<ClientRow, JobPageArgs, JobHead>(
  (context, clients, { filter, order, ...page }) => {
    const filters = clients.map((client) => ofClient(filter, client));
    return context.services.jobs.listOfEach(context, filters, order, page);
  },
  (context, client, { filter, order, ...page }) =>
    context.services.jobs.list(context, ofClient(filter, client), order, page),
);

builder.objectField(Client, 'jobs', (t) =>
  t.connection(
    {
      type: Job,
      description: 'What it is to do; of the filter, what names clients and projects is left aside.',
      args: {
        filter: t.arg({ type: JobFilterInput, description: 'Which jobs.' }),
        orderBy: t.arg({ type: JobOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (client, { filter, orderBy, ...page }, context) => {
        const args = { ...page, filter: toJobFilter(filter), order: orderBy ?? DEFAULT_ORDER };
        return toConnection(await jobPages(context, client, args));
      },
    },
    JobConnection,
  ),
);

builder.objectFields(Job, (t) => ({
  client: t.field({
    type: Client,
    nullable: true,
    description: 'The host that runs it; null while none is registered under that key.',
    resolve: (job, _args, context) => clientLoader(context).load(job),
  }),
  clientState: t.field({
    type: ClientStateEnum,
    description: 'Whether the agent of its client is there.',
    resolve: async (job, _args, context) => {
      const [client, now] = await Promise.all([clientLoader(context).load(job), storeNow(context)]);
      return stateOf(client, now);
    },
  }),
}));
