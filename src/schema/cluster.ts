import type { ClusterRow } from '../entities/cluster.js';
import { keepsHistory } from '../history/intake/release.js';
import { builder, OWN_ID } from './builder.js';
import { Deployment } from './deployment.js';
import { requestLoader } from './loader.js';
import { Task } from './task.js';

/** Clusters by their ids, for the fields that lead to one; null for one that the caller may not see. */
const clusterLoader = requestLoader<string, ClusterRow | null>((ids, context) =>
  context.services.clusters.byIds(context, ids),
);

export const Cluster = builder.objectRef<ClusterRow>('Cluster');

builder.node(Cluster, {
  id: OWN_ID,
  loadMany: (ids: string[], context) => context.services.clusters.byIds(context, ids),
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'releaseVersion' in value,
  description: 'A cluster: what deployments and plans run on.',
  fields: (t) => ({
    externalId: t.exposeString('externalId', {
      description: 'What its owner calls it: unique, also among removed ones.',
    }),
    name: t.exposeString('name', { description: 'Its name for people.' }),
    releaseVersion: t.exposeString('releaseVersion', {
      nullable: true,
      description: 'The release it runs; null when nobody said.',
    }),
    keepsHistory: t.boolean({
      description: 'Whether deployments of it are taken in: of releases before 9.0 no history is kept.',
      resolve: ({ releaseVersion }) => keepsHistory(releaseVersion),
    }),
    revision: t.exposeInt('revision', { description: '1, 2, 3 ...: one more with each change.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', {
      type: 'DateTime',
      description: 'When it was changed last.',
    }),
    removedAt: t.expose('removedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it was removed: its history stays, and it comes back with its next deployment.',
    }),
  }),
});

builder.objectField(Deployment, 'cluster', (t) =>
  t.field({
    type: Cluster,
    nullable: true,
    description: 'What it is a deployment of.',
    resolve: ({ transaction: { clusterId } }, _args, context) =>
      clusterId === null ? null : clusterLoader(context).load(clusterId),
  }),
);

builder.objectField(Task, 'cluster', (t) =>
  t.field({
    type: Cluster,
    nullable: true,
    description: "Where it is executed; null for a task of a job's run.",
    resolve: ({ clusterId }, _args, context) => (clusterId === null ? null : clusterLoader(context).load(clusterId)),
  }),
);
