import type { TaskRow } from '../entities/ledger.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { OrderDirectionEnum } from './order.js';
import { pageColumns } from './selection.js';
import { Task } from './task.js';
import { TaskConnection } from './task-list.js';
import { TaskStatusEnum } from './transaction.js';

export const TaskHistoryFilterInput = builder.inputType('TaskHistoryFilter', {
  description: 'Which tasks of all that ever ran; every field given narrows the list.',
  fields: (t) => ({
    clusterId: t.id({ description: 'Of the cluster with this global or external id.' }),
    clusterIds: t.idList({ description: 'Of the clusters with these global or external ids.' }),
    projects: t.stringList({
      description: 'Of the runs of these projects; with clusters named: of these projects and those clusters.',
    }),
    transactionIds: t.idList({ description: 'Of the transactions with these global ids or numbers.' }),
    nodeIds: t.idList({ description: 'On these nodes; "" stands for points of synchronisation, which have none.' }),
    statuses: t.field({ type: [TaskStatusEnum], description: 'In these statuses.' }),
    taskNames: t.stringList({ description: 'Of these names.' }),
    startedAfter: t.field({
      type: 'DateTime',
      description:
        'That began after this instant. What ended without a word of its beginning counts by when it was made; what waits or was skipped did not begin.',
    }),
    startedBefore: t.field({ type: 'DateTime', description: 'That began before this instant, in the same sense.' }),
  }),
});

export const TaskHistoryOrderInput = builder.inputType('TaskHistoryOrder', {
  description: 'How tasks of many transactions are ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('TaskHistoryOrderField', {
        description: 'By what tasks of many transactions are ordered.',
        values: {
          STARTED_AT: {
            description:
              'When they began; while that is unknown, when they were made. Where no transactions are named.',
          },
          NUMBER: { description: 'Their numbers: as they were made. Where transactions are named.' },
        } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

type GivenFilter = typeof TaskHistoryFilterInput.$inferInput;

/** A filter of the API in the domain's words: instants as epoch milliseconds. */
export function toHistoryFilter({ clusterId, clusterIds, startedAfter, startedBefore, ...rest }: GivenFilter) {
  const clusters = clusterId == null ? clusterIds : [...(clusterIds ?? []), clusterId];
  return {
    ...rest,
    clusterIds: clusters,
    startedAfter: startedAfter?.getTime(),
    startedBefore: startedBefore?.getTime(),
  };
}

builder.queryField('taskHistory', (t) =>
  t.connection(
    {
      type: Task,
      description:
        'The tasks that ever ran, as far as the caller may see them: of every deployment, run and plan, in every status.',
      authScopes: { may: 'taskHistory' },
      args: {
        filter: t.arg({ type: TaskHistoryFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: TaskHistoryOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context, info) => {
        const request = { ...page, only: pageColumns<TaskRow>(info) };
        const narrowed = toHistoryFilter(filter ?? {});
        return toConnection(await context.services.history.taskHistory(context, narrowed, orderBy ?? null, request));
      },
    },
    TaskConnection,
  ),
);

builder.queryField('task', (t) =>
  t.field({
    type: Task,
    nullable: true,
    description: 'A task by its global id or its number; null when there is none that the caller may see.',
    authScopes: { may: 'task' },
    args: { id: t.arg.id({ required: true, description: 'The global id or the number.' }) },
    resolve: (_root, { id }, context) => context.services.history.findTask(context, id),
  }),
);
