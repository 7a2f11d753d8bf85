import type { ClusterRow } from '../entities/cluster.js';
import type { TransactionTombstoneRow } from '../entities/ledger.js';
import type { TransactionDeleted } from '../history/retention/delete.js';
import { projectIn } from '../history/scope.js';
import { builder } from './builder.js';
import { Cluster } from './cluster.js';
import { pageComplexity, toConnection } from './connection.js';
import { describedEnum } from './job-enums.js';
import { requestLoader } from './loader.js';
import { INPUT, mutationOptions } from './mutation.js';
import { OrderDirectionEnum } from './order.js';
import { toDate, toDateOrNull } from './scalars.js';
import { TransactionKindEnum } from './transaction.js';

const clusterLoader = requestLoader<string, ClusterRow | null>((ids, context) =>
  context.services.clusters.byIds(context, ids),
);

const Tombstone = builder.objectRef<TransactionTombstoneRow>('TransactionTombstone').implement({
  description: 'What is left of a transaction that an admin deleted.',
  fields: (t) => ({
    transactionId: t.id({ description: 'The global id it had.', resolve: (row) => row.id }),
    number: t.exposeInt('number', { description: 'The short serial number it had.' }),
    kind: t.field({
      type: TransactionKindEnum,
      description: 'What it was an execution of.',
      resolve: (row) => row.kind,
    }),
    cluster: t.field({
      type: Cluster,
      nullable: true,
      description: "What it was executed on; null for a job's run.",
      resolve: ({ scope }, _args, context) => (projectIn(scope) === null ? clusterLoader(context).load(scope) : null),
    }),
    project: t.string({
      nullable: true,
      description: 'The project of a run; null for what belonged to the operator.',
      resolve: ({ scope }) => projectIn(scope),
    }),
    externalId: t.exposeString('externalId', { nullable: true, description: 'What its reporter called it.' }),
    name: t.exposeString('name', { description: 'The name of what it executed.' }),
    taskCount: t.exposeInt('tasks', { description: 'How many tasks were kept of it when it was deleted.' }),
    deletedAt: t.field({ type: 'DateTime', description: 'When.', resolve: (row) => toDate(row.deletedAt) }),
    actor: t.exposeString('actorName', { description: 'Who: the name of the token or the person.' }),
    actorId: t.exposeString('actorId', { description: 'Who: the id of the token, or the subject of the JWT.' }),
    reason: t.exposeString('reason', { description: 'Why.' }),
    clearedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the last of its rows was deleted; null while that goes on, in small batches.',
      resolve: (row) => toDateOrNull(row.clearedAt),
    }),
  }),
});

const TransactionDeleteInput = builder.inputType('TransactionDeleteInput', {
  description: 'A transaction that is to be deleted for good.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The transaction: its global id or its number. It must be over.' }),
    reason: t.string({ required: true, description: 'Why: it stays when the transaction is gone.' }),
  }),
});

const DeleteOutcomeEnum = describedEnum<TransactionDeleted['outcome']>(
  'TransactionDeleteOutcome',
  'What a deletion did.',
  {
    DELETED: 'The transaction is gone.',
    ALREADY_DELETED: 'It had been deleted before; nothing changed.',
  },
);

const TransactionDeletePayload = builder.objectRef<TransactionDeleted>('TransactionDeletePayload').implement({
  description: 'What is left of the transaction.',
  fields: (t) => ({
    outcome: t.field({
      type: DeleteOutcomeEnum,
      description: 'What the deletion did.',
      resolve: ({ outcome }) => outcome,
    }),
    tombstone: t.field({
      type: Tombstone,
      description: 'Who deleted it, when and why.',
      resolve: ({ tombstone }) => tombstone,
    }),
  }),
});

builder.mutationField('transactionDelete', (t) =>
  t.field({
    ...mutationOptions(
      'transactionDelete',
      'Deletes a transaction that is over, with its tasks, summaries, events and output, for good. A tombstone stays.',
    ),
    type: TransactionDeletePayload,
    args: { input: t.arg({ type: TransactionDeleteInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.retention.delete(context, input),
  }),
);

builder.queryField('transactionTombstone', (t) =>
  t.field({
    type: Tombstone,
    nullable: true,
    description: 'What is left of a transaction that an admin deleted; null where none was.',
    authScopes: { may: 'transactionTombstone' },
    args: { id: t.arg.id({ required: true, description: 'The transaction: its global id or its number.' }) },
    resolve: (_root, { id }, context) => context.services.retention.tombstone(context, id),
  }),
);

const TombstoneFilterInput = builder.inputType('TransactionTombstoneFilter', {
  description: 'Which tombstones; every field given narrows the list.',
  fields: (t) => ({
    clusterId: t.id({ description: 'Of the cluster with this global id.' }),
    project: t.string({ description: 'Of the runs of this project.' }),
  }),
});

const TombstoneOrderInput = builder.inputType('TransactionTombstoneOrder', {
  description: 'How a list of tombstones is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('TransactionTombstoneOrderField', {
        description: 'By what tombstones are ordered.',
        values: { DELETED_AT: { description: 'When the transaction was deleted.' } } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

builder.queryField('transactionTombstones', (t) =>
  t.connection(
    {
      type: Tombstone,
      description: 'What is left of transactions that admins deleted.',
      authScopes: { may: 'transactionTombstones' },
      args: {
        filter: t.arg({ type: TombstoneFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: TombstoneOrderInput, description: 'In which order. Default: the latest first.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context) => {
        const { retention } = context.services;
        return toConnection(await retention.tombstones(context, filter ?? {}, orderBy?.direction ?? 'DESC', page));
      },
    },
    { name: 'TransactionTombstoneConnection', description: 'A page of tombstones.' },
    { name: 'TransactionTombstoneEdge', description: 'A tombstone in a page.' },
  ),
);
