import type { LoggedEvent, ShardMove } from '../events/topics.js';
import { checkTag } from '../scheduler/directory/label-rules.js';
import { tagKey } from '../scheduler/tag.js';
import { builder } from './builder.js';
import { describedEnum } from './job-enums.js';
import { toDate } from './scalars.js';
import { Service, serviceLoader } from './service.js';
import { Shard, shardLoader } from './shard.js';

type MoveEvent = LoggedEvent<'shardMoved'>;

const ShardMoveEnum = describedEnum<ShardMove>('ShardMoveReason', 'What became of a shard.', {
  TAKEN: 'A service took it that nobody owned.',
  TAKEOVER: 'A service took it whose owner had let its lease run out.',
  RESTARTED: 'A service took back what its earlier start had owned.',
  RELEASED: 'Its owner let go of it.',
});

const ShardMoved = builder.objectRef<MoveEvent>('ShardMoved').implement({
  description: 'A shard changed hands: who, why, from and to.',
  fields: (t) => ({
    cursor: t.string({
      description: 'Where to resume after this fact.',
      resolve: (event, _args, context) => context.services.live.cursorOf(event),
    }),
    at: t.field({ type: 'DateTime', description: 'When it happened.', resolve: (event) => toDate(event.at) }),
    shard: t.field({
      type: Shard,
      nullable: true,
      description: 'The shard as it is now, which may be later than this fact; null once it is gone.',
      resolve: (event, _args, context) => shardLoader(context).load(event.subject),
    }),
    tag: t.field({
      type: 'JSONObject',
      description: 'Its tag: the labels that its owner must carry.',
      resolve: ({ payload }) => payload.tag,
    }),
    slice: t.int({ description: 'Which slice of its tag it is.', resolve: ({ payload }) => payload.slice }),
    fence: t.int({ description: 'Its fence after the move.', resolve: ({ payload }) => payload.fence }),
    reason: t.field({
      type: ShardMoveEnum,
      description: 'What became of it.',
      resolve: ({ payload }) => payload.reason,
    }),
    why: t.string({ description: 'Why, in words.', resolve: ({ payload }) => payload.why }),
    from: t.field({
      type: Service,
      nullable: true,
      description: 'The service that had it; null: nobody, or it is removed.',
      resolve: ({ payload: { from } }, _args, context) => (from === null ? null : serviceLoader(context).load(from)),
    }),
    to: t.field({
      type: Service,
      nullable: true,
      description: 'The service that has it; null: nobody, or it is removed.',
      resolve: ({ payload: { to } }, _args, context) => (to === null ? null : serviceLoader(context).load(to)),
    }),
    fromName: t.string({
      nullable: true,
      description: 'The service that had it, as `host/name`; null: nobody.',
      resolve: ({ payload }) => payload.fromName,
    }),
    toName: t.string({
      nullable: true,
      description: 'The service that has it, as `host/name`; null: nobody.',
      resolve: ({ payload }) => payload.toName,
    }),
  }),
});

const ShardMovedFilterInput = builder.inputType('ShardMovedFilter', {
  description: 'Which moves; every field given narrows the stream.',
  fields: (t) => ({
    shardIds: t.idList({ description: 'Of these shards.' }),
    serviceIds: t.idList({ description: 'From or to the services with these global ids.' }),
    tag: t.field({ type: 'JSONObject', description: 'Of shards with exactly this tag.' }),
    reasons: t.field({ type: [ShardMoveEnum], description: 'Of these kinds.' }),
  }),
});

builder.subscriptionField('shardMoved', (t) =>
  t.field({
    type: ShardMoved,
    description: 'Shards as they change hands.',
    authScopes: { may: 'shardMoved' },
    args: {
      filter: t.arg({ type: ShardMovedFilterInput, description: 'Which ones.' }),
      after: t.arg.string({
        description: 'The last cursor seen: what was missed since comes first. Left out: from now.',
      }),
    },
    subscribe: (_root, { filter, after }, context) => {
      const key = filter?.tag == null ? null : tagKey(checkTag(filter.tag, ['filter', 'tag']));
      const isOf = (id: string | null): boolean => id !== null && filter?.serviceIds?.includes(id) === true;
      return context.services.live.events({
        topics: ['shardMoved'],
        accept: ({ subject, payload }) =>
          (filter?.shardIds?.includes(subject) ?? true) &&
          (filter?.serviceIds == null || isOf(payload.from) || isOf(payload.to)) &&
          (key === null || tagKey(payload.tag) === key) &&
          (filter?.reasons?.includes(payload.reason) ?? true),
        after: after ?? null,
        signal: context.signal,
      });
    },
    resolve: (event) => event,
  }),
);
