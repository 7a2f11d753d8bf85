import type { Clock } from '../../src/lib/time.js';

/** The instant at which every test begins: Saturday, 2026-11-21, noon UTC. */
export const START = Date.UTC(2026, 10, 21, 12);

/** A clock that stands still until it is moved. */
export class FakeClock implements Clock {
  #now: number;

  constructor(now = START) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  /** Lets time pass, in milliseconds. */
  forward(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
