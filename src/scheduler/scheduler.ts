import type { Tx } from '../db/transaction.js';
import { SECOND } from '../lib/time.js';
import { Engine } from './engine.js';
import { KindRegistry } from './kind-registry.js';
import type { Kind, Planner } from './kinds.js';
import { type ResolvedOptions, type SchedulerOptions, withDefaults } from './options.js';
import { SqlPlanner } from './planner.js';
import { reconcileChore } from './reconcile-chore.js';
import { type Mended, Reconciler } from './reconciler.js';
import { ServiceRegistry } from './registry.js';
import { ensureShards } from './shards.js';
import { ENGINES_CHANNEL } from './tag.js';
import { within } from './timers.js';
import { WorkEnding } from './work-ending.js';

/** What health and logs tell of the scheduler in this process. */
interface SchedulerState {
  /** SUPERSEDED: another process has started under the same host and name; this one fires nothing more. */
  readonly state: 'IDLE' | 'RUNNING' | 'STOPPED' | 'SUPERSEDED';
  readonly serviceId: string | null;
  readonly incarnation: number | null;
  readonly shardsHeld: number;
  /** Pieces of leased work under way here. */
  readonly workHeld: number;
  /** Agenda's store, and whether it answered the last time: without it ownership goes on by SQL alone, degraded. */
  readonly lockStore: 'SQL' | 'MongoDB';
  readonly lockStoreAvailable: boolean;
  /** False while SQL has been silent for the time of a lease. */
  readonly holdsLeases: boolean;
}

/** The clock: fires background jobs once each, at their instants, on one engine. */
export interface Scheduler {
  readonly planner: Planner;
  /** Before `start`. A process that only plans registers too, for the kinds' default tags. */
  register(kind: Kind): void;
  /** Begins to own shards and to fire. Rejects when the database cannot be reached. */
  start(): Promise<void>;
  /**
   * Takes nothing more, and hands the shards over at once. A batch and leased work under way may end, for at most so many
   * milliseconds; work that has not ended by then is told to stop, and handed back.
   */
  stop(graceMs: number): Promise<void>;
  state(): SchedulerState;
  /** Compares what is wanted with what is scheduled, now. */
  reconcile(): Promise<Mended>;
}

/** What handing back takes after the time of grace, in milliseconds: then the process ends all the same. */
const AFTER_GRACE = 3 * SECOND;

class SqlScheduler implements Scheduler {
  readonly planner: SqlPlanner;
  readonly #options: ResolvedOptions;
  readonly #kinds = new KindRegistry();
  readonly #registry: ServiceRegistry;
  readonly #reconciler: Reconciler;
  readonly #ending: WorkEnding;
  #engine: Engine | undefined;
  #state: SchedulerState['state'] = 'IDLE';

  constructor(options: ResolvedOptions) {
    this.#options = options;
    this.planner = new SqlPlanner({ ...options, kinds: this.#kinds });
    this.#ending = new WorkEnding({ ...options, kinds: this.#kinds });
    const onLost = (tx: Tx, serviceId: string): Promise<void> => this.#ending.ofService(tx, serviceId);
    this.#registry = new ServiceRegistry({ ...options, silence: options.leaseLength, onLost });
    this.#reconciler = new Reconciler({ ...options, planner: this.planner, kinds: this.#kinds });
    this.register(reconcileChore(options.db, this.planner, (db, signal) => this.#reconciler.run(db, signal)));
  }

  register(kind: Kind): void {
    if (this.#state !== 'IDLE') throw new Error('Kinds are registered before the scheduler starts.');
    this.#kinds.add(kind);
  }

  async start(): Promise<void> {
    if (this.#state !== 'IDLE') throw new Error('The scheduler starts once.');
    const { db, identity, slices, bell } = this.#options;
    this.#state = 'RUNNING';
    const service = await this.#registry.register(identity);
    await ensureShards(db, {}, slices);
    this.#engine = new Engine(
      this.#options,
      this.#kinds,
      this.#registry,
      service,
      this.#ending,
      () => void this.#superseded(),
    );
    await this.#engine.start();
    bell.ring(ENGINES_CHANNEL);
    void this.#reconciler.run();
  }

  async #superseded(): Promise<void> {
    if (this.#state !== 'RUNNING') return;
    this.#state = 'SUPERSEDED';
    this.#options.log.warn('Another process runs under the same host and name: this one fires nothing more.');
    await this.#engine?.stop(0);
  }

  async stop(graceMs: number): Promise<void> {
    const engine = this.#engine;
    const running = this.#state === 'RUNNING';
    this.#state = 'STOPPED';
    if (!engine || !running) return;
    const { timers, log } = this.#options;
    const leave = within(timers, AFTER_GRACE, this.#registry.leave(engine.service));
    await leave.catch((error) => log.warn('The end of the service could not be written.', error));
    let cancel = (): void => {};
    const grace = new Promise<void>((resolve) => {
      cancel = timers.after(graceMs + AFTER_GRACE, resolve);
    });
    await Promise.race([Promise.all([engine.stop(graceMs), this.#reconciler.idle()]), grace]);
    cancel();
  }

  state(): SchedulerState {
    const engine = this.#engine;
    return {
      state: this.#state,
      serviceId: engine?.service.id ?? null,
      incarnation: engine?.service.incarnation ?? null,
      shardsHeld: engine?.ownership.shards.length ?? 0,
      workHeld: engine?.crew.size ?? 0,
      lockStore: this.#options.mongoUrl === undefined ? 'SQL' : 'MongoDB',
      lockStoreAvailable: engine?.locks.available ?? true,
      holdsLeases: engine?.ownership.mayTake ?? false,
    };
  }

  reconcile(): Promise<Mended> {
    return this.#reconciler.run();
  }
}

/** The scheduler of this process; nothing happens before `start`, but planning. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  return new SqlScheduler(withDefaults(options));
}
