import { Mutex } from '../../lib/mutex.js';

/** Does work of one key in the order in which it came, and at most so many pieces at once. */
export class Lanes {
  readonly #last = new Map<string, Promise<void>>();
  readonly #room: Mutex;

  constructor(width: number) {
    this.#room = new Mutex(width);
  }

  /** Resolves, or rejects, with the work. What fails does not hold up what comes after it. */
  async run(key: string, work: () => Promise<void>): Promise<void> {
    const done = (this.#last.get(key) ?? Promise.resolve()).then(() => this.#room.run(work));
    const settled = done.catch(() => {});
    this.#last.set(key, settled);
    try {
      await done;
    } finally {
      if (this.#last.get(key) === settled) this.#last.delete(key);
    }
  }
}
