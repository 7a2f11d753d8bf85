import { v7, validate } from 'uuid';

/** Makes globally unique, time-sortable ids of the form `prefix_uuidv7`. Injected, so that tests can pin them. */
export interface IdSource {
  next(prefix: string): string;
}

/** Random bytes of one id. */
const BYTES = 16;

/** Ids by the thousand: random bytes are fetched for many at once, which is most of what one costs. */
class SystemIds implements IdSource {
  readonly #pool = new Uint8Array(BYTES * 1_024);
  #next = this.#pool.length;
  #at = -1;
  #sequence = 0;

  next(prefix: string): string {
    if (this.#next === this.#pool.length) {
      crypto.getRandomValues(this.#pool);
      this.#next = 0;
    }
    const random = this.#pool.subarray(this.#next, this.#next + BYTES);
    this.#next += BYTES;
    this.#step(Date.now(), random);
    return `${prefix}_${v7({ msecs: this.#at, seq: this.#sequence, random })}`;
  }

  /** Each id is greater than the one before: a counter from a random start within a millisecond (RFC 9562, 6.2). */
  #step(now: number, random: Uint8Array): void {
    if (now > this.#at) {
      this.#at = now;
      this.#sequence = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1;
      return;
    }
    this.#sequence = (this.#sequence + 1) | 0;
    if (this.#sequence === 0) this.#at += 1;
  }
}

/** Ids from the host's clock and random numbers (RFC 9562, UUID version 7). */
export const systemIds: IdSource = new SystemIds();

/** Whether a text has the form of an id with this prefix. */
export function isId(prefix: string, text: string): boolean {
  return text.startsWith(`${prefix}_`) && validate(text.slice(prefix.length + 1));
}
