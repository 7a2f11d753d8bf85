import { createHash } from 'node:crypto';
import type { Database } from '../../db/database.js';
import { retryWhenTaken } from '../../db/failures.js';
import type { Tx } from '../../db/transaction.js';
import { DAY } from '../../lib/time.js';

/** A message is gone from the queue long before: what is older was left behind by a queue that was purged. */
const KEPT = 7 * DAY;

const FIRST = 'INSERT INTO report_suspects (id, tries, taker, tried_at) VALUES (?, 1, ?, ?)';
const COUNT = `UPDATE report_suspects SET tries = tries + CASE WHEN taker = ? THEN 0 ELSE 1 END, taker = ?, tried_at = ?
  WHERE id = ?`;

/** The name of a message by what it says: copies of one message kill in the same way. */
export const suspectId = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

/**
 * Counts the attempts at messages that came again, in SQL and before each attempt: what kills the process that takes it
 * in is still counted, whichever server has it next.
 */
export class Suspects {
  readonly #db: Database;
  readonly #taker: string;

  /** `taker` names this process: its own attempts count once, for it is alive. */
  constructor(db: Database, taker: string) {
    this.#db = db;
    this.#taker = taker;
  }

  /** Counts an attempt; returns how many processes have made one, this one included. `now`: epoch milliseconds. */
  async begin(id: string, now: number): Promise<number> {
    return this.#db.transaction((tx) => retryWhenTaken(() => this.#count(tx, id, now)));
  }

  /** The attempt is over, and the process lives: the message is none to be afraid of. */
  async end(id: string): Promise<void> {
    await this.#db.transaction((tx) => tx.execute('DELETE FROM report_suspects WHERE id = ?', [id]));
  }

  async #count(tx: Tx, id: string, now: number): Promise<number> {
    await tx.execute('DELETE FROM report_suspects WHERE tried_at < ?', [now - KEPT]);
    const known = await tx.execute(COUNT, [this.#taker, this.#taker, now, id]);
    if (known === 0) {
      await tx.execute(FIRST, [id, this.#taker, now]);
      return 1;
    }
    const [row] = await tx.rows<{ tries: number }>('SELECT tries FROM report_suspects WHERE id = ?', [id]);
    return row?.tries ?? 1;
  }
}
