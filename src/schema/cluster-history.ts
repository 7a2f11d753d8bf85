import type { PageRequest } from '../db/page.js';
import type { ClusterRow } from '../entities/cluster.js';
import type { TaskRow, TransactionRow } from '../entities/ledger.js';
import type { Direction, ScopePlace, TaskHistoryFilter, TaskHistoryOrder } from '../history/task-list.js';
import type { TransactionFilter } from '../history/transaction-list.js';
import { builder } from './builder.js';
import { Cluster } from './cluster.js';
import { ClusterNode } from './cluster-node.js';
import { pageComplexity, toConnection } from './connection.js';
import { pageLoader } from './loader.js';
import { pageColumns } from './selection.js';
import { Task } from './task.js';
import { TaskHistoryFilterInput, TaskHistoryOrderInput, toHistoryFilter } from './task-history.js';
import { TaskConnection } from './task-list.js';
import { Transaction } from './transaction.js';
import {
  shownPage,
  TransactionConnection,
  TransactionFilterInput,
  TransactionOrderInput,
  toTransactionFilter,
  transactionColumns,
} from './transaction-query.js';

interface TransactionPageArgs extends PageRequest {
  filter: TransactionFilter;
  direction: Direction;
}

const transactionPages = pageLoader<ClusterRow, TransactionPageArgs, TransactionRow>(
  (context, clusters, { filter, direction, ...page }) => {
    const scopes = clusters.map(({ id }) => id);
    return context.services.history.firstOfEach(scopes, filter, direction, page);
  },
  (context, { id }, { filter, direction, ...page }) => {
    const own = { ...filter, clusterIds: [id], projects: null };
    return context.services.history.list(context, own, direction, page);
  },
);

builder.objectField(Cluster, 'transactions', (t) =>
  t.connection(
    {
      type: Transaction,
      description: 'What was executed on it; of the filter, what names clusters and projects is left aside.',
      args: {
        filter: t.arg({ type: TransactionFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: TransactionOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (cluster, { filter, orderBy, ...page }, context, info) => {
        const only = transactionColumns(info);
        const narrowed = toTransactionFilter(filter ?? {});
        const args = { ...page, only, filter: narrowed, direction: orderBy?.direction ?? 'DESC' };
        return shownPage(context, await transactionPages(context, cluster, args), only);
      },
    },
    TransactionConnection,
  ),
);

/** A place whose pages are told from other places' by its id. */
interface IdentifiedPlace extends ScopePlace {
  readonly id: string;
}

interface TaskPageArgs extends PageRequest {
  filter: TaskHistoryFilter;
  order: TaskHistoryOrder | null;
}

const pagesByPlace = pageLoader<IdentifiedPlace, TaskPageArgs, TaskRow>(
  (context, places, { filter, order, ...page }) =>
    context.services.history.firstTaskHistory(places, filter, order, page),
  (context, { scope, nodeId }, { filter, order, ...page }) => {
    const nodes = nodeId === undefined ? {} : { nodeIds: [nodeId] };
    const own = { ...filter, clusterIds: [scope], projects: null, transactionIds: null, ...nodes };
    return context.services.history.taskHistory(context, own, order, page);
  },
);

const LEFT_ASIDE = 'of the filter, what names clusters, projects and transactions is left aside';

builder.objectField(Cluster, 'taskHistory', (t) =>
  t.connection(
    {
      type: Task,
      description: `The tasks that ever ran on it; ${LEFT_ASIDE}.`,
      args: {
        filter: t.arg({ type: TaskHistoryFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: TaskHistoryOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async ({ id }, { filter, orderBy, ...page }, context, info) => {
        const args = {
          ...page,
          only: pageColumns<TaskRow>(info),
          filter: toHistoryFilter(filter ?? {}),
          order: orderBy ?? null,
        };
        return toConnection(await pagesByPlace(context, { id, scope: id }, args));
      },
    },
    TaskConnection,
  ),
);

builder.interfaceField(ClusterNode, 'taskHistory', (t) =>
  t.connection(
    {
      type: Task,
      description: `The tasks that ever ran on it; ${LEFT_ASIDE}, and so is what names nodes.`,
      args: {
        filter: t.arg({ type: TaskHistoryFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: TaskHistoryOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async ({ scope, nodeId }, { filter, orderBy, ...page }, context, info) => {
        const args = {
          ...page,
          only: pageColumns<TaskRow>(info),
          filter: toHistoryFilter(filter ?? {}),
          order: orderBy ?? null,
        };
        return toConnection(await pagesByPlace(context, { id: JSON.stringify([scope, nodeId]), scope, nodeId }, args));
      },
    },
    TaskConnection,
  ),
);
