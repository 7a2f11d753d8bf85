import type { ApiTokenRow } from '../entities/api-token.js';
import { builder, OWN_ID } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { INPUT, mutationOptions } from './mutation.js';
import { OrderDirectionEnum } from './order.js';
import { RoleEnum } from './viewer.js';

const ApiToken = builder.objectRef<ApiTokenRow>('ApiToken');

builder.node(ApiToken, {
  description: 'A bearer token of the API. Its text was shown once, when it was made.',
  id: OWN_ID,
  loadOne: (id, context) => context.services.tokens.find(context, id),
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What it is for.' }),
    role: t.expose('role', { type: RoleEnum, description: 'What its bearer may do.' }),
    project: t.exposeString('project', { nullable: true, description: 'The one project it sees; null = all.' }),
    clientKey: t.exposeString('clientKey', {
      nullable: true,
      description: 'The key of the one client that an agent speaks for.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    createdBy: t.exposeString('createdBy', { description: 'The id of who made it.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ends by itself; null = never.',
    }),
    revokedAt: t.expose('revokedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was revoked.',
    }),
    lastUsedAt: t.expose('lastUsedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was used last, to the minute.',
    }),
  }),
});

const ApiTokenFilterInput = builder.inputType('ApiTokenFilter', {
  description: 'Which tokens; every field given narrows the list.',
  fields: (t) => ({
    role: t.field({ type: RoleEnum, description: 'With this role.' }),
    project: t.string({ description: 'Of this project.' }),
  }),
});

const ApiTokenOrderInput = builder.inputType('ApiTokenOrder', {
  description: 'How a list of tokens is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('ApiTokenOrderField', {
        description: 'By what tokens are ordered.',
        values: { CREATED_AT: { description: 'When it was made.' } } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

builder.queryField('apiTokens', (t) =>
  t.connection(
    {
      type: ApiToken,
      description: 'The tokens that the caller may see; revoked ones too.',
      authScopes: { may: 'apiTokens' },
      args: {
        filter: t.arg({ type: ApiTokenFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: ApiTokenOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context) =>
        toConnection(await context.services.tokens.list(context, filter ?? {}, orderBy?.direction ?? 'DESC', page)),
    },
    { name: 'ApiTokenConnection', description: 'A page of tokens.' },
    { name: 'ApiTokenEdge', description: 'A token in a page.' },
  ),
);

const ApiTokenCreateInput = builder.inputType('ApiTokenCreateInput', {
  description: 'What a new token is to be.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What it is for: 1 to 255 characters.' }),
    role: t.field({ type: RoleEnum, required: true, description: 'What its bearer may do; no more than the caller.' }),
    project: t.string({ description: 'The one project it sees. Needed for MEMBER and AGENT; default: the caller’s.' }),
    clientKey: t.string({ description: 'The key of the client that an agent speaks for. Needed for AGENT.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When it ends by itself. Default: never.' }),
  }),
});

const ApiTokenCreatePayload = builder
  .objectRef<{ token: ApiTokenRow; text: string }>('ApiTokenCreatePayload')
  .implement({
    description: 'The new token.',
    fields: (t) => ({
      apiToken: t.field({ type: ApiToken, description: 'The token.', resolve: ({ token }) => token }),
      secret: t.exposeString('text', {
        description:
          'What to send as `Authorization: Bearer ...`. It is stored hashed: this is the only time it is shown.',
      }),
    }),
  });

builder.mutationField('apiTokenCreate', (t) =>
  t.field({
    ...mutationOptions('apiTokenCreate', 'Makes a token that may do no more, and lives no longer, than its maker.'),
    type: ApiTokenCreatePayload,
    args: { input: t.arg({ type: ApiTokenCreateInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) =>
      context.services.tokens.create(context, {
        name: input.name,
        role: input.role,
        project: input.project ?? null,
        client: input.clientKey ?? null,
        expiresAt: input.expiresAt?.getTime() ?? null,
      }),
  }),
);

const ApiTokenRevokeInput = builder.inputType('ApiTokenRevokeInput', {
  description: 'Which token to end.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The global id of the token.' }) }),
});

const ApiTokenRevokePayload = builder
  .objectRef<{ token: ApiTokenRow; outcome: 'REVOKED' | 'ALREADY_REVOKED' }>('ApiTokenRevokePayload')
  .implement({
    description: 'The token, ended.',
    fields: (t) => ({
      apiToken: t.field({ type: ApiToken, description: 'The token.', resolve: ({ token }) => token }),
      outcome: t.field({
        type: builder.enumType('ApiTokenRevokeOutcome', {
          description: 'What became of the command.',
          values: {
            REVOKED: { description: 'Its rights ended now; its sessions and connections are closed.' },
            ALREADY_REVOKED: { description: 'It had been revoked before.' },
          } as const,
        }),
        description: 'What became of the command.',
        resolve: ({ outcome }) => outcome,
      }),
    }),
  });

builder.mutationField('apiTokenRevoke', (t) =>
  t.field({
    ...mutationOptions('apiTokenRevoke', 'Ends a token’s rights at once, with its sessions and open connections.'),
    type: ApiTokenRevokePayload,
    args: { input: t.arg({ type: ApiTokenRevokeInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.tokens.revoke(context, input.id),
  }),
);
