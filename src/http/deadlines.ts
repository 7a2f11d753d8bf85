import type { Clock } from '../lib/time.js';

const TICK_MS = 250;

/** Why an operation ended before its work did: the reason that its signal aborts with. */
export class OperationEnded extends Error {
  readonly code: 'TIMEOUT' | 'CANCELLED';

  constructor(code: 'TIMEOUT' | 'CANCELLED') {
    super(code === 'TIMEOUT' ? 'The operation took too long.' : 'The operation was cancelled.');
    this.name = 'OperationEnded';
    this.code = code;
  }
}

/** An AbortController that is made when it is first needed: most operations end before anybody asks for the signal. */
export class Cancellation {
  #controller: AbortController | null = null;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(reason: OperationEnded): void {
    this.#controller ??= new AbortController();
    this.#controller.abort(reason);
  }
}

interface Entry {
  deadline: number;
  controller: Cancellation;
}

/** Ends operations that take too long, with one timer for all of them. */
export class Deadlines {
  readonly #limitMs: number;
  readonly #clock: Clock;
  readonly #entries = new Set<Entry>();
  #timer: NodeJS.Timeout | null = null;

  constructor(limitMs: number, clock: Clock) {
    this.#limitMs = limitMs;
    this.#clock = clock;
  }

  /** How many operations are under way. */
  get running(): number {
    return this.#entries.size;
  }

  /**
   * Waits for work, but no longer than the limit. Rejects with the reason that the controller was aborted with
   * (OperationEnded) without waiting for work that does not heed its signal.
   */
  async race<T>(work: Promise<T>, controller: Cancellation): Promise<T> {
    controller.signal.throwIfAborted();
    const entry = { deadline: this.#clock.now() + this.#limitMs, controller };
    this.#entries.add(entry);
    this.#timer ??= setInterval(() => this.#sweep(), TICK_MS).unref();
    let onAbort = (): void => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(controller.signal.reason);
      controller.signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([work, aborted]);
    } finally {
      controller.signal.removeEventListener('abort', onAbort);
      this.#entries.delete(entry);
      if (this.#entries.size === 0) this.#stop();
    }
  }

  /** Cancels everything under way (the server stops). */
  cancelAll(): void {
    for (const { controller } of this.#entries) controller.abort(new OperationEnded('CANCELLED'));
  }

  #sweep(): void {
    const now = this.#clock.now();
    for (const { deadline, controller } of this.#entries)
      if (deadline <= now) controller.abort(new OperationEnded('TIMEOUT'));
  }

  #stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
