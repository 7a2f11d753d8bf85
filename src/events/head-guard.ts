import type { Dialect } from '../db/data-source.js';
import type { Database } from '../db/database.js';
import type { Tx } from '../db/transaction.js';
import { SECOND } from '../lib/time.js';

/**
 * Writes the guard row of a stream, which holds up all others that do so until the commit: not a mere lock, which is
 * local to a node of Galera. The row says which connection holds it, also before the commit. Value: the head.
 */
export const guardSql = (dialect: Dialect): string =>
  dialect === 'mysql'
    ? 'UPDATE stream_heads SET connection_id = CONNECTION_ID() WHERE name = ?'
    : 'UPDATE stream_heads SET last_seq = last_seq WHERE name = ?';

/** Holds the guard row of a stream until the end of the transaction. */
export async function holdHead(tx: Tx, { dialect }: Database, head: string): Promise<void> {
  await tx.execute(guardSql(dialect), [head]);
}

/** How long whoever waits for a guard row waits before it looks who holds it, and between two such looks. */
const PATIENCE = SECOND;

/** The connection that holds the row and asks nothing of the server: its process is frozen between two statements. */
const ASLEEP = `SELECT sessions.id FROM stream_heads
  JOIN information_schema.processlist sessions ON sessions.id = stream_heads.connection_id
  WHERE stream_heads.name = ? AND sessions.command = 'Sleep' AND sessions.time >= 1`;

/** Who holds the row, as far as it sleeps. */
async function sleeper(db: Database, head: string): Promise<number | undefined> {
  const found: { id: number | string }[] = await db.source.transaction('READ UNCOMMITTED', (manager) =>
    manager.query(ASLEEP, [head]),
  );
  return found[0] === undefined ? undefined : Number(found[0].id);
}

/**
 * Does `work`, a transaction that holds the guard row of a stream. Where it takes long because the one that holds the
 * row is frozen (its process was stopped, or its host is gone), that one's connection is ended: found asleep by two
 * looks in a row, so that nobody is ended who was slow for a moment. Its process, should it go on, numbers again.
 */
export async function pastFrozen<T>(db: Database, head: string, work: () => Promise<T>): Promise<T> {
  if (db.dialect !== 'mysql') return work();
  let before: number | undefined;
  const look = async (): Promise<void> => {
    const asleep = await sleeper(db, head);
    if (asleep !== undefined && asleep === before) await db.source.query(`KILL ${asleep}`);
    before = asleep;
  };
  // A look that fails is followed by the next one.
  const timer = setInterval(() => void look().catch(() => {}), PATIENCE);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
