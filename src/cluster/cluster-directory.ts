import type { Ctx } from '../auth/actor.js';
import type { Database } from '../db/database.js';
import type { Tx } from '../db/transaction.js';
import { insertRows, updateRows } from '../db/write.js';
import { ClusterEntity, type ClusterRow } from '../entities/cluster.js';
import { ID_PREFIX } from '../entities/ids.js';
import type { Outbox } from '../events/outbox.js';
import { InvalidInputError, NotFoundError } from '../lib/errors.js';
import type { IdSource } from '../lib/ids.js';
import { clusterFaults } from './cluster-rules.js';

/** What the clusters stand on. */
export interface ClusterDeps {
  readonly db: Database;
  readonly outbox: Outbox;
  readonly ids: IdSource;
}

/** How a deployment names its cluster. */
interface ClusterRef {
  readonly cluster: string;
  readonly clusterName?: string | null | undefined;
  readonly releaseVersion?: string | null | undefined;
}

const isGlobalId = (name: string): boolean => name.startsWith(`${ID_PREFIX.cluster}_`);

async function tell(tx: Tx, deps: ClusterDeps, { id, externalId }: ClusterRow, change: 'CREATED' | 'UPDATED') {
  await deps.outbox.append(tx, {
    topic: 'clusterChanged',
    project: null,
    subject: id,
    payload: { externalId, change },
  });
}

async function make(tx: Tx, deps: ClusterDeps, ref: ClusterRef): Promise<ClusterRow> {
  const { cluster: externalId, clusterName, releaseVersion = null } = ref;
  const name = clusterName ?? externalId;
  const issues = clusterFaults({ externalId, name, releaseVersion }, { externalId: 'cluster', name: 'clusterName' });
  if (issues.length > 0) throw new InvalidInputError(issues);
  const now = await tx.now();
  const times = { createdAt: now, updatedAt: now, removedAt: null };
  const row = { id: deps.ids.next(ID_PREFIX.cluster), externalId, name, releaseVersion, revision: 1, ...times };
  await insertRows(tx, ClusterEntity, [row]);
  await tell(tx, deps, row, 'CREATED');
  return row;
}

/** Finds clusters by what the world calls them, for reports from outside. */
export function createClusterDirectory(deps: ClusterDeps) {
  const find = (name: string, from: Pick<Tx, 'manager'> = deps.db): Promise<ClusterRow | null> =>
    from.manager.getRepository(ClusterEntity).findOneBy(isGlobalId(name) ? { id: name } : { externalId: name });
  return {
    find: (name: string) => find(name),

    /**
     * The cluster that a deployment names, made when nobody has its external id; one that was removed comes back. Throws
     * NotFoundError for an unknown global id, InvalidInputError.
     */
    async forDeployment(tx: Tx, _ctx: Ctx, ref: ClusterRef): Promise<ClusterRow> {
      const found = await find(ref.cluster, tx);
      if (!found && isGlobalId(ref.cluster)) throw new NotFoundError('cluster', ref.cluster, ['cluster']);
      if (!found) return make(tx, deps, ref);
      if (found.removedAt === null) return found;
      const change = { removedAt: null, updatedAt: await tx.now(), revision: found.revision + 1 };
      await updateRows(tx, ClusterEntity, { id: found.id }, change);
      await tell(tx, deps, found, 'UPDATED');
      return { ...found, ...change };
    },
  };
}
