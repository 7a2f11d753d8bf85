import { acceptsTasks, type TaskHistoryEvent, wantedRows } from '../history/live-filter.js';
import { builder } from './builder.js';
import { transactionIdsNow, withIds } from './live-names.js';
import { toDate } from './scalars.js';
import { Task, taskLoader } from './task.js';
import { TaskStatusEnum, Transaction } from './transaction.js';
import { transactionLoader } from './transaction-loader.js';

/** A fact, and the rows of it that the follower asked for. */
interface Changed {
  event: TaskHistoryEvent;
  transactionIds: string[];
  taskIds: string[];
}

const present = <T>(values: readonly (T | null)[]): T[] => values.filter((value) => value !== null);

const TaskHistoryChanged = builder.objectRef<Changed>('TaskHistoryChanged').implement({
  description: 'Tasks were made or changed together.',
  fields: (t) => ({
    cursor: t.string({
      description: 'The place of the fact in the log: an `after` of this subscription.',
      resolve: ({ event }, _args, context) => context.services.live.cursorOf(event),
    }),
    at: t.field({ type: 'DateTime', description: 'When they changed.', resolve: ({ event }) => toDate(event.at) }),
    transactions: t.field({
      type: [Transaction],
      description: 'What they are tasks of, as it is now; what was deleted meanwhile is left out.',
      resolve: async ({ transactionIds }, _args, context) => {
        const loader = transactionLoader(context);
        return present(await Promise.all(transactionIds.map((id) => loader.load(id))));
      },
    }),
    tasks: t.field({
      type: [Task],
      description:
        'The rows as they are now, which may be later than this fact, of those that fitted the filter; what was deleted meanwhile is left out. At most some thousand.',
      complexity: { field: 1, multiplier: 50 },
      resolve: async ({ taskIds }, _args, context) => {
        const loader = taskLoader(context);
        return present(await Promise.all(taskIds.map((id) => loader.load(id))));
      },
    }),
  }),
});

const TaskHistoryChangedFilter = builder.inputType('TaskHistoryChangedFilter', {
  description: 'Which tasks to follow; every field given narrows.',
  fields: (t) => ({
    clusterIds: t.idList({ description: 'On the clusters with these global or external ids.' }),
    transactionIds: t.idList({ description: 'Of the transactions with these global ids or numbers.' }),
    nodeIds: t.idList({ description: 'On these nodes; "" for points of synchronisation.' }),
    statuses: t.field({ type: [TaskStatusEnum], description: 'Changes into these statuses.' }),
    taskNames: t.stringList({ description: 'Of these names.' }),
  }),
});

builder.subscriptionField('taskHistoryChanged', (t) =>
  t.field({
    type: TaskHistoryChanged,
    description:
      'The rows of tasks as they are made and changed: one fact for what was reported together on a cluster or in a project. Who shows rows and replaces them by these ends with the rows of the ledger.',
    authScopes: { may: 'taskHistoryChanged' },
    args: {
      filter: t.arg({ type: TaskHistoryChangedFilter, description: 'Which ones.' }),
      after: t.arg.string({
        description: 'The cursor of the last fact seen: what followed it comes first. Left out: from now on.',
      }),
    },
    subscribe: async (_root, { filter, after }, context) => {
      const wanted = await withIds(context, filter ?? {});
      return context.services.live.events({
        topics: ['taskHistoryChanged'],
        accept: (event) => acceptsTasks(context, wanted, event),
        after: after ?? null,
        signal: context.signal,
      });
    },
    resolve: async (event, { filter }, context) => {
      const names = filter?.transactionIds;
      const transactionIds = names == null ? null : await transactionIdsNow(context, names);
      return { event, ...wantedRows({ ...filter, transactionIds }, event) };
    },
  }),
);
