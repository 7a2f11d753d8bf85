import { retryWhenTaken } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { ID_PREFIX } from '../entities/ids.js';
import { LeaseEntity, type LeaseState } from '../entities/lease.js';
import type { Bell } from '../events/outbox.js';
import type { IdSource } from '../lib/ids.js';
import type { Begun, Tag } from './kinds.js';
import { WORK_CHANNEL } from './tag.js';

const FIND = 'SELECT state FROM leases WHERE kind = ? AND subject = ?';
const RETRY = `UPDATE leases SET state = 'WAITING', wake_at = ?, attempts = 0, fail_count = 0
  WHERE kind = ? AND subject = ? AND (state = 'PARKED' OR (state = 'WAITING' AND wake_at > ?))`;

/** Inserts the unowned lease of new work, unless the subject has some; engines hear of it after the commit. */
export async function beginWork(
  tx: Tx,
  { ids, bell }: { readonly ids: IdSource; readonly bell: Bell },
  { kind, subject, tag }: { readonly kind: string; readonly subject: string; readonly tag: Tag },
): Promise<Begun> {
  const [known] = await tx.rows<{ state: LeaseState }>(FIND, [kind, subject]);
  if (known) return known.state === 'PARKED' ? 'PARKED' : 'UNDER_WAY';
  const at = await tx.now();
  const unowned = { serviceId: null, incarnation: null, leaseUntil: null, startedAt: null, reason: null };
  const fresh = { state: 'WAITING' as const, fence: 0, attempts: 0, failCount: 0, writes: 0 };
  const row = { id: ids.next(ID_PREFIX.lease), kind, subject, tag, wakeAt: at, createdAt: at, ...fresh, ...unowned };
  // Whoever else began it at this moment was first: the whole transaction runs again, and finds it.
  await retryWhenTaken(() => insertRows(tx, LeaseEntity, [row]));
  tx.afterCommit(() => bell.ring(WORK_CHANNEL));
  return 'BEGUN';
}

/** Has parked work, or work that backs off, tried again at once. False when the subject has none of either. */
export async function retryWork(tx: Tx, bell: Bell, kind: string, subject: string): Promise<boolean> {
  const now = await tx.now();
  const found = await tx.execute(RETRY, [now, kind, subject, now]);
  if (found === 0) return false;
  tx.afterCommit(() => bell.ring(WORK_CHANNEL));
  return true;
}
