import { statfs } from 'node:fs/promises';
import type { Database } from '../db/database.js';
import { SECOND } from '../lib/time.js';
import type { Health } from '../telemetry/health.js';

/** An engine writes at least that often: a full disk shows itself again before its last refusal is forgotten. */
const REMEMBERED = 12 * SECOND;

/** With less room than this, in bytes, the next larger write may fail. */
const LITTLE = 8 * 1_024 * 1_024;

/** The room left to a process on the disk of a directory, in bytes; infinite where it cannot be told. */
async function roomIn(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * Tells of a full disk as DEGRADED, not DOWN: reads go on, every other server has the same database, and taking them all
 * away would help nobody. Asks for no write of its own: what the last writes met is known, and SQLite's disk (`directory`)
 * is this host's and can be looked at; a small write may still succeed where the next large one fails.
 */
export function probeDisk(health: Health, databases: readonly Database[], directory: string | null): void {
  health.probe('disk', async () => {
    if (databases.some((database) => database.diskWasFull(REMEMBERED))) {
      return { state: 'DEGRADED', detail: 'the disk of the database is full: nothing can be written' };
    }
    if (directory === null || (await roomIn(directory)) >= LITTLE) return 'UP';
    return { state: 'DEGRADED', detail: 'hardly any room is left on the disk of the data directory' };
  });
}
