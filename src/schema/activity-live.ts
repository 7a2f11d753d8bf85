import { sees } from '../auth/scope.js';
import type { LoggedEvent } from '../events/topics.js';
import { Activity, requireMutation, requireOutcome } from './activity.js';
import { builder } from './builder.js';

type Recorded = LoggedEvent<'activityRecorded'>;

const ActivityRecordedFilter = builder.inputType('ActivityRecordedFilter', {
  description: 'Which commands; every field given narrows the stream.',
  fields: (t) => ({
    actions: t.stringList({ description: 'Of these mutations.' }),
    subjects: t.stringList({ description: 'Done to the objects with these ids.' }),
    outcomes: t.stringList({
      description: 'That ended in one of these ways: `OK`, or the code of the error it was refused with.',
    }),
  }),
});

const ActivityRecorded = builder.objectRef<Recorded>('ActivityRecorded').implement({
  description: 'A command was carried out, or refused.',
  fields: (t) => ({
    cursor: t.string({
      description: 'Where the stream stands: the `after` of a later subscription.',
      resolve: (event, _args, context) => context.services.live.cursorOf(event),
    }),
    activity: t.field({
      type: Activity,
      nullable: true,
      description: 'The command; null once its row is older than what is kept.',
      resolve: (event, _args, context) => context.services.activities.find(context, event.subject),
    }),
  }),
});

builder.subscriptionField('activityRecorded', (t) =>
  t.field({
    type: ActivityRecorded,
    description: 'Commands as they are carried out or refused.',
    authScopes: { may: 'activityRecorded' },
    args: {
      filter: t.arg({ type: ActivityRecordedFilter, description: 'Which ones.' }),
      after: t.arg.string({ description: 'The last cursor seen; left out: from now on.' }),
    },
    subscribe: (_root, { filter, after }, context, info) => {
      for (const action of filter?.actions ?? []) requireMutation(info, action, ['filter', 'actions']);
      for (const outcome of filter?.outcomes ?? []) requireOutcome(outcome, ['filter', 'outcomes']);
      return context.services.live.events({
        topics: ['activityRecorded'],
        after: after ?? null,
        signal: context.signal,
        accept: (event) =>
          sees(context, event.project) &&
          (filter?.actions?.includes(event.payload.action) ?? true) &&
          (filter?.subjects?.includes(event.payload.subject ?? '') ?? true) &&
          (filter?.outcomes?.includes(event.payload.outcome ?? 'OK') ?? true),
      });
    },
    resolve: (event) => event,
  }),
);
