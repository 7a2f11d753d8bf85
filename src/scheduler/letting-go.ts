import type { Ownership } from './ownership.js';
import type { SeenShard } from './shard-leases.js';
import type { Timers } from './timers.js';

export interface LettingGoOptions {
  readonly ownership: Pick<Ownership, 'holds' | 'letGo'>;
  readonly timers: Pick<Timers, 'elapsed'>;
  /** How many milliseconds a surplus must have stood: what one look sees may be over with the next. */
  readonly settle: number;
  /** How many milliseconds a shard that was let go of is left to others. */
  readonly rest: number;
}

/** How many of a surplus go at a time: few enough that their work is late for a moment only, and not for long. */
const some = (surplus: number): number => Math.max(2, Math.ceil(surplus / 4));

/**
 * Lets go of what an engine holds beyond its share: a few at a time, and the next ones only when somebody has those;
 * everything at once when it drains. What it let go of it leaves to others for a while.
 */
export class LettingGo {
  readonly #options: LettingGoOptions;
  /** The shards that were let go of, and until when they rest; in elapsed milliseconds. */
  readonly #resting = new Map<string, number>();
  /** Since when there is a surplus. */
  #since: number | undefined;
  #running: Promise<void> | undefined;

  constructor(options: LettingGoOptions) {
    this.#options = options;
  }

  /** Whether this engine let go of the shard a moment ago. */
  rests(id: string): boolean {
    return (this.#resting.get(id) ?? 0) > this.#options.timers.elapsed();
  }

  /** Resolves when nothing is being let go of. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Acts on what a look found, and does not wait for it: `surplus` is what is held beyond the share, of all `shards`. */
  consider(surplus: readonly string[], shards: readonly SeenShard[], draining: boolean): void {
    this.#forgetRested();
    const { ownership, timers, settle, rest } = this.#options;
    const held = surplus.filter((id) => ownership.holds(id));
    const now = timers.elapsed();
    this.#since = held.length > 0 ? (this.#since ?? now) : undefined;
    if (this.#since === undefined || this.#running) return;
    const offered = shards.some((shard) => shard.owner === null && this.#resting.has(shard.id));
    if (draining) this.#begin(held, 'its owner is draining');
    else if (!offered && now - this.#since >= settle) {
      const few = held.slice(0, some(held.length));
      for (const id of few) this.#resting.set(id, now + rest);
      this.#begin(few, 'rebalanced');
    }
  }

  #forgetRested(): void {
    for (const id of this.#resting.keys()) if (!this.rests(id)) this.#resting.delete(id);
  }

  #begin(ids: readonly string[], why: string): void {
    this.#running = this.#options.ownership.letGo(ids, why).finally(() => {
      this.#running = undefined;
    });
  }
}
