import type { TaskRow, TaskSummaryRow } from '../entities/ledger.js';
import { durationOf } from '../history/duration.js';
import { builder, OWN_ID } from './builder.js';
import { requestLoader } from './loader.js';
import { isRowOf } from './node-types.js';
import { madeOf } from './plain-field.js';
import { TaskStatusEnum, Transaction } from './transaction.js';
import { transactionLoader } from './transaction-loader.js';

const summaryLoader = requestLoader<string, TaskSummaryRow | null>(async (ids, context) => {
  const found = await context.services.history.summaries([...new Set(ids)]);
  return ids.map((id) => found.get(id) ?? null);
});

/** Tasks by their ids, for the fields that lead to one; null for one that the caller may not see. */
export const taskLoader = requestLoader<string, TaskRow | null>((ids, context) =>
  context.services.history.tasksByIds(context, ids),
);

export const Task = builder.objectRef<TaskRow>('Task');

builder.node(Task, {
  id: OWN_ID,
  loadMany: (ids: string[], context) => context.services.history.tasksByIds(context, ids),
  isTypeOf: (value) => isRowOf(value, 'Task'),
  description: 'One attempt of one task on one node.',
  fields: (t) => ({
    number: t.exposeInt('number', { description: 'Its short serial number.' }),
    name: t.exposeString('taskName', { description: "Its name; of a job's run: `<index>-<action>`." }),
    graphTaskId: t.exposeString('graphTaskId', { description: 'What it is called in the graph of its transaction.' }),
    nodeId: t.string({
      nullable: true,
      description: 'Where it is executed; of a run: its client. Null for a point of synchronisation.',
      resolve: (task) => task.nodeId || null,
      extensions: madeOf('nodeId'),
    }),
    attempt: t.exposeInt('attempt', { description: '1, 2, 3 ...: each try of the task is a row of its own.' }),
    status: t.expose('status', { type: TaskStatusEnum, description: 'Where it stands.' }),
    reason: t.exposeString('reason', { nullable: true, description: 'Why it ended as it did; null for a success.' }),
    announced: t.exposeBoolean('announced', {
      description: 'Whether its transaction was announced with it, as against one that a reporter added.',
    }),
    exitCode: t.exposeInt('exitCode', {
      nullable: true,
      description: 'The exit status of what it executed; null when there was none.',
    }),
    custom: t.expose('custom', {
      type: 'JSONObject',
      nullable: true,
      description: 'What its reporter adds.',
    }),
    hasSummary: t.exposeBoolean('hasSummary', {
      description: 'Whether a summary is kept: one was reported, and is not older than summaries are kept.',
    }),
  }),
});

builder.objectFields(Task, (t) => ({
  timeStart: t.expose('timeStart', {
    type: 'DateTime',
    nullable: true,
    description: 'When it began; null before, and where nobody knows.',
  }),
  timeEnd: t.expose('timeEnd', {
    type: 'DateTime',
    nullable: true,
    description: 'When it ended; null before.',
  }),
  duration: t.float({
    nullable: true,
    description: 'Seconds from its beginning to its end; null where the clocks of its reporters contradict each other.',
    resolve: (task) => {
      const duration = durationOf(task);
      return duration === null ? null : duration / 1_000;
    },
    extensions: madeOf('timeStart', 'timeEnd'),
  }),
  summary: t.field({
    type: 'JSON',
    nullable: true,
    description: 'What was reported beside it, of any shape; read only when asked for.',
    complexity: 2,
    resolve: async (task, _args, context) =>
      task.hasSummary ? ((await summaryLoader(context).load(task.id))?.summary.value ?? null) : null,
  }),
}));

builder.objectField(Task, 'transaction', (t) =>
  t.field({
    type: Transaction,
    nullable: true,
    description: 'What it is a task of.',
    resolve: (task, _args, context) => transactionLoader(context).load(task.transactionId),
  }),
);
