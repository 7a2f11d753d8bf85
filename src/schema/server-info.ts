import { builder } from './builder.js';
import type { RateLimitView, ServerInfo } from './context.js';
import { toDate, toDateOrNull } from './scalars.js';

export const ServerInfoType = builder.objectRef<ServerInfo>('ServerInfo').implement({
  description: 'The server that answers.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name of this service.' }),
    version: t.exposeString('version', { description: 'The version of Orrery it runs.' }),
    startedAt: t.field({
      type: 'DateTime',
      description: 'When it started.',
      resolve: (info) => toDate(info.startedAt),
    }),
    now: t.field({
      type: 'DateTime',
      description: 'The instant by the store’s clock, by which due times are judged.',
      resolve: async (_info, _args, context) => toDate(await context.services.storeNow()),
    }),
    liveCursor: t.string({
      description:
        'The cursor of this moment. Take it, read a state, then subscribe with it as `after`: nothing is missed between.',
      resolve: (_info, _args, context) => context.services.live.now(),
    }),
    role: t.exposeString('role', { description: 'What it does: `api`, `engine` or `all`.' }),
    database: t.exposeString('database', { description: 'Where it keeps the truth: `sqlite` or `mysql`.' }),
  }),
});

builder.queryField('serverInfo', (t) =>
  t.field({
    type: ServerInfoType,
    description: 'The server that answers.',
    authScopes: { may: 'serverInfo' },
    resolve: (_root, _args, context) => context.services.serverInfo,
  }),
);

const RateLimit = builder.objectRef<RateLimitView>('RateLimit').implement({
  description: 'What the caller may still spend. An operation costs its fields; a page costs its size.',
  fields: (t) => ({
    cost: t.exposeInt('cost', { description: 'What this operation cost.' }),
    limit: t.exposeInt('limit', { nullable: true, description: 'What may be spent a minute; null = no limit.' }),
    remaining: t.exposeInt('remaining', { nullable: true, description: 'What is left now.' }),
    resetAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When everything can be spent again.',
      resolve: (state) => toDateOrNull(state.resetAt),
    }),
  }),
});

builder.queryField('rateLimit', (t) =>
  t.field({
    type: RateLimit,
    description: 'What the caller may still spend.',
    authScopes: { may: 'rateLimit' },
    resolve: (_root, _args, context) => context.rateLimit,
  }),
);
