import type { TaskRow, TransactionRow } from '../entities/ledger.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { pageLoader } from './loader.js';
import { OrderDirectionEnum } from './order.js';
import { pageColumns } from './selection.js';
import { Task } from './task.js';
import { type TaskPageArgs, taskPageArgs } from './tasks-ahead.js';
import { TaskStatusEnum, Transaction } from './transaction.js';

export const TaskConnection = builder.connectionObject(
  { type: Task, name: 'TaskConnection', description: 'A page of tasks.' },
  { name: 'TaskEdge', description: 'A task in a page.' },
);

const TaskFilterInput = builder.inputType('TaskFilter', {
  description: 'Which tasks of a transaction; every field given narrows the list.',
  fields: (t) => ({
    nodes: t.idList({ description: 'On these nodes; "" stands for points of synchronisation, which have none.' }),
    statuses: t.field({ type: [TaskStatusEnum], description: 'In these statuses.' }),
    taskNames: t.stringList({ description: 'Of these names.' }),
    search: t.string({ description: 'With this in the name or the node, in whatever case of letters.' }),
  }),
});

const TaskOrderInput = builder.inputType('TaskOrder', {
  description: "How a transaction's tasks are ordered.",
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('TaskOrderField', {
        description: "By what a transaction's tasks are ordered.",
        values: { NUMBER: { description: 'Their numbers: as they were made.' } } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

const taskPages = pageLoader<TransactionRow, TaskPageArgs, TaskRow>(
  (context, transactions, { filter, direction, ...page }) => {
    const ids = transactions.map(({ id }) => id);
    return context.services.history.firstTasks(ids, page, filter, direction);
  },
  (context, { id }, { filter, direction, ...page }) => context.services.history.tasks(id, page, filter, direction),
);

builder.interfaceField(Transaction, 'tasks', (t) =>
  t.connection(
    {
      type: Task,
      description: 'The attempts of its tasks.',
      args: {
        filter: t.arg({ type: TaskFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: TaskOrderInput, description: 'In which order. Default: as they were made.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (shape, given, context, info) => {
        const args = taskPageArgs(given, pageColumns<TaskRow>(info));
        return toConnection(shape.tasksAhead ?? (await taskPages(context, shape.transaction, args)));
      },
    },
    TaskConnection,
  ),
);
