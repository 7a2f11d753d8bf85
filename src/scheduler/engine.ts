import { Mutex } from '../lib/mutex.js';
import { Elector } from './agenda/elector.js';
import type { LockStore } from './agenda/lock-store.js';
import { MongoLockStore } from './agenda/mongo-lock-store.js';
import { SqlLockStore } from './agenda/sql-lock-store.js';
import { ShardCleaning } from './cleaning.js';
import { ShardDrain } from './drain.js';
import type { HeldShard } from './fence.js';
import type { KindRegistry } from './kind-registry.js';
import { Lookout } from './lookout.js';
import type { ResolvedOptions } from './options.js';
import { Ownership } from './ownership.js';
import type { RunningService, ServiceRegistry } from './registry.js';
import { ShardFiring } from './shard-firing.js';
import { ShardLeases } from './shard-leases.js';
import { ENGINES_CHANNEL, fits, shardChannel } from './tag.js';
import { Taking } from './taking.js';
import { Repeater, within } from './timers.js';
import { WorkCrew } from './work-crew.js';
import type { WorkEnding } from './work-ending.js';

/** One start of an engine: it holds shards and fires what is due in them, from `start` to `stop`. */
export class Engine {
  readonly service: RunningService;
  readonly ownership: Ownership;
  readonly locks: LockStore;
  /** Does the leased work of this engine. */
  readonly crew: WorkCrew;
  readonly #options: ResolvedOptions;
  readonly #registry: ServiceRegistry;
  readonly #leases: ShardLeases;
  readonly #elector: Elector;
  readonly #lookout: Lookout;
  readonly #cleaning: ShardCleaning;
  readonly #mending: Repeater;
  readonly #repeaters: Repeater[];
  readonly #onSuperseded: () => void;
  #prepared = false;
  #unlisten: (() => void) | undefined;

  constructor(
    options: ResolvedOptions,
    kinds: KindRegistry,
    registry: ServiceRegistry,
    service: RunningService,
    ending: WorkEnding,
    onSuperseded: () => void,
  ) {
    const { db, bell, timers, metrics, log, leaseLength, renewEvery, lookEvery, exclusive } = options;
    this.#options = options;
    this.#registry = registry;
    this.service = service;
    this.#onSuperseded = onSuperseded;
    this.#leases = new ShardLeases({ ...options, service, length: leaseLength });
    this.locks = this.#lockStore();
    const slots = new Mutex(options.concurrency);
    const onLost = (shard: HeldShard): void => void this.ownership.lost(shard.id, shard.fence);
    this.ownership = new Ownership({
      leases: this.#leases,
      taking: new Taking({ leases: this.#leases, timers, metrics, log, patience: leaseLength }),
      locks: this.locks,
      timers,
      metrics,
      log,
      leaseLength,
      drainFor: (shard) =>
        new ShardDrain(
          { db, kinds, timers, log, slots, patience: leaseLength, onLost },
          shard,
          new ShardFiring({ ...options, kinds }, shard),
        ),
      listen: (id, onNudge) => options.listen(shardChannel(id), onNudge),
      onLetGo: () => bell.ring(ENGINES_CHANNEL),
      onUnlocked: () => void this.#mending.now(),
      at: options.at,
    });
    this.#elector = new Elector({
      store: this.locks,
      name: `${service.id}/${service.incarnation}`,
      pollEvery: options.pollEvery,
      log,
      onElected: (id) => this.ownership.own(id),
    });
    const { ownership, locks } = this;
    this.#lookout = new Lookout({
      db,
      service,
      registry,
      leases: this.#leases,
      ownership,
      locks,
      elector: this.#elector,
      metrics,
      log,
      timers,
      exclusive,
      patience: leaseLength,
      settle: lookEvery,
      rest: 2 * renewEvery,
    });
    this.#cleaning = new ShardCleaning({ ...options, kinds, leases: this.#leases, ownership, locks });
    this.#mending = new Repeater(timers, options.mendEvery, () => this.#mend());
    this.crew = new WorkCrew({
      ...options,
      kinds,
      service,
      ending,
      workDb: options.workDb ?? db,
      mayTake: () => this.ownership.mayTake,
    });
    this.#repeaters = [
      // Each by itself: what one of them waits for must not cost the others their leases.
      new Repeater(timers, options.renewEvery, () => this.ownership.renew()),
      new Repeater(timers, options.renewEvery, () => this.crew.renew()),
      new Repeater(timers, options.renewEvery, () => this.#beat()),
      new Repeater(timers, options.lookEvery, () => this.#lookout.look()),
      this.#mending,
    ];
  }

  #lockStore(): LockStore {
    const { db, leaseLength, exclusive, mongoUrl, timers } = this.#options;
    const owner = { service: this.service.id, incarnation: this.service.incarnation };
    const options = { owner, lockLength: leaseLength, exclusive, wanted: () => this.#lookout.wanted() };
    return mongoUrl === undefined ? new SqlLockStore(db, options) : new MongoLockStore(mongoUrl, options, timers);
  }

  /** Begins to take shards; on an exclusive database, resolves when every shard is held. */
  async start(): Promise<void> {
    await this.#mendEntries();
    await this.#lookout.look();
    await this.#elector.start();
    for (const repeater of this.#repeaters) repeater.start();
    await this.crew.start();
    this.#unlisten = this.#options.listen(ENGINES_CHANNEL, () => void this.look());
    if (this.#options.exclusive) await this.ownership.whenHeld(await this.#fitting());
  }

  /** How many shards this engine's labels fit. */
  async #fitting(): Promise<number> {
    return (await this.#leases.survey()).filter((shard) => fits(this.service.labels, shard.tag)).length;
  }

  /** Looks at once at what the look once a second sees. */
  async look(): Promise<void> {
    await this.#lookout.look();
  }

  /** Never rejects. */
  async #beat(): Promise<void> {
    try {
      const { timers, leaseLength } = this.#options;
      const state = this.#lookout.draining ? 'DRAINING' : 'ACTIVE';
      if (!(await within(timers, leaseLength, this.#registry.heartbeat(this.service, state)))) this.#onSuperseded();
    } catch (error) {
      this.#options.log.warn('The heartbeat could not be written.', error);
    }
  }

  async #mend(): Promise<void> {
    await this.#mendEntries();
    await this.#cleaning.run();
  }

  /** Prepares the lock store as soon as it answers, and makes the entries that are missing. Never rejects. */
  async #mendEntries(): Promise<void> {
    const { metrics, log } = this.#options;
    try {
      if (!this.#prepared) await this.locks.prepare();
      this.#prepared = true;
      const { timers, leaseLength } = this.#options;
      const shards = await within(timers, leaseLength, this.#leases.all());
      const made = await this.locks.ensure(shards);
      if (made > 0) metrics.mended('entry', made);
      // Whoever owns a shard by SQL locks it before anybody is elected.
      if (made > 0) this.ownership.lock();
    } catch (error) {
      log.warn("The entries of Agenda's store could not be checked.", error);
    }
  }

  /**
   * Hands every shard over once its batch has ended; leased work under way may end, for at most so many milliseconds.
   * Then nothing of this engine runs any more.
   */
  async stop(graceMs: number): Promise<void> {
    const worked = this.crew.stop(graceMs);
    this.#unlisten?.();
    const ended = Promise.all(this.#repeaters.map((repeater) => repeater.stop()));
    await this.#elector.stop();
    await this.ownership.close();
    await ended;
    await this.#lookout.idle();
    await this.locks.close();
    await worked;
  }
}
