import type { GraphQLResolveInfo } from 'graphql';
import { visibleClient } from '../auth/scope.js';
import type { Page } from '../db/page.js';
import type { TransactionRow } from '../entities/ledger.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import type { SchemaContext } from './context.js';
import { OrderDirectionEnum } from './order.js';
import { pageColumns } from './selection.js';
import { transactionWithTasks } from './tasks-ahead.js';
import { Transaction, TransactionKindEnum, type TransactionShape, TransactionStatusEnum } from './transaction.js';
import { runLoader } from './transaction-loader.js';

export const TransactionFilterInput = builder.inputType('TransactionFilter', {
  description: 'Which transactions; every field given narrows the list.',
  fields: (t) => ({
    kinds: t.field({ type: [TransactionKindEnum], description: 'Executions of these kinds of things.' }),
    clusterIds: t.idList({ description: 'On the clusters with these global or external ids.' }),
    projects: t.stringList({
      description: 'Runs of these projects; with clusters named: of these projects and on those clusters.',
    }),
    statuses: t.field({ type: [TransactionStatusEnum], description: 'In these statuses.' }),
    names: t.stringList({ description: 'Of these names.' }),
    externalIds: t.idList({ description: 'That their reporters call by these ids.' }),
    createdAfter: t.field({ type: 'DateTime', description: 'Made after this instant.' }),
    createdBefore: t.field({ type: 'DateTime', description: 'Made before this instant.' }),
  }),
});

export const TransactionOrderInput = builder.inputType('TransactionOrder', {
  description: 'How a list of transactions is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('TransactionOrderField', {
        description: 'By what transactions are ordered.',
        values: { CREATED_AT: { description: 'When they were made.' } } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

type GivenFilter = typeof TransactionFilterInput.$inferInput;

/** A filter of the API in the domain's words: instants as epoch milliseconds. */
export function toTransactionFilter({ createdAfter, createdBefore, ...rest }: GivenFilter) {
  return { ...rest, createdAfter: createdAfter?.getTime(), createdBefore: createdBefore?.getTime() };
}

/** A transaction as it is shown, a run with its assignment; null for a run that is gone. */
async function shapeOf(context: SchemaContext, transaction: TransactionRow): Promise<TransactionShape | null> {
  return transaction.kind === 'JOB_RUN' ? runLoader(context).load(transaction.id) : { transaction };
}

/** The columns that the transactions of a page need; null: all of them, and of a run its assignment. */
export function transactionColumns(info: GraphQLResolveInfo): readonly string[] | null {
  const columns = pageColumns<TransactionRow>(info);
  return columns && [...columns, 'kind'];
}

/** A page of transactions as they are shown; runs that are gone are left out. `only`: what was read of their rows. */
export async function shownPage(context: SchemaContext, page: Page<TransactionRow>, only: readonly string[] | null) {
  if (only !== null && visibleClient(context) === null) {
    return toConnection({
      ...page,
      edges: page.edges.map(({ node, cursor }) => ({ node: { transaction: node }, cursor })),
    });
  }
  const shapes = await Promise.all(page.edges.map(({ node }) => shapeOf(context, node)));
  const edges = page.edges.flatMap(({ cursor }, index) => {
    const node = shapes[index];
    return node ? [{ node, cursor }] : [];
  });
  return toConnection({ ...page, edges });
}

export const TransactionConnection = builder.connectionObject(
  { type: Transaction, name: 'TransactionConnection', description: 'A page of transactions.' },
  { name: 'TransactionEdge', description: 'A transaction in a page.' },
);

builder.queryField('transactions', (t) =>
  t.connection(
    {
      type: Transaction,
      description: 'Every execution of anything that the caller may see: deployments, runs of jobs, action plans.',
      authScopes: { may: 'transactions' },
      args: {
        filter: t.arg({ type: TransactionFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: TransactionOrderInput, description: 'In which order. Default: the newest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context, info) => {
        const only = transactionColumns(info);
        const narrowed = toTransactionFilter(filter ?? {});
        const direction = orderBy?.direction ?? 'DESC';
        const found = await context.services.history.list(context, narrowed, direction, { ...page, only });
        return shownPage(context, found, only);
      },
    },
    TransactionConnection,
  ),
);

builder.queryField('transaction', (t) =>
  t.field({
    type: Transaction,
    nullable: true,
    description: 'A transaction by its global id or its number; null when there is none that the caller may see.',
    authScopes: { may: 'transaction' },
    args: { id: t.arg.id({ required: true, description: 'The global id or the number.' }) },
    resolve: async (_root, { id }, context, info) => {
      const withTasks = await transactionWithTasks(context, id, info);
      if (withTasks) return withTasks;
      const found = await context.services.history.find(context, id);
      return found && shapeOf(context, found);
    },
  }),
);
