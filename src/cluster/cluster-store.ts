import { In } from 'typeorm';
import type { ActivityEntry } from '../auth/activity.js';
import type { Ctx } from '../auth/actor.js';
import type { Database } from '../db/database.js';
import { retryWhenTaken } from '../db/failures.js';
import { locked } from '../db/lock.js';
import type { Reader, Tx } from '../db/transaction.js';
import { insertRows, updateRows } from '../db/write.js';
import { ClusterEntity, type ClusterRow } from '../entities/cluster.js';
import { ID_PREFIX } from '../entities/ids.js';
import type { Outbox } from '../events/outbox.js';
import type { IdSource } from '../lib/ids.js';
import { isName } from '../lib/names.js';

/** What the clusters stand on. */
export interface ClusterDeps {
  readonly db: Database;
  readonly outbox: Outbox;
  readonly ids: IdSource;
}

/** What commands on clusters stand on. */
export interface ClusterCommandDeps extends ClusterDeps {
  readonly activity: (tx: Tx, ctx: Ctx, entry: ActivityEntry) => Promise<unknown>;
}

/** Whether a name has the form of a global id; no external id has it. */
export const isGlobalId = (name: string): boolean => name.startsWith(`${ID_PREFIX.cluster}_`);

/** Whether any cluster can be named so; the database might find one by a name that is not quite its own. */
const canName = (name: string): boolean => isName(name, 191);

/** The cluster with this global or external id; null when there is none. Removed ones are found too. */
export async function clusterByName(reader: Pick<Reader, 'manager'>, name: string): Promise<ClusterRow | null> {
  if (!canName(name)) return null;
  const where = isGlobalId(name) ? { id: name } : { externalId: name };
  return reader.manager.getRepository(ClusterEntity).findOneBy(where);
}

/** As clusterByName, locked until the transaction ends. */
export async function lockClusterByName(tx: Tx, name: string): Promise<ClusterRow | null> {
  if (!canName(name)) return null;
  const query = tx.manager.getRepository(ClusterEntity).createQueryBuilder('cluster');
  return locked(tx, query.where(isGlobalId(name) ? { id: name } : { externalId: name })).getOne();
}

/** The clusters with these ids, by id; those that are not there are left out. */
export async function clustersByIds(reader: Reader, ids: readonly string[]): Promise<Map<string, ClusterRow>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.manager.getRepository(ClusterEntity).findBy({ id: In([...new Set(ids)]) });
  return new Map(rows.map((row) => [row.id, row]));
}

type Change = 'CREATED' | 'UPDATED' | 'REMOVED';

async function tell(tx: Tx, deps: ClusterDeps, { id, externalId }: ClusterRow, change: Change): Promise<void> {
  const payload = { externalId, change };
  await deps.outbox.append(tx, { topic: 'clusterChanged', project: null, subject: id, payload });
}

/** What a cluster is called; its owner's words. */
export type ClusterNames = Pick<ClusterRow, 'externalId' | 'name' | 'releaseVersion'>;

/** Makes a cluster, and tells of it. Throws ConflictRetry where another took its external id at the same moment. */
export async function insertCluster(tx: Tx, deps: ClusterDeps, names: ClusterNames): Promise<ClusterRow> {
  const now = await tx.now();
  const times = { createdAt: now, updatedAt: now, removedAt: null };
  const row = { id: deps.ids.next(ID_PREFIX.cluster), ...names, revision: 1, ...times };
  await retryWhenTaken(() => insertRows(tx, ClusterEntity, [row]));
  await tell(tx, deps, row, 'CREATED');
  return row;
}

/** Writes the next revision of a cluster, and tells of it. Throws ConflictRetry as `insertCluster`. */
export async function changeCluster(
  tx: Tx,
  deps: ClusterDeps,
  cluster: ClusterRow,
  values: Partial<ClusterNames & Pick<ClusterRow, 'removedAt'>>,
): Promise<ClusterRow> {
  const change = { ...values, updatedAt: await tx.now(), revision: cluster.revision + 1 };
  await retryWhenTaken(() => updateRows(tx, ClusterEntity, { id: cluster.id }, change));
  const after = { ...cluster, ...change };
  await tell(tx, deps, after, after.removedAt === null ? 'UPDATED' : 'REMOVED');
  return after;
}
