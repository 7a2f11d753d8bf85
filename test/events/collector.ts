import type { Feed } from '../../src/events/feed.js';
import type { LoggedEvent } from '../../src/events/topics.js';

/** Collects what a feed tells, and lets a test wait for a number of facts. */
export class Collector {
  readonly events: LoggedEvent[] = [];
  lost = 0;
  readonly stop: () => void;
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(feed: Feed) {
    this.stop = feed.listen({
      take: (events) => {
        this.events.push(...events);
        this.#wake();
      },
      lost: () => {
        this.lost += 1;
      },
    });
  }

  get positions(): number[] {
    return this.events.map((event) => event.seq);
  }

  get subjects(): string[] {
    return this.events.map((event) => event.subject);
  }

  /** Resolves once so many facts have been told. */
  async until(count: number): Promise<this> {
    if (this.events.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting.push({ count, resolve });
      });
    }
    return this;
  }

  #wake(): void {
    const ready = this.#waiting.filter(({ count }) => this.events.length >= count);
    this.#waiting = this.#waiting.filter(({ count }) => this.events.length < count);
    for (const { resolve } of ready) resolve();
  }
}
