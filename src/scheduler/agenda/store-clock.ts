import type { Db } from 'mongodb';
import { MINUTE } from '../../lib/time.js';
import type { Timers } from '../timers.js';

/**
 * The MongoDB server's clock, estimated from below: the time it told, plus what has passed here since its answer came.
 * Never ahead of the server's, whatever this host's clock says; asked again every minute.
 */
export class StoreClock {
  readonly #db: Db;
  readonly #timers: Timers;
  #told: { at: number; heard: number } | undefined;

  constructor(db: Db, timers: Timers) {
    this.#db = db;
    this.#timers = timers;
  }

  /** Rejects when the server does not answer. */
  async now(): Promise<Date> {
    if (!this.#told || this.#timers.elapsed() - this.#told.heard > MINUTE) {
      const answer = await this.#db.command({ hello: 1 });
      const local: unknown = answer.localTime;
      if (!(local instanceof Date)) throw new Error('The MongoDB server did not tell its time.');
      this.#told = { at: local.getTime(), heard: this.#timers.elapsed() };
    }
    return new Date(this.#told.at + Math.floor(this.#timers.elapsed() - this.#told.heard));
  }
}
