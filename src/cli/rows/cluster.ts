import type { ClusterLineFragment } from '@orrery/sdk';
import { instant, type Row } from '../output/cell.js';

/** What a list of clusters shows. */
export const CLUSTER_COLUMNS = ['cluster', 'name', 'release', 'history', 'createdAt', 'removedAt'];

/** A cluster as a row. */
export function clusterRow(cluster: ClusterLineFragment): Row {
  return {
    cluster: cluster.externalId,
    id: cluster.id,
    name: cluster.name,
    release: cluster.releaseVersion,
    history: cluster.keepsHistory,
    createdAt: instant(cluster.createdAt),
    updatedAt: instant(cluster.updatedAt),
    removedAt: instant(cluster.removedAt),
    revision: cluster.revision,
  };
}
