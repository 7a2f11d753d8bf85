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
  #reason: OperationEnded | null = null;
  #told: ((reason: OperationEnded) => void) | null = null;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  abort(reason: OperationEnded): void {
    this.#reason ??= reason;
    this.#controller?.abort(this.#reason);
    this.#told?.(this.#reason);
  }

  /** Tells one listener of the abort, at once where it has happened already; null tells none any more. */
  tell(listener: ((reason: OperationEnded) => void) | null): void {
    this.#told = listener;
    if (this.#reason) listener?.(this.#reason);
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
  race<T>(work: Promise<T>, controller: Cancellation): Promise<T> {
    const entry = { deadline: this.#clock.now() + this.#limitMs, controller };
    this.#entries.add(entry);
    this.#timer ??= setInterval(() => this.#sweep(), TICK_MS).unref();
    return new Promise((resolve, reject) => {
      const end = (): void => {
        controller.tell(null);
        this.#entries.delete(entry);
      };
      work.then(
        (found) => {
          end();
          resolve(found);
        },
        (error) => {
          end();
          reject(error);
        },
      );
      controller.tell((reason) => {
        end();
        reject(reason);
      });
    });
  }

  /** Cancels everything under way (the server stops). */
  cancelAll(): void {
    for (const { controller } of this.#entries) controller.abort(new OperationEnded('CANCELLED'));
  }

  #sweep(): void {
    if (this.#entries.size === 0) this.#stop();
    const now = this.#clock.now();
    for (const { deadline, controller } of this.#entries)
      if (deadline <= now) controller.abort(new OperationEnded('TIMEOUT'));
  }

  #stop(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
  }
}
