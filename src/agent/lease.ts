import { type Clock, SECOND } from '../lib/time.js';
import type { Held, RunApi } from './run-api.js';
import { isAway } from './server-calls.js';
import { pause, type Timers } from './timers.js';

/** How often a lease is renewed within its length. */
const RENEWALS = 6;

/** The most that a try waits after one that failed. */
const RETRY = 2 * SECOND;

interface Parts {
  readonly api: RunApi;
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
    this.#stopWatch();
    const left = askedAt + this.#length - clock.now();
    this.#stopWatch = timers.after(Math.max(0, left), () => onRunOut(this.#length / SECOND));
  }

  async #keep(): Promise<void> {
    const { timers, onFailure } = this.#parts;
    let wait = this.#length / RENEWALS;
    for (;;) {
      await pause(timers, wait, this.#end.signal);
      if (this.#end.signal.aborted) return;
      try {
        wait = (await this.#renew()) ? this.#length / RENEWALS : Math.min(RETRY, this.#length / RENEWALS);
      } catch (error) {
        if (!this.#end.signal.aborted) onFailure(error);
        return;
      }
    }
  }

  /** False when the server was away. */
  async #renew(): Promise<boolean> {
    const { api, clock, onAnswer } = this.#parts;
    const askedAt = clock.now();
    try {
      const held = await api.renewOnce();
      if (this.#end.signal.aborted) return true;
      this.#watch(askedAt);
      onAnswer(held);
      return true;
    } catch (error) {
      if (isAway(error)) return false;
      throw error;
    }
  }
}
