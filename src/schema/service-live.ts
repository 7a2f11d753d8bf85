import type { LoggedEvent } from '../events/topics.js';
import { builder } from './builder.js';
import { toDate } from './scalars.js';
import { Service, ServiceStateEnum, serviceLoader } from './service.js';

type StateEvent = LoggedEvent<'serviceStateChanged'>;

const ServiceStateChanged = builder.objectRef<StateEvent>('ServiceStateChanged').implement({
  description: 'A service came, went, failed, was drained or removed: how it was then.',
  fields: (t) => ({
    cursor: t.string({
      description: 'Where to resume after this fact.',
      resolve: (event, _args, context) => context.services.live.cursorOf(event),
    }),
    at: t.field({ type: 'DateTime', description: 'When it happened.', resolve: (event) => toDate(event.at) }),
    service: t.field({
      type: Service,
      nullable: true,
      description: 'The service as it is now, which may be later than this fact; null once it is removed.',
      resolve: (event, _args, context) => serviceLoader(context).load(event.subject),
    }),
    host: t.string({ description: 'The host it runs on.', resolve: ({ payload }) => payload.host }),
    name: t.string({ description: 'Its name on that host.', resolve: ({ payload }) => payload.name }),
    state: t.field({
      type: ServiceStateEnum,
      description: 'The new state; of one that was removed the last it had.',
      resolve: ({ payload }) => payload.state,
    }),
    stateBefore: t.field({
      type: ServiceStateEnum,
      nullable: true,
      description: 'The state before; null for a new one.',
      resolve: ({ payload }) => payload.stateBefore,
    }),
    incarnation: t.int({ description: 'Which start of it.', resolve: ({ payload }) => payload.incarnation }),
    reason: t.string({ nullable: true, description: 'Why.', resolve: ({ payload }) => payload.reason }),
    removed: t.boolean({
      description: 'Whether it was removed.',
      resolve: ({ payload }) => payload.removed === true,
    }),
  }),
});

const ServiceStateFilterInput = builder.inputType('ServiceStateFilter', {
  description: 'Which facts; every field given narrows the stream.',
  fields: (t) => ({
    serviceIds: t.idList({ description: 'Of the services with these global ids.' }),
    hosts: t.stringList({ description: 'Of services on these hosts.' }),
    states: t.field({ type: [ServiceStateEnum], description: 'With one of these as the new state.' }),
  }),
});

builder.subscriptionField('serviceStateChanged', (t) =>
  t.field({
    type: ServiceStateChanged,
    description: 'Services as they come, go, fail and are drained.',
    authScopes: { may: 'serviceStateChanged' },
    args: {
      filter: t.arg({ type: ServiceStateFilterInput, description: 'Which ones.' }),
      after: t.arg.string({
        description: 'The last cursor seen: what was missed since comes first. Left out: from now.',
      }),
    },
    subscribe: (_root, { filter, after }, context) =>
      context.services.live.events({
        topics: ['serviceStateChanged'],
        accept: ({ subject, payload }) =>
          (filter?.serviceIds?.includes(subject) ?? true) &&
          (filter?.hosts?.includes(payload.host) ?? true) &&
          (filter?.states?.includes(payload.state) ?? true),
        after: after ?? null,
        signal: context.signal,
      }),
    resolve: (event) => event,
  }),
);
