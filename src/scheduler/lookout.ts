import type { Database } from '../db/database.js';
import { SECOND } from '../lib/time.js';
import type { Elector } from './agenda/elector.js';
import type { LockPolicy, LockStore } from './agenda/lock-store.js';
import { shardsDueWithin } from './due.js';
import type { SchedulerLog, SchedulerMetrics } from './metrics.js';
import type { Ownership } from './ownership.js';
import type { ServiceRegistry } from './registry.js';
import type { FreeShard, ShardLeases } from './shard-leases.js';
import { type Timers, within } from './timers.js';

export interface LookoutOptions {
  readonly db: Database;
  readonly registry: ServiceRegistry;
  readonly leases: ShardLeases;
  readonly ownership: Ownership;
  readonly locks: LockStore;
  readonly elector: Elector;
  readonly metrics: SchedulerMetrics;
  readonly log: SchedulerLog;
  readonly timers: Timers;
  /** No other process can be there: whatever other services the table shows alive have died. */
  readonly exclusive: boolean;
  /** How many milliseconds a look may take before it counts as failed. */
  readonly patience: number;
}

/**
 * The look once a second: who is alive, which shards are free, what of ours is due that no nudge told of. Finds the
 * shards that no election will give an owner, and takes them by SQL alone.
 */
export class Lookout {
  readonly #options: LookoutOptions;
  /** What this engine may hold while others want to: an even share, rounded up. */
  #share = 0;
  #failing = false;

  constructor(options: LookoutOptions) {
    this.#options = options;
  }

  /**
   * What may be locked at present: free shards up to this engine's share, shards of dead owners by anyone. `won` are
   * the locks in hand: Agenda wins several before it begins with the first.
   */
  policy(won: number): LockPolicy {
    const { ownership } = this.#options;
    if (!ownership.mayTake) return 'none';
    return Math.max(won, ownership.shards.length) < this.#share ? 'any' : 'expired';
  }

  /** Never rejects. */
  async look(): Promise<void> {
    const { timers, patience, log } = this.#options;
    try {
      await within(timers, patience, this.#once());
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) log.warn('The look at services and shards failed; it goes on every second.', error);
      this.#failing = true;
    }
  }

  async #once(): Promise<void> {
    const { db, leases, ownership } = this.#options;
    await this.#survey();
    const free = ownership.mayTake ? await leases.free() : [];
    if (free.length > 0) await this.#fill(free);
    ownership.wake(await shardsDueWithin(db, ownership.shards, SECOND));
  }

  async #survey(): Promise<void> {
    const { registry, leases, elector, exclusive, log } = this.#options;
    const { live, silent } = await registry.survey();
    const shards = (await leases.all()).length;
    this.#share = exclusive ? shards : Math.ceil(shards / Math.max(1, live));
    elector.limit(shards);
    for (const id of silent) {
      if (await registry.declareFailed(id)) log.warn(`The service ${id} fell silent: it is FAILED.`);
    }
  }

  async #fill(free: readonly FreeShard[]): Promise<void> {
    const { locks, elector, ownership, metrics } = this.#options;
    const ids = free.map((shard) => shard.id);
    const without = await locks.missing(ids).catch(() => null);
    if (without === null) return ownership.takeUnelected(this.#within(free));
    if (without.length > 0) {
      // Whoever takes the lease of a shard that has no entry owns it; the entry is made for the next election.
      await ownership.takeUnelected(this.#within(free.filter((shard) => without.includes(shard.id))));
      metrics.mended('entry', await locks.ensure(without).catch(() => 0));
    }
    await elector.poke();
  }

  /** Those this engine may take: all that a dead owner left, and free ones up to its share. */
  #within(free: readonly FreeShard[]): string[] {
    const room = Math.max(0, this.#share - this.#options.ownership.shards.length);
    const expired = free.filter((shard) => shard.expired);
    const unowned = free.filter((shard) => !shard.expired).slice(0, Math.max(0, room - expired.length));
    return [...expired, ...unowned].map((shard) => shard.id);
  }
}
