import type { ClusterCreated, ClusterRemoved, ClusterUpdated } from '../cluster/cluster-change.js';
import { builder } from './builder.js';
import { Cluster } from './cluster.js';
import { describedEnum } from './job-enums.js';
import { INPUT, mutationOptions } from './mutation.js';

const TEXTS = {
  id: 'The cluster: its global id or its external id.',
  expectedRevision: 'The revision the change was made from; when the cluster has another, nothing is written.',
  releaseVersion: 'The release it runs, such as "9.0". Of releases before 9.0 no history is kept.',
} as const;

const ClusterCreateInput = builder.inputType('ClusterCreateInput', {
  description: 'A cluster to be made.',
  fields: (t) => ({
    externalId: t.string({ required: true, description: 'What its owner calls it: 1 to 191 characters, unique.' }),
    name: t.string({ description: 'Its name for people; left out: the external id.' }),
    releaseVersion: t.string({ description: TEXTS.releaseVersion }),
  }),
});

const ClusterUpdateInput = builder.inputType('ClusterUpdateInput', {
  description: 'What is to change in a cluster; what is left out stays.',
  fields: (t) => ({
    id: t.id({ required: true, description: TEXTS.id }),
    expectedRevision: t.int({ description: TEXTS.expectedRevision }),
    externalId: t.string({ description: 'What its owner calls it.' }),
    name: t.string({ description: 'Its name for people.' }),
    releaseVersion: t.string({ description: `${TEXTS.releaseVersion} Null: nobody says any more.` }),
  }),
});

const ClusterRemoveInput = builder.inputType('ClusterRemoveInput', {
  description: 'The cluster to remove.',
  fields: (t) => ({
    id: t.id({ required: true, description: TEXTS.id }),
    expectedRevision: t.int({ description: TEXTS.expectedRevision }),
  }),
});

const CreateOutcomeEnum = describedEnum<ClusterCreated['outcome']>('ClusterCreateOutcome', 'What a creation did.', {
  CREATED: 'The cluster was made.',
  RESTORED: 'It had been removed, and is back with its history.',
});

const UpdateOutcomeEnum = describedEnum<ClusterUpdated['outcome']>('ClusterUpdateOutcome', 'What a change did.', {
  UPDATED: 'The cluster was changed.',
  NOTHING_TO_DO: 'It was as it is wanted; nothing was written.',
});

const RemoveOutcomeEnum = describedEnum<ClusterRemoved['outcome']>('ClusterRemoveOutcome', 'What a removal did.', {
  REMOVED: 'The cluster was removed.',
  ALREADY_REMOVED: 'It had been removed before; nothing was written.',
});

const CLUSTER = 'The cluster as it is now.';

const ClusterCreatePayload = builder.objectRef<ClusterCreated>('ClusterCreatePayload').implement({
  description: 'The new cluster.',
  fields: (t) => ({
    cluster: t.field({ type: Cluster, description: CLUSTER, resolve: ({ cluster }) => cluster }),
    outcome: t.field({ type: CreateOutcomeEnum, description: 'What was done.', resolve: ({ outcome }) => outcome }),
  }),
});

const ClusterUpdatePayload = builder.objectRef<ClusterUpdated>('ClusterUpdatePayload').implement({
  description: 'The changed cluster.',
  fields: (t) => ({
    cluster: t.field({ type: Cluster, description: CLUSTER, resolve: ({ cluster }) => cluster }),
    outcome: t.field({ type: UpdateOutcomeEnum, description: 'What was done.', resolve: ({ outcome }) => outcome }),
  }),
});

const ClusterRemovePayload = builder.objectRef<ClusterRemoved>('ClusterRemovePayload').implement({
  description: 'The removed cluster.',
  fields: (t) => ({
    cluster: t.field({ type: Cluster, description: CLUSTER, resolve: ({ cluster }) => cluster }),
    outcome: t.field({ type: RemoveOutcomeEnum, description: 'What was done.', resolve: ({ outcome }) => outcome }),
  }),
});

builder.mutationField('clusterCreate', (t) =>
  t.field({
    ...mutationOptions('clusterCreate', 'Makes a cluster; one of that external id that was removed comes back.'),
    type: ClusterCreatePayload,
    args: { input: t.arg({ type: ClusterCreateInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.clusters.create(context, input),
  }),
);

builder.mutationField('clusterUpdate', (t) =>
  t.field({
    ...mutationOptions('clusterUpdate', 'Changes what a cluster is called and which release it runs.'),
    type: ClusterUpdatePayload,
    args: { input: t.arg({ type: ClusterUpdateInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.clusters.update(context, input),
  }),
);

builder.mutationField('clusterRemove', (t) =>
  t.field({
    ...mutationOptions(
      'clusterRemove',
      'Removes a cluster from lists. Its history stays, and it comes back with its next deployment or creation.',
    ),
    type: ClusterRemovePayload,
    args: { input: t.arg({ type: ClusterRemoveInput, required: true, description: INPUT }) },
    resolve: (_root, { input }, context) => context.services.clusters.remove(context, input),
  }),
);
