import type { TransactionInputRow } from '../entities/ledger.js';
import { builder } from './builder.js';
import { requestLoader } from './loader.js';
import { isOfKind, TRANSACTION_ID, Transaction, type TransactionShape } from './transaction.js';
import { shownTransactions } from './transaction-loader.js';

/** A deployment, as it is shown. */
export const Deployment = builder.objectRef<TransactionShape>('Deployment');

builder.node(Deployment, {
  id: { ...TRANSACTION_ID, description: 'The global id.' },
  loadMany: (ids: string[], context) => shownTransactions(context, ids),
  isTypeOf: (value) => isOfKind(value, 'DEPLOYMENT'),
  description: 'A deployment that was reported from outside.',
  interfaces: [Transaction],
  fields: (t) => ({
    externalId: t.string({
      nullable: true,
      description: 'What its reporter calls it: unique in its cluster.',
      resolve: ({ transaction }) => transaction.externalId,
    }),
  }),
});

const inputLoader = requestLoader<string, TransactionInputRow | null>(async (ids, context) => {
  const found = await context.services.history.inputs(ids);
  return ids.map((id) => found.get(id) ?? null);
});

builder.objectFields(Deployment, (t) => ({
  graph: t.field({
    type: 'JSONObject',
    nullable: true,
    description: 'The graph it was announced with, as it was then; read only when asked for.',
    complexity: 5,
    resolve: async ({ transaction }, _args, context) =>
      (await inputLoader(context).load(transaction.id))?.graph ?? null,
  }),
  settings: t.field({
    type: 'JSONObject',
    nullable: true,
    description: 'The settings it was announced with, as they were then; read only when asked for.',
    complexity: 5,
    resolve: async ({ transaction }, _args, context) =>
      (await inputLoader(context).load(transaction.id))?.settings ?? null,
  }),
}));
