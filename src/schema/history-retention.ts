import type { RetentionStatus } from '../history/retention/retention-service.js';
import type { Deleted } from '../history/retention/rules.js';
import { builder } from './builder.js';
import { toDateOrNull } from './scalars.js';
import { ServerInfoType } from './server-info.js';

const DeletedType = builder.objectRef<Deleted>('HistoryDeleted').implement({
  description: 'How many rows of the history were deleted because of their age.',
  fields: (t) => ({
    transactions: t.exposeFloat('transactions', { description: 'Transactions of which nothing was left.' }),
    tasks: t.exposeFloat('tasks', { description: 'Tasks.' }),
    summaries: t.exposeFloat('summaries', { description: 'Summaries of tasks.' }),
    events: t.exposeFloat('events', { description: 'Events of tasks.' }),
    reports: t.exposeFloat('reports', { description: 'Reports remembered, so that they count once.' }),
  }),
});

const seconds = (age: number): number | null => (age === 0 ? null : age / 1_000);

const Retention = builder.objectRef<RetentionStatus>('HistoryRetention').implement({
  description: 'How long the history is kept, and what was deleted because of its age.',
  fields: (t) => ({
    rowsAge: t.float({
      nullable: true,
      description:
        'For so many seconds transactions and tasks are kept after their end; null = for ever. The last success of each task on each node is always kept.',
      resolve: ({ ages }) => seconds(ages.rows),
    }),
    summariesAge: t.float({
      nullable: true,
      description: 'For so many seconds summaries are kept; null = for ever.',
      resolve: ({ ages }) => seconds(ages.summaries),
    }),
    eventsAge: t.float({
      nullable: true,
      description: 'For so many seconds events of tasks are kept, but the newest of each transaction; null = for ever.',
      resolve: ({ ages }) => seconds(ages.events),
    }),
    lastRun: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the last round ended, on whichever server; null before the first.',
      resolve: ({ ranAt }) => toDateOrNull(ranAt),
    }),
    nextRun: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'About when the next one begins.',
      resolve: ({ nextAt }) => toDateOrNull(nextAt),
    }),
    lastDeleted: t.field({
      type: DeletedType,
      description: 'What the last round deleted.',
      resolve: ({ last }) => last,
    }),
    totalDeleted: t.field({
      type: DeletedType,
      description: 'What all rounds together deleted.',
      resolve: ({ total }) => total,
    }),
  }),
});

builder.objectField(ServerInfoType, 'historyRetention', (t) =>
  t.field({
    type: Retention,
    description: 'How long the history is kept, and what was deleted because of its age.',
    resolve: (_info, _args, context) => context.services.retention.status(),
  }),
);
