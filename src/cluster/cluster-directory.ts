import type { Ctx } from '../auth/actor.js';
import type { Tx } from '../db/transaction.js';
import type { ClusterRow } from '../entities/cluster.js';
import { InvalidInputError, NotFoundError } from '../lib/errors.js';
import { clusterFaults } from './cluster-rules.js';
import { type ClusterDeps, changeCluster, clusterByName, insertCluster, isGlobalId } from './cluster-store.js';

/** How a deployment names its cluster. */
interface ClusterRef {
  readonly cluster: string;
  readonly clusterName?: string | null | undefined;
  readonly releaseVersion?: string | null | undefined;
}

async function make(tx: Tx, deps: ClusterDeps, ref: ClusterRef): Promise<ClusterRow> {
  const { cluster: externalId, clusterName, releaseVersion = null } = ref;
  const name = clusterName ?? externalId;
  const issues = clusterFaults({ externalId, name, releaseVersion }, { externalId: 'cluster', name: 'clusterName' });
  if (issues.length > 0) throw new InvalidInputError(issues);
  return insertCluster(tx, deps, { externalId, name, releaseVersion });
}

/** Finds clusters by what the world calls them, for reports from outside. */
export function createClusterDirectory(deps: ClusterDeps) {
  return {
    find: (name: string) => clusterByName(deps.db.reader, name),

    /**
     * The cluster that a deployment names, made when nobody has its external id; one that was removed comes back. Throws
     * NotFoundError for an unknown global id, InvalidInputError.
     */
    async forDeployment(tx: Tx, _ctx: Ctx, ref: ClusterRef): Promise<ClusterRow> {
      const found = await clusterByName(tx, ref.cluster);
      if (!found && isGlobalId(ref.cluster)) throw new NotFoundError('cluster', ref.cluster, ['cluster']);
      if (!found) return make(tx, deps, ref);
      return found.removedAt === null ? found : changeCluster(tx, deps, found, { removedAt: null });
    },
  };
}
