import { setTimeout as sleep } from 'node:timers/promises';
import { createJob } from './api.js';

const PAUSE = 200;

/** Somebody who writes through the front all the time, and keeps what was accepted: none of it may be lost. */
export class Writer {
  readonly #accepted: string[] = [];
  readonly #front: string;
  #refused = 0;
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(front: string) {
    this.#front = front;
  }

  start(): void {
    this.#running ??= this.#write();
  }

  async #write(): Promise<void> {
    for (let number = 0; !this.#stopped; number += 1) {
      const input = { key: `written-${number}`, clientId: 'nobody', start: false };
      try {
        this.#accepted.push(await createJob(this.#front, input));
      } catch {
        // Without an answer it may be there or not: only what was accepted counts.
        this.#refused += 1;
      }
      await sleep(PAUSE);
    }
  }

  /** The ids of all jobs that a server said it had made. */
  get accepted(): readonly string[] {
    return this.#accepted;
  }

  /** How many writes got no answer, or an error. */
  get refused(): number {
    return this.#refused;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }
}
