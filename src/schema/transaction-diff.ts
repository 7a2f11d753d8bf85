import type { TaskChange, TaskDifference } from '../history/task-difference.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { describedEnum } from './job-enums.js';
import { Task, taskLoader } from './task.js';
import { Transaction, type TransactionShape } from './transaction.js';
import { shownTransactions } from './transaction-loader.js';

const TaskChangeEnum = describedEnum<TaskChange>(
  'TaskChange',
  'What became of a task from one transaction to another.',
  {
    NEW: 'Only the second has it.',
    GONE: 'Only the first has it.',
    STATUS_CHANGED: 'It stands elsewhere.',
    DURATION_CHANGED: 'It stands where it stood, and took longer or shorter.',
    UNCHANGED: 'It stands where it stood, and took about as long.',
  },
);

const TransactionDiffFilterInput = builder.inputType('TransactionDiffFilter', {
  description: 'Which differences; every field given narrows the list.',
  fields: (t) => ({
    changes: t.field({ type: [TaskChangeEnum], description: 'Of these kinds. Default: all but UNCHANGED.' }),
    nodeIds: t.idList({ description: 'On these nodes; "" stands for points of synchronisation.' }),
    taskNames: t.stringList({ description: 'Of tasks with these names.' }),
    durationSeconds: t.float({
      description: 'From so many seconds on, either way, a duration has changed. Default: 1.',
    }),
    durationShare: t.float({
      description: 'And from such a share of the duration before on. Default: 0.1, a tenth.',
    }),
  }),
});

const TaskDifferenceType = builder.objectRef<TaskDifference>('TaskDifference').implement({
  description: 'A task on a node in two transactions.',
  fields: (t) => ({
    graphTaskId: t.string({
      description: 'What it is called in the graphs.',
      resolve: ({ before, after }) => (after ?? before)?.graphTaskId ?? '',
    }),
    taskName: t.string({
      description: 'Its name, in the second transaction where that has it.',
      resolve: ({ before, after }) => (after ?? before)?.taskName ?? '',
    }),
    nodeId: t.string({
      nullable: true,
      description: 'Where it is executed; null for a point of synchronisation.',
      resolve: ({ before, after }) => (after ?? before)?.nodeId || null,
    }),
    change: t.field({ type: TaskChangeEnum, description: 'What became of it.', resolve: ({ change }) => change }),
    before: t.field({
      type: Task,
      nullable: true,
      description: 'Its newest attempt in the first transaction; null: it has none there.',
      resolve: ({ before }, _args, context) => (before ? taskLoader(context).load(before.id) : null),
    }),
    after: t.field({
      type: Task,
      nullable: true,
      description: 'Its newest attempt in the second transaction; null: it has none there.',
      resolve: ({ after }, _args, context) => (after ? taskLoader(context).load(after.id) : null),
    }),
    durationChange: t.float({
      nullable: true,
      description: 'Seconds that it took more than before; null where one of the durations is not known.',
      resolve: ({ durationChange }) => (durationChange === null ? null : durationChange / 1_000),
    }),
  }),
});

/** The two transactions. */
interface DiffShape {
  before: TransactionShape;
  after: TransactionShape;
}

const TransactionDiff = builder.objectRef<DiffShape>('TransactionDiff').implement({
  description: 'What differs between two transactions.',
  fields: (t) => ({
    before: t.field({ type: Transaction, description: 'The first.', resolve: ({ before }) => before }),
    after: t.field({ type: Transaction, description: 'The second.', resolve: ({ after }) => after }),
    tasks: t.connection(
      {
        type: TaskDifferenceType,
        description:
          'Task by task (its place in the graph and its node, which are the order), the newest attempts compared.',
        args: { filter: t.arg({ type: TransactionDiffFilterInput, description: 'Which differences.' }) },
        complexity: (args) => pageComplexity(args),
        resolve: async ({ before, after }, { filter, ...page }, context) => {
          const sides = { before: before.transaction.id, after: after.transaction.id };
          return toConnection(await context.services.analysis.diff(sides, filter ?? {}, page, context.signal));
        },
      },
      { name: 'TaskDifferenceConnection', description: 'A page of differences.' },
      { name: 'TaskDifferenceEdge', description: 'A difference in a page.' },
    ),
  }),
});

builder.queryField('transactionDiff', (t) =>
  t.field({
    type: TransactionDiff,
    nullable: true,
    description: 'What differs between two transactions; null when the caller may see only one of them, or none.',
    authScopes: { may: 'transactionDiff' },
    args: {
      a: t.arg.id({ required: true, description: 'The first: its global id or its number.' }),
      b: t.arg.id({ required: true, description: 'The second.' }),
    },
    resolve: async (_root, { a, b }, context) => {
      const found = await Promise.all([a, b].map((name) => context.services.history.find(context, name)));
      const ids = found.flatMap((row) => (row ? [row.id] : []));
      const [before, after] = ids.length === 2 ? await shownTransactions(context, ids) : [];
      return before && after ? { before, after } : null;
    },
  }),
);
