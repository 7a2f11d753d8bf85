import type { Ctx } from '../auth/actor.js';
import { visibleProject } from '../auth/scope.js';
import { rowsWith } from '../db/row-reading.js';
import type { Reader } from '../db/transaction.js';
import { ClusterEntity } from '../entities/cluster.js';
import { ID_PREFIX } from '../entities/ids.js';
import { isNumber, transactionsByNames } from './read.js';
import { seesTransaction } from './visible.js';

/** Global ids in the order of the names they were found by; null for each name that nothing the caller may see has. */
export type FoundIds = readonly (string | null)[];

const CLUSTER = `${ID_PREFIX.cluster}_`;
const TRANSACTION = [ID_PREFIX.deployment, ID_PREFIX.run, ID_PREFIX.actionPlanRun].map((prefix) => `${prefix}_`);

/**
 * The global ids of clusters by their global or external ids. A global id is what it is, whether anything has it or not:
 * what follows it is told of what the caller may see alone.
 */
export async function clusterIdsOf(reader: Reader, ctx: Ctx, names: readonly string[]): Promise<FoundIds> {
  const external = visibleProject(ctx) === null ? names.filter((name) => !name.startsWith(CLUSTER)) : [];
  const rows = await rowsWith(reader, ClusterEntity, 'external_id', [...new Set(external)], ['id', 'externalId']);
  const ids = new Map(rows.map(({ id, externalId }) => [externalId, id]));
  return names.map((name) => (name.startsWith(CLUSTER) ? name : (ids.get(name) ?? null)));
}

/** The global ids of transactions by their global ids or numbers, likewise. */
export async function transactionIdsOf(reader: Reader, ctx: Ctx, names: readonly string[]): Promise<FoundIds> {
  const rows = await transactionsByNames(reader, [...new Set(names.filter(isNumber))]);
  const ids = new Map(rows.filter((row) => seesTransaction(ctx, row)).map(({ id, number }) => [Number(number), id]));
  return names.map((name) => {
    if (isNumber(name)) return ids.get(Number(name)) ?? null;
    return TRANSACTION.some((prefix) => name.startsWith(prefix)) ? name : null;
  });
}
