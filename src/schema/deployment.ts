import { builder } from './builder.js';
import { Transaction, type TransactionShape } from './transaction.js';
import { shownTransactions } from './transaction-loader.js';

/** A deployment, as it is shown. */
export const Deployment = builder.objectRef<TransactionShape>('Deployment');

builder.node(Deployment, {
  id: { resolve: ({ transaction }) => transaction.id, description: 'The global id.' },
  loadMany: (ids: string[], context) => shownTransactions(context, ids),
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'transaction' in value && !('run' in value),
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
