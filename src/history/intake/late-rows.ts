import type { Database } from '../../db/database.js';
import { locked } from '../../db/lock.js';
import type { Tx } from '../../db/transaction.js';
import { TransactionEntity } from '../../entities/ledger.js';
import { MINUTE } from '../../lib/time.js';
import { closeLeftOpen, type LedgerDeps } from '../apply.js';

/** What closing what was left open stands on. */
export interface LateRowsDeps extends LedgerDeps {
  readonly db: Database;
  /** Told of a deployment whose rows could not be closed; it is tried again with the next look. */
  readonly onFault: (error: unknown, transactionId: string) => void;
}

/** A report that had begun when its deployment ended is long over: an operation has half a minute. */
const AFTER = MINUTE;
/** Deployments looked at by one statement. */
const CHUNK = 200;

const ENDED = `SELECT e.transaction_id AS id, EXISTS (SELECT 1 FROM tasks t
    WHERE t.transaction_id = e.transaction_id AND t.status IN ('PENDING', 'RUNNING')) AS isOpen
  FROM transaction_ends e WHERE e.ended_at <= ? AND e.transaction_id > ? ORDER BY e.transaction_id LIMIT ${CHUNK}`;

/** Forgets the ends that were looked at; not those of deployments that were reset and have ended again meanwhile. */
async function forget(tx: Tx, ids: readonly string[], before: number): Promise<void> {
  const marks = ids.map(() => '?').join(', ');
  await tx.execute(`DELETE FROM transaction_ends WHERE transaction_id IN (${marks}) AND ended_at <= ?`, [
    ...ids,
    before,
  ]);
}

async function close(tx: Tx, deps: LateRowsDeps, id: string, before: number): Promise<number> {
  const query = tx.manager.getRepository(TransactionEntity).createQueryBuilder('t').where({ id });
  const row = await locked(tx, query).getOne();
  const closed = row ? await closeLeftOpen(tx, deps, row) : 0;
  await forget(tx, [id], before);
  return closed;
}

/**
 * Closes the tasks that were left open in deployments that ended a minute ago. On one database server there are none: a
 * report and the end of its deployment exclude each other by the lock of its row. In a cluster of several writers
 * (Galera) that lock holds on one node only, and a task that is new to the ledger may slip in beside the end. Returns
 * how many it closed.
 */
export async function closeLateRows(deps: LateRowsDeps, signal: AbortSignal): Promise<number> {
  const { db } = deps;
  const before = (await db.now()) - AFTER;
  let closed = 0;
  for (let after = ''; !signal.aborted; ) {
    const rows = await db.reader.rows<{ id: string; isOpen: number | string }>(ENDED, [before, after]);
    after = rows.at(-1)?.id ?? after;
    const done = rows.filter(({ isOpen }) => Number(isOpen) === 0).map(({ id }) => id);
    if (done.length > 0) await db.transaction((tx) => forget(tx, done, before));
    for (const { id } of rows.filter(({ isOpen }) => Number(isOpen) !== 0)) {
      try {
        closed += await db.transaction((tx) => close(tx, deps, id, before));
      } catch (error) {
        deps.onFault(error, id);
      }
    }
    if (rows.length < CHUNK) break;
  }
  return closed;
}
