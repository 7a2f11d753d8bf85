import {
  acceptsTransaction,
  TRANSACTION_TOPICS,
  type TransactionEvent,
  transactionFact,
} from '../history/live-filter.js';
import { builder } from './builder.js';
import { withIds } from './live-names.js';
import { toDate } from './scalars.js';
import { Transaction, TransactionKindEnum, TransactionStatusEnum } from './transaction.js';
import { transactionLoader } from './transaction-loader.js';

const TransactionChanged = builder.objectRef<TransactionEvent>('TransactionChanged').implement({
  description: 'A transaction began, went on or ended: how it was then.',
  fields: (t) => ({
    cursor: t.string({
      description: 'The place of the fact in the log: an `after` of this subscription.',
      resolve: (event, _args, context) => context.services.live.cursorOf(event),
    }),
    at: t.field({ type: 'DateTime', description: 'When it changed.', resolve: ({ at }) => toDate(at) }),
    transaction: t.field({
      type: Transaction,
      nullable: true,
      description: 'The transaction as it is now, which may be later than this fact; null once it was deleted.',
      resolve: ({ subject }, _args, context) => transactionLoader(context).load(subject),
    }),
    status: t.field({
      type: TransactionStatusEnum,
      description: 'Where it stood then.',
      resolve: (event) => transactionFact(event).status,
    }),
    statusBefore: t.field({
      type: TransactionStatusEnum,
      nullable: true,
      description: 'Where it had stood before; null for one that begins.',
      resolve: (event) => transactionFact(event).statusBefore,
    }),
    reason: t.string({
      nullable: true,
      description: 'Why it changed.',
      resolve: (event) => transactionFact(event).reason,
    }),
    progress: t.int({
      description: 'How far it was then, 0 to 100.',
      resolve: (event) => transactionFact(event).progress,
    }),
    message: t.string({
      nullable: true,
      description: 'What its reporter said of the progress.',
      resolve: (event) => transactionFact(event).message,
    }),
    deleted: t.boolean({
      description: 'Whether it was deleted then: lists drop it.',
      resolve: (event) => transactionFact(event).deleted === true,
    }),
  }),
});

const TransactionChangedFilter = builder.inputType('TransactionChangedFilter', {
  description: 'Which transactions to follow; every field given narrows.',
  fields: (t) => ({
    kinds: t.field({ type: [TransactionKindEnum], description: 'Executions of these kinds of things.' }),
    clusterIds: t.idList({ description: 'On the clusters with these global or external ids.' }),
    transactionIds: t.idList({ description: 'Those with these global ids or numbers.' }),
    statuses: t.field({ type: [TransactionStatusEnum], description: 'Changes into these statuses.' }),
    names: t.stringList({ description: 'Of these names.' }),
  }),
});

builder.subscriptionField('transactionChanged', (t) =>
  t.field({
    type: TransactionChanged,
    description:
      'Each change of the deployments, runs and plans that the caller may see. A reader that does not keep up is given the latest of each transaction.',
    authScopes: { may: 'transactionChanged' },
    args: {
      filter: t.arg({ type: TransactionChangedFilter, description: 'Which ones.' }),
      after: t.arg.string({
        description: 'The cursor of the last fact seen: what followed it comes first. Left out: from now on.',
      }),
    },
    subscribe: async (_root, { filter, after }, context) => {
      const wanted = await withIds(context, filter ?? {});
      return context.services.live.events({
        topics: TRANSACTION_TOPICS,
        accept: (event) => acceptsTransaction(context, wanted, event),
        after: after ?? null,
        signal: context.signal,
      });
    },
    resolve: (event) => event,
  }),
);
