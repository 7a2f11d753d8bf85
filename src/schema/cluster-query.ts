import { DEFAULT_CLUSTER_ORDER } from '../cluster/cluster-list.js';
import { builder } from './builder.js';
import { Cluster } from './cluster.js';
import { pageComplexity, toConnection } from './connection.js';
import { OrderDirectionEnum } from './order.js';

const ClusterFilterInput = builder.inputType('ClusterFilter', {
  description: 'Which clusters; every field given narrows the list.',
  fields: (t) => ({
    externalIds: t.stringList({ description: 'With these external ids.' }),
    releaseVersions: t.stringList({ description: 'Of these releases.' }),
    search: t.string({ description: 'With this text in external id or name, in whatever case of letters.' }),
    includeRemoved: t.boolean({ description: 'Removed ones too; they are left out otherwise.' }),
  }),
});

const ClusterOrderInput = builder.inputType('ClusterOrder', {
  description: 'How a list of clusters is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('ClusterOrderField', {
        description: 'By what clusters are ordered.',
        values: { NAME: { description: 'Its name.' }, CREATED_AT: { description: 'When it was made.' } } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

builder.queryField('clusters', (t) =>
  t.connection(
    {
      type: Cluster,
      description: 'The clusters.',
      authScopes: { may: 'clusters' },
      args: {
        filter: t.arg({ type: ClusterFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: ClusterOrderInput, description: 'In which order. Default: by name.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context) => {
        const order = orderBy ?? DEFAULT_CLUSTER_ORDER;
        return toConnection(await context.services.clusters.list(context, filter ?? {}, order, page));
      },
    },
    { name: 'ClusterConnection', description: 'A page of clusters.' },
    { name: 'ClusterEdge', description: 'A cluster in a page.' },
  ),
);

builder.queryField('cluster', (t) =>
  t.field({
    type: Cluster,
    nullable: true,
    description: 'A cluster by its global id or its external id, also a removed one; null when there is none.',
    authScopes: { may: 'cluster' },
    args: { id: t.arg.id({ required: true, description: 'The global id or the external id.' }) },
    resolve: (_root, { id }, context) => context.services.clusters.find(context, id),
  }),
);
