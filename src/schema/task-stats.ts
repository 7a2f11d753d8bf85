import type { TaskFigures } from '../history/task-stats.js';
import type { TaskStats } from '../history/task-stats-read.js';
import { builder } from './builder.js';
import { toDate } from './scalars.js';
import { Task } from './task.js';
import { TaskCount } from './transaction.js';

const TaskStatsFilterInput = builder.inputType('TaskStatsFilter', {
  description: 'Which attempts statistics are made of; every field given narrows them.',
  fields: (t) => ({
    clusterIds: t.idList({ description: 'In these clusters: global or external ids.' }),
    projects: t.stringList({ description: 'In runs of jobs of these projects.' }),
    nodeIds: t.idList({ description: 'On these nodes; of a run: its client.' }),
  }),
});

const TaskStatsWindowInput = builder.inputType('TaskStatsWindow', {
  description: 'From when to when attempts began (or were made, where they have not begun).',
  fields: (t) => ({
    from: t.field({ type: 'DateTime', description: 'From this instant on. Default: 30 days before `to`.' }),
    to: t.field({ type: 'DateTime', description: 'Before this instant. Default: now.' }),
  }),
});

const seconds = (milliseconds: number | null): number | null => (milliseconds === null ? null : milliseconds / 1_000);

const TaskDurations = builder.objectRef<TaskFigures>('TaskDurations').implement({
  description:
    'How long attempts took that ended READY or ERROR, in seconds: each figure is a duration that occurred (the nearest rank). Null where there are none.',
  fields: (t) => ({
    p50: t.float({ nullable: true, description: 'Half took no longer.', resolve: ({ p50 }) => seconds(p50) }),
    p95: t.float({ nullable: true, description: '95 % took no longer.', resolve: ({ p95 }) => seconds(p95) }),
    p99: t.float({ nullable: true, description: '99 % took no longer.', resolve: ({ p99 }) => seconds(p99) }),
  }),
});

const TaskStatsType = builder.objectRef<TaskStats>('TaskStats').implement({
  description: 'Statistics of the attempts of one task name.',
  fields: (t) => ({
    taskName: t.exposeString('taskName', { description: 'The name.' }),
    from: t.field({
      type: 'DateTime',
      description: 'From when on attempts are looked at.',
      resolve: ({ from }) => toDate(from),
    }),
    to: t.field({
      type: 'DateTime',
      description: 'Before when attempts are looked at.',
      resolve: ({ to }) => toDate(to),
    }),
    truncated: t.exposeBoolean('truncated', {
      description: 'Whether there were more than 200,000 attempts: the newest are looked at, and `from` is the oldest.',
    }),
    attemptCount: t.int({ description: 'How many attempts there were.', resolve: ({ figures }) => figures.attempts }),
    statusCounts: t.field({
      type: [TaskCount],
      description: 'The number of attempts in each status that occurs.',
      resolve: ({ figures: { counts } }) =>
        [...counts].map(([status, count]) => ({ status, count })).sort((a, b) => (a.status < b.status ? -1 : 1)),
    }),
    duration: t.field({
      type: TaskDurations,
      description: 'How long attempts took.',
      resolve: ({ figures }) => figures,
    }),
    flakyRate: t.float({
      nullable: true,
      description:
        'Of all pairs of neighbouring attempts of one task on one node the share whose outcomes differ (READY, as against ERROR or LOST): 0 for a task that always fails, 1 for one that fails every other time. Null: no task ended twice.',
      resolve: ({ figures }) => figures.flakyRate,
    }),
    lastSuccess: t.field({
      type: Task,
      nullable: true,
      description: 'The newest attempt that succeeded, also before the window; null: none ever did.',
      resolve: ({ lastSuccess }) => lastSuccess,
    }),
  }),
});

/** What statistics cost, beside a field: they read up to 200,000 rows. */
const COST = 500;

builder.queryField('taskStats', (t) =>
  t.field({
    type: TaskStatsType,
    description: 'Statistics of the attempts of one task name that the caller may see.',
    authScopes: { may: 'taskStats' },
    complexity: COST,
    args: {
      taskName: t.arg.string({ required: true, description: 'The name of the task.' }),
      filter: t.arg({
        type: TaskStatsFilterInput,
        description: 'Which attempts. Default: all that the caller may see.',
      }),
      window: t.arg({ type: TaskStatsWindowInput, description: 'When they began. Default: the last 30 days.' }),
    },
    resolve: (_root, { taskName, filter, window }, context) => {
      const [from, to] = [window?.from?.getTime(), window?.to?.getTime()];
      return context.services.analysis.stats(context, { taskName, ...filter, from, to }, context.signal);
    },
  }),
);
