import { EntitySchema } from 'typeorm';
import { id, instant, int, text } from './columns.js';

/** A cluster: what deployments and plans run on. */
export interface ClusterRow {
  id: string;
  /** What its owner calls it: unique, also among removed ones. */
  externalId: string;
  name: string;
  /** The release it runs; null when nobody said. */
  releaseVersion: string | null;
  /** 1, 2, 3 ...: one more with each change. */
  revision: number;
  createdAt: number;
  updatedAt: number;
  /** A removed cluster keeps its history, and comes back with its next deployment or creation. */
  removedAt: number | null;
}

export const ClusterEntity = new EntitySchema<ClusterRow>({
  name: 'Cluster',
  tableName: 'clusters',
  columns: {
    id: id({ primary: true }),
    externalId: text(191),
    name: text(255),
    releaseVersion: text(64, { nullable: true }),
    revision: int(),
    createdAt: instant(),
    updatedAt: instant(),
    removedAt: instant({ nullable: true }),
  },
  indices: [
    { name: 'ux_clusters_external', columns: ['externalId'], unique: true },
    { name: 'ix_clusters_name', columns: ['name', 'id'] },
    { name: 'ix_clusters_created', columns: ['createdAt', 'id'] },
    { name: 'ix_clusters_release', columns: ['releaseVersion', 'name', 'id'] },
  ],
});
