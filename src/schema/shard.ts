import type { ShardRow } from '../entities/shard.js';
import { type ShardState, shardStateOf } from '../scheduler/directory/shard-list.js';
import { builder, OWN_ID } from './builder.js';
import { describedEnum } from './job-enums.js';
import { requestLoader } from './loader.js';
import { isRowOf } from './node-types.js';
import { rosterNow } from './roster.js';
import { Service, serviceLoader } from './service.js';

export const ShardStateEnum = describedEnum<ShardState>('ShardState', 'Who owns a shard.', {
  OWNED: 'A service holds it.',
  FREE: 'Nobody does, and a service that is alive may take it.',
  EXPIRED: 'Its owner let its lease run out: it is about to be taken over.',
  UNASSIGNED: 'No service that is alive and takes work may own it.',
});

/** Shards by their ids, for the fields that lead to one; null for one that is gone or that the caller may not see. */
export const shardLoader = requestLoader<string, ShardRow | null>((ids, context) =>
  context.services.directory.shardsByIds(context, ids),
);

export const Shard = builder.objectRef<ShardRow>('Shard');

builder.node(Shard, {
  id: OWN_ID,
  loadMany: (ids: string[], context) => context.services.directory.shardsByIds(context, ids),
  isTypeOf: (value) => isRowOf(value, 'Shard'),
  description: 'A slice of the background jobs of one tag: what a service owns, fires and hands over as a whole.',
  fields: (t) => ({
    tag: t.expose('tag', {
      type: 'JSONObject',
      description: 'The labels that its owner must carry; an empty one fits every service.',
    }),
    slice: t.exposeInt('slice', { description: '0, 1, 2 ...: which slice of its tag it is.' }),
    state: t.field({
      type: ShardStateEnum,
      description: 'Who owns it.',
      resolve: async (shard, _args, context) => shardStateOf(shard, await rosterNow(context)),
    }),
    reason: t.string({
      nullable: true,
      description: 'Why it is UNASSIGNED; null when it is not.',
      resolve: async (shard, _args, context) => {
        const roster = await rosterNow(context);
        return shardStateOf(shard, roster) === 'UNASSIGNED' ? roster.reasonFor(shard.tag, true) : null;
      },
    }),
    service: t.field({
      type: Service,
      nullable: true,
      description: 'The service that owns it, or did when its lease ran out.',
      resolve: ({ ownerId }, _args, context) => (ownerId === null ? null : serviceLoader(context).load(ownerId)),
    }),
    fence: t.exposeInt('fence', { description: 'Rises with each taking: whoever fires with an older one is refused.' }),
    leaseUntil: t.expose('leaseUntil', {
      type: 'DateTime',
      nullable: true,
      description: 'When another may take it, unless its lease is renewed; null while nobody owns it.',
    }),
  }),
});
