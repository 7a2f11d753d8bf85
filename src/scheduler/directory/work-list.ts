import { RowQuery } from '../../db/row-query.js';
import type { Reader } from '../../db/transaction.js';
import { LeaseEntity, type LeaseRow } from '../../entities/lease.js';

const OLDEST_FIRST = ['startedAt', 'id'].map((property) => ({ property, ascending: true }));

/** What each of these services is doing under leases: the oldest first. An engine has few places for it. */
export async function workUnderWay(reader: Reader, serviceIds: readonly string[]): Promise<LeaseRow[][]> {
  if (serviceIds.length === 0) return [];
  const query = new RowQuery(reader, LeaseEntity, 'lease');
  const rows = await query
    .andWhere('lease.serviceId IN (:...ids)', { ids: [...serviceIds] })
    .rows(null, OLDEST_FIRST, null);
  return serviceIds.map((id) => rows.filter(({ serviceId }) => serviceId === id));
}

/** What work is about: its kind and subject, which the background job that began it has too. */
export interface WorkName {
  readonly kind: string;
  readonly subject: string;
}

/** The work that was begun and has not ended, of each of these names; null where there is none. */
export async function openWork(reader: Reader, names: readonly WorkName[]): Promise<(LeaseRow | null)[]> {
  if (names.length === 0) return [];
  const rows = await new RowQuery(reader, LeaseEntity, 'lease')
    .andWhere('lease.kind IN (:...kinds)', { kinds: [...new Set(names.map(({ kind }) => kind))] })
    .andWhere('lease.subject IN (:...subjects)', { subjects: [...new Set(names.map(({ subject }) => subject))] })
    .rows(null, [], null);
  const found = new Map(rows.map((row) => [`${row.kind}/${row.subject}`, row]));
  return names.map(({ kind, subject }) => found.get(`${kind}/${subject}`) ?? null);
}
