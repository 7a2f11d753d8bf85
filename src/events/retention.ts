import type { Database } from '../db/database.js';

/** Rows of one DELETE: writers and the sequencer never wait long for it. */
const CHUNK = 500;

interface Aged {
  id: string;
  at: number | string;
}

/**
 * Deletes facts older than `olderThan` milliseconds by the store's clock, in small batches from the oldest position
 * up to the first one that is young enough: what is kept has no hole. Returns how many it deleted; stops early when
 * the signal aborts.
 */
export async function retainEvents(db: Database, olderThan: number, signal?: AbortSignal): Promise<number> {
  const before = (await db.now()) - olderThan;
  let total = 0;
  while (!signal?.aborted) {
    const oldest = await db.reader.rows<Aged>(
      `SELECT id, at FROM events WHERE seq IS NOT NULL ORDER BY seq LIMIT ${CHUNK}`,
    );
    const young = oldest.findIndex((row) => Number(row.at) >= before);
    const ids = (young < 0 ? oldest : oldest.slice(0, young)).map((row) => row.id);
    if (ids.length === 0) break;
    const marks = ids.map(() => '?').join(', ');
    total += await db.transaction((tx) => tx.execute(`DELETE FROM events WHERE id IN (${marks})`, ids));
    if (ids.length < CHUNK) break;
  }
  return total;
}
