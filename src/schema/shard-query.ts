import type { PageRequest } from '../db/page.js';
import type { ServiceRow } from '../entities/service.js';
import type { ShardRow } from '../entities/shard.js';
import { DEFAULT_SHARD_ORDER, type ShardOrder } from '../scheduler/directory/shard-list.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { pageLoader } from './loader.js';
import { OrderDirectionEnum } from './order.js';
import { Service } from './service.js';
import { Shard, ShardStateEnum } from './shard.js';

const TAG = 'With exactly this tag: `{ zone: "eu" }`; an empty one for those that fit every service.';

const ShardFilterInput = builder.inputType('ShardFilter', {
  description: 'Which shards; every field given narrows the list.',
  fields: (t) => ({
    serviceId: t.id({ description: 'That this service owns: its global id, `host/name`, or its name.' }),
    tag: t.field({ type: 'JSONObject', description: TAG }),
    states: t.field({ type: [ShardStateEnum], description: 'In these states: FREE, UNASSIGNED ...' }),
  }),
});

const ServiceShardFilterInput = builder.inputType('ServiceShardFilter', {
  description: 'Which shards of a service; every field given narrows the list.',
  fields: (t) => ({
    tag: t.field({ type: 'JSONObject', description: TAG }),
    states: t.field({ type: [ShardStateEnum], description: 'In these states.' }),
  }),
});

const ShardOrderInput = builder.inputType('ShardOrder', {
  description: 'How a list of shards is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('ShardOrderField', {
        description: 'By what shards are ordered.',
        values: {
          TAG: { description: 'Those of a tag together, by their slice.' },
          LEASE_UNTIL: { description: 'When their lease ends; those that nobody owns come first when ascending.' },
        } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

const ShardConnection = builder.connectionObject(
  { type: Shard, name: 'ShardConnection', description: 'A page of shards.' },
  { name: 'ShardEdge', description: 'A shard in a page.' },
);

builder.queryField('shards', (t) =>
  t.connection(
    {
      type: Shard,
      description: 'The slices of the schedule, and who owns them.',
      authScopes: { may: 'shards' },
      args: {
        filter: t.arg({ type: ShardFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: ShardOrderInput, description: 'In which order. Default: by tag and slice.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context) => {
        const order = orderBy ?? DEFAULT_SHARD_ORDER;
        return toConnection(await context.services.directory.shards(context, filter ?? {}, order, page));
      },
    },
    ShardConnection,
  ),
);

interface ShardPageArgs extends PageRequest {
  filter: typeof ServiceShardFilterInput.$inferInput;
  order: ShardOrder;
}

const shardPages = pageLoader<ServiceRow, ShardPageArgs, ShardRow>(
  (context, services, { filter, order, ...page }) => {
    const filters = services.map(({ id: serviceId }) => ({ ...filter, serviceId }));
    return context.services.directory.shardsOfEach(context, filters, order, page);
  },
  (context, { id: serviceId }, { filter, order, ...page }) =>
    context.services.directory.shards(context, { ...filter, serviceId }, order, page),
);

builder.objectField(Service, 'shards', (t) =>
  t.connection(
    {
      type: Shard,
      description: 'The shards that it owns.',
      args: {
        filter: t.arg({ type: ServiceShardFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: ShardOrderInput, description: 'In which order. Default: by tag and slice.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (service, { filter, orderBy, ...page }, context) => {
        const args = { ...page, filter: filter ?? {}, order: orderBy ?? DEFAULT_SHARD_ORDER };
        return toConnection(await shardPages(context, service, args));
      },
    },
    ShardConnection,
  ),
);
