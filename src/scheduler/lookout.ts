import type { Database } from '../db/database.js';
import { SECOND } from '../lib/time.js';
import type { Elector } from './agenda/elector.js';
import type { LockStore } from './agenda/lock-store.js';
import { shardsDueWithin } from './due.js';
import { LettingGo } from './letting-go.js';
import type { SchedulerLog, SchedulerMetrics } from './metrics.js';
import type { Ownership } from './ownership.js';
import type { RunningService, SeenService, ServiceRegistry } from './registry.js';
import type { SeenShard, ShardLeases } from './shard-leases.js';
import { decide, type Sharer } from './sharing.js';
import { SilentServices } from './silent-services.js';
import { type Timers, within } from './timers.js';

export interface LookoutOptions {
  readonly db: Database;
  readonly service: RunningService;
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
  /** How many milliseconds a surplus must have stood before this engine lets go of some of it. */
  readonly settle: number;
  /** How many milliseconds a shard that this engine let go of is left to others. */
  readonly rest: number;
}

/**
 * The look once a second: who is alive, who holds which shards, what of ours is due that no nudge told of. From it
 * follows which shards this engine may lock (nothing else is asked of the lock store), which it takes by SQL alone for
 * want of an election, and which it lets go of.
 */
export class Lookout {
  readonly #options: LookoutOptions;
  readonly #lettingGo: LettingGo;
  readonly #silent: SilentServices;
  /** The shards whose lock this engine would have at present. */
  #wanted: readonly string[] = [];
  /** Since when nobody holds a shard, as this engine saw it; in elapsed milliseconds. */
  #unowned = new Map<string, number>();
  /** The shards that were this engine's by SQL alone, at the last look. */
  #strays = new Set<string>();
  #draining = false;
  #turn = 0;
  #failing = false;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(options: LookoutOptions) {
    this.#options = options;
    this.#lettingGo = new LettingGo(options);
    this.#silent = new SilentServices(options);
  }

  /** Whether this engine is to be emptied, as far as it has seen. */
  get draining(): boolean {
    return this.#draining;
  }

  /** What may be locked at present. */
  wanted(): readonly string[] {
    const { ownership } = this.#options;
    return ownership.mayTake ? this.#wanted.filter((id) => !ownership.holds(id)) : [];
  }

  /** Looks now, or once more after the look under way. Never rejects. */
  look(): Promise<void> {
    this.#again = this.#running !== undefined;
    this.#running ??= this.#looks().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves when nothing that a look began is under way. */
  async idle(): Promise<void> {
    await this.#running;
    await this.#lettingGo.idle();
    await this.#silent.idle();
  }

  async #looks(): Promise<void> {
    do {
      this.#again = false;
      await this.#safely();
    } while (this.#again);
  }

  async #safely(): Promise<void> {
    const { timers, patience, log } = this.#options;
    try {
      await within(timers, patience, this.#once());
      this.#failing = false;
    } catch (error) {
      this.#wanted = [];
      if (!this.#failing) log.warn('The look at services and shards failed; it goes on every second.', error);
      this.#failing = true;
    }
  }

  async #once(): Promise<void> {
    const { db, registry, leases, ownership } = this.#options;
    const services = await registry.survey();
    const shards = await leases.survey();
    await this.#disown(shards);
    this.#silent.consider(services);
    this.#draining = this.#isDraining(services);
    const { take, letGo } = this.#decide(services, shards);
    this.#wanted = take;
    this.#lettingGo.consider(letGo, shards, this.#draining);
    const wanted = this.wanted();
    if (wanted.length > 0) await this.#fill(wanted);
    ownership.wake(await shardsDueWithin(db, ownership.shards, SECOND));
  }

  /**
   * A database that was silent may carry out late what this engine asked before it let go of everything: a renewal or a
   * batch, and then nobody would drain those shards for one more lease. Two looks, as one may be older than a release.
   */
  async #disown(shards: readonly SeenShard[]): Promise<void> {
    const { service, ownership } = this.#options;
    const stray = shards.filter(({ id, owner }) => owner === service.id && !ownership.claims(id)).map(({ id }) => id);
    const twice = stray.filter((id) => this.#strays.has(id));
    this.#strays = new Set(stray);
    await ownership.disown(twice);
  }

  /** Whoever was taken for dead is not among the services, until its next heartbeat: it drains if it did before. */
  #isDraining(services: readonly SeenService[]): boolean {
    const me = services.find(({ id }) => id === this.#options.service.id);
    return me ? me.state === 'DRAINING' : this.#draining;
  }

  /** Those that shards are shared among; this engine is alive, whatever the table says. */
  #sharers(services: readonly SeenService[]): Sharer[] {
    const { service, exclusive } = this.#options;
    const others = services.filter(({ id, state, heard }) => id !== service.id && state === 'ACTIVE' && heard);
    return [...(exclusive ? [] : others), ...(this.#draining ? [] : [service])];
  }

  #decide(services: readonly SeenService[], shards: readonly SeenShard[]): ReturnType<typeof decide> {
    const { service, ownership, timers, patience } = this.#options;
    const now = timers.elapsed();
    const before = this.#unowned;
    this.#unowned = new Map();
    const seen = shards.map((shard) => {
      if (shard.owner !== null) return { ...shard, resting: false };
      // What is being taken meanwhile counts: others would be wanted in its place, and the engine end with too many.
      if (ownership.claims(shard.id)) return { ...shard, owner: service.id, resting: false };
      const since = before.get(shard.id) ?? now;
      this.#unowned.set(shard.id, since);
      // Whoever ought to have taken it by now is alive, and does not: it is anyone's.
      const left = shard.left || now - since >= patience;
      return { ...shard, left, resting: this.#lettingGo.rests(shard.id) };
    });
    this.#turn += 1;
    return decide(service.id, this.#sharers(services), seen, this.#turn);
  }

  async #fill(wanted: readonly string[]): Promise<void> {
    const { locks, elector, ownership, metrics } = this.#options;
    const without = await locks.missing(wanted).catch(() => null);
    if (without === null) return ownership.takeUnelected(wanted);
    if (without.length > 0) {
      // Whoever takes the lease of a shard that has no entry owns it; the entry is made for the next election.
      await ownership.takeUnelected(without);
      metrics.mended('entry', await locks.ensure(without).catch(() => 0));
      ownership.lock();
    }
    await elector.poke();
  }
}
