import type { Ctx } from '../../auth/actor.js';
import { visibleProject } from '../../auth/scope.js';
import { keysetPage, type OrderKey, type Page, type PageRequest } from '../../db/page.js';
import { RowQuery } from '../../db/row-query.js';
import type { Reader } from '../../db/transaction.js';
import { TransactionTombstoneEntity, type TransactionTombstoneRow } from '../../entities/ledger.js';
import { projectScope } from '../scope.js';

/** Which tombstones; what is left out or null does not narrow. */
export interface TombstoneFilter {
  readonly clusterId?: string | null | undefined;
  readonly project?: string | null | undefined;
}

/** The tombstone of the transaction with this global id or serial number; null when the caller may see none. */
export async function findTombstone(reader: Reader, ctx: Ctx, name: string): Promise<TransactionTombstoneRow | null> {
  const where = /^\d{1,15}$/.test(name) ? { number: Number(name) } : { id: name };
  const row = await reader.manager.getRepository(TransactionTombstoneEntity).findOneBy(where);
  const project = visibleProject(ctx);
  return row && (project === null || row.scope === projectScope(project)) ? row : null;
}

/** One page of what the caller's deleted transactions left, by time. Throws InvalidInputError. */
export function listTombstones(
  reader: Reader,
  ctx: Ctx,
  { clusterId, project }: TombstoneFilter,
  direction: OrderKey['direction'],
  request: PageRequest,
): Promise<Page<TransactionTombstoneRow>> {
  const query = new RowQuery(reader, TransactionTombstoneEntity, 'tombstone');
  const own = visibleProject(ctx);
  const scopes = [own, project ?? null].filter((name) => name !== null).map(projectScope);
  if (clusterId != null) scopes.push(clusterId);
  scopes.forEach(
    (scope, index) => void query.andWhere(`tombstone.scope = :scope${index}`, { [`scope${index}`]: scope }),
  );
  const keys = ['deletedAt', 'id'].map((property) => ({ property, direction }));
  return keysetPage(query, keys, request, `tombstones:${direction}`);
}
