import { type Clock, SECOND } from '../lib/time.js';
import type { Held, RunApi } from './run-api.js';
import { ANSWER_WAIT, isAway } from './server-calls.js';
import { pause, type Timers } from './timers.js';

/** How often a lease is renewed within its length. */
const RENEWALS = 6;

/** The most that a try waits after one that failed. */
const RETRY = 2 * SECOND;

/** The part of a lease after which a renewal that was not answered is asked for once more, beside the first. */
const PATIENCE = 1 / 3;

interface Parts {
  readonly api: Pick<RunApi, 'renewOnce'>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Told what the server says at each renewal. */
  readonly onAnswer: (held: Held) => void;
  /** Told, once for each time, that the lease ran out while the server was away. */
  readonly onRunOut: (seconds: number) => void;
  /** Told when the server refuses to renew: the lease is lost, or the token is. */
  readonly onFailure: (error: unknown) => void;
}

/** Keeps the lease of one run until it is ended. Measured from the moment before each request: never too long. */
export class LeaseKeeper {
  readonly #parts: Parts;
  readonly #end = new AbortController();
  #length = 0;
  /** When the renewal was asked for that the lease is counted from. */
  #askedAt = Number.NEGATIVE_INFINITY;
  #stopWatch: () => void = () => undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Begins with a lease of so many seconds that was asked for at `askedAt` (by the clock). */
  begin(seconds: number, askedAt: number): void {
    this.#length = seconds * SECOND;
    this.#watch(askedAt);
    void this.#keep();
  }

  end(): void {
    this.#stopWatch();
    this.#end.abort();
  }

  /** Waits for the end of a lease that was asked for at `askedAt`, unless it is renewed before. */
  #watch(askedAt: number): void {
    const { timers, clock, onRunOut } = this.#parts;
    // One that was asked for earlier may be answered later.
    if (askedAt < this.#askedAt) return;
    this.#askedAt = askedAt;
    this.#stopWatch();
    const left = askedAt + this.#length - clock.now();
    this.#stopWatch = timers.after(Math.max(0, left), () => onRunOut(this.#length / SECOND));
  }

  async #keep(): Promise<void> {
    const { timers } = this.#parts;
    const signal = this.#end.signal;
    let wait = this.#length / RENEWALS;
    for (;;) {
      await pause(timers, wait, signal);
      if (signal.aborted) return;
      wait = await this.#renewal();
    }
  }

  /** Renews; resolves, with the time until the next renewal, once this one is answered or has taken too long. */
  async #renewal(): Promise<number> {
    const answered = new AbortController();
    const renewing = this.#renew().finally(() => answered.abort());
    await pause(this.#parts.timers, this.#length * PATIENCE, answered.signal, this.#end.signal);
    if (!answered.signal.aborted) return 0;
    return (await renewing) ? this.#length / RENEWALS : Math.min(RETRY, this.#length / RENEWALS);
  }

  /** False when the server was away. Never rejects: a refusal is told. */
  async #renew(): Promise<boolean> {
    const { api, clock, onAnswer, onFailure } = this.#parts;
    const { signal } = this.#end;
    const askedAt = clock.now();
    try {
      const held = await api.renewOnce(Math.min(ANSWER_WAIT, this.#length));
      if (signal.aborted) return true;
      this.#watch(askedAt);
      onAnswer(held);
      return true;
    } catch (error) {
      if (isAway(error)) return false;
      if (!signal.aborted) onFailure(error);
      this.end();
      return true;
    }
  }
}
