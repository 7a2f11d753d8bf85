/** Delays and elapsed time, injected so that tests own them. */
export interface Timers {
  /** Calls back once after so many milliseconds; the answer cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Milliseconds on a clock that nobody sets. */
  elapsed(): number;
}

/** Node's longest timer; longer ones would fire at once. */
const LONGEST = 2 ** 31 - 1;

/** The host's timers. They hold the process open, as the work they stand for does. */
export const systemTimers: Timers = {
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, LONGEST));
    return () => clearTimeout(timer);
  },
  elapsed: () => performance.now(),
};

/**
 * The result of `work`, or a rejection after so many milliseconds: a connection into the void may never answer. The
 * work itself goes on; its end is ignored then.
 */
export function within<T>(timers: Timers, milliseconds: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(milliseconds, () => reject(new Error(`No answer within ${milliseconds} ms.`)));
    work.then(resolve, reject).finally(cancel);
  });
}

/**
 * Runs `work` again and again, `period` milliseconds after the end of the last run; `work` must not reject. `stop`
 * resolves once a run under way has ended.
 */
export class Repeater {
  readonly #timers: Timers;
  readonly #period: number;
  readonly #work: () => Promise<void>;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  constructor(timers: Timers, period: number, work: () => Promise<void>) {
    this.#timers = timers;
    this.#period = period;
    this.#work = work;
  }

  start(): void {
    if (!this.#stopped) this.#cancel = this.#timers.after(this.#period, () => void this.now());
  }

  /** Runs the work at once, or waits for the run under way. */
  now(): Promise<void> {
    if (this.#stopped) return this.#running ?? Promise.resolve();
    this.#running ??= this.#once();
    return this.#running;
  }

  async #once(): Promise<void> {
    this.#cancel?.();
    await this.#work();
    this.#running = undefined;
    this.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }
}
