import type { Ctx } from '../auth/actor.js';
import type { Page, PageRequest } from '../db/page.js';
import type { ClusterRow } from '../entities/cluster.js';
import {
  type ClusterCreated,
  type ClusterCreation,
  type ClusterRemoved,
  type ClusterUpdate,
  type ClusterUpdated,
  createCluster,
  removeCluster,
  updateCluster,
} from './cluster-change.js';
import { type ClusterFilter, type ClusterOrder, listClusters } from './cluster-list.js';
import { type ClusterCommandDeps, clusterByName, clustersByIds } from './cluster-store.js';
import { seesClusters } from './visible.js';

/** What the API asks of the clusters; each function is its file's, with the dependencies filled in. */
export interface ClusterService {
  list(ctx: Ctx, filter: ClusterFilter, order: ClusterOrder, request: PageRequest): Promise<Page<ClusterRow>>;
  /** The cluster with this global or external id, removed or not; null when the caller may see none. */
  find(ctx: Ctx, name: string): Promise<ClusterRow | null>;
  /** The clusters with these ids, in their order; null for each that the caller may not see. */
  byIds(ctx: Ctx, ids: readonly string[]): Promise<(ClusterRow | null)[]>;
  create(ctx: Ctx, input: ClusterCreation): Promise<ClusterCreated>;
  update(ctx: Ctx, input: ClusterUpdate): Promise<ClusterUpdated>;
  remove(ctx: Ctx, input: Pick<ClusterUpdate, 'id' | 'expectedRevision'>): Promise<ClusterRemoved>;
}

/** Puts the clusters together. */
export function createClusterService(deps: ClusterCommandDeps): ClusterService {
  const { reader } = deps.db;
  return {
    list: (ctx, filter, order, request) => listClusters(reader, ctx, filter, order, request),
    find: async (ctx, name) => (seesClusters(ctx) ? clusterByName(reader, name) : null),
    async byIds(ctx, ids) {
      const found = seesClusters(ctx) ? await clustersByIds(reader, ids) : new Map<string, ClusterRow>();
      return ids.map((id) => found.get(id) ?? null);
    },
    create: (ctx, input) => createCluster(deps, ctx, input),
    update: (ctx, input) => updateCluster(deps, ctx, input),
    remove: (ctx, input) => removeCluster(deps, ctx, input),
  };
}
