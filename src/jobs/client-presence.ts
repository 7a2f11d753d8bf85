import type { Database } from '../db/database.js';
import type { Tx } from '../db/transaction.js';
import { SECOND } from '../lib/time.js';

/** UNKNOWN: no client of that key is registered. */
export type ClientState = 'ONLINE' | 'OFFLINE' | 'UNKNOWN';

/** A client that was not heard of for longer is OFFLINE, in milliseconds. */
export const OFFLINE_AFTER = 60 * SECOND;

/** How often a client that is connected and idle is noted as seen, in milliseconds. */
export const BEAT_EVERY = 20 * SECOND;

/** Younger notes are not renewed, so that a busy client does not write one with each call. */
const NOTE_AFTER = 10 * SECOND;

/** The state of a client that was seen last at this instant; null: no such client is registered. */
export function clientStateAt(lastSeenAt: number | null, now: number): ClientState {
  if (lastSeenAt === null) return 'UNKNOWN';
  return now - lastSeenAt > OFFLINE_AFTER ? 'OFFLINE' : 'ONLINE';
}

/** Notes that a client was heard of. */
export async function touchClient(tx: Tx, project: string, key: string): Promise<void> {
  const now = await tx.now();
  await tx.execute(
    "UPDATE clients SET last_seen_at = ? WHERE project = ? AND `key` = ? AND slot = '' AND last_seen_at < ?",
    [now, project, key, now - NOTE_AFTER],
  );
}

/** Clients written in one statement. */
const CHUNK = 500;

/**
 * The agents that are connected to this process and wait for work. One statement for all of them every BEAT_EVERY notes
 * that they are there: an idle agent costs no statement of its own.
 */
export class Presence {
  readonly #db: Database;
  readonly #connected = new Map<string, number>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** An agent of this client (its global id) is connected until the function that is returned is called. */
  enter(clientId: string): () => void {
    this.#connected.set(clientId, (this.#connected.get(clientId) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const others = (this.#connected.get(clientId) ?? 1) - 1;
      if (others > 0) this.#connected.set(clientId, others);
      else this.#connected.delete(clientId);
    };
  }

  /** Notes every connected client as seen. For a timer of BEAT_EVERY. Rejects when the database is away. */
  async beat(): Promise<void> {
    const ids = [...this.#connected.keys()].sort();
    for (let from = 0; from < ids.length; from += CHUNK) {
      const some = ids.slice(from, from + CHUNK);
      const marks = some.map(() => '?').join(', ');
      await this.#db.transaction(async (tx) => {
        const now = await tx.now();
        await tx.execute(`UPDATE clients SET last_seen_at = ? WHERE id IN (${marks}) AND slot = ''`, [now, ...some]);
      });
    }
  }
}
