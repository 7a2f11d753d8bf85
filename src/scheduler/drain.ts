import type { Database } from '../db/database.js';
import type { Mutex } from '../lib/mutex.js';
import { SECOND } from '../lib/time.js';
import { nextDue } from './due.js';
import { type HeldShard, LeaseLostError } from './fence.js';
import type { KindRegistry } from './kind-registry.js';
import type { SchedulerLog } from './metrics.js';
import type { ShardFiring } from './shard-firing.js';
import { type Timers, within } from './timers.js';

const RETRY = SECOND;

export interface DrainOptions {
  readonly db: Database;
  readonly kinds: KindRegistry;
  readonly timers: Timers;
  readonly log: SchedulerLog;
  /** How many shards of this engine fire at the same time. */
  readonly slots: Mutex;
  /** How many milliseconds a batch may take before its place is given to others. */
  readonly patience: number;
  /** Called once when another owner turned out to have the shard. */
  readonly onLost: (shard: HeldShard) => void;
}

/** Fires what becomes due in one shard, as long as this engine holds it: sleeps until the next instant, or a nudge. */
export class ShardDrain {
  readonly shard: HeldShard;
  readonly #options: DrainOptions;
  readonly #firing: ShardFiring;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #nudged = false;
  #stopped = false;

  constructor(options: DrainOptions, shard: HeldShard, firing: ShardFiring) {
    this.#options = options;
    this.shard = shard;
    this.#firing = firing;
  }

  /** Something of the shard may be due, or due earlier than it was: looks, now or after the batch under way. */
  wake(): void {
    this.#nudged = true;
    if (this.#stopped || this.#running) return;
    this.#cancel?.();
    this.#running = this.#drain().finally(() => {
      this.#running = undefined;
      if (this.#nudged) this.wake();
    });
  }

  /** Resolves when nothing runs: tests wait for it. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** Fires nothing more; resolves once the batch under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }

  async #drain(): Promise<void> {
    const { db, kinds, timers, log, slots, patience, onLost } = this.#options;
    try {
      while (!this.#stopped) {
        this.#nudged = false;
        const next = await within(timers, patience, nextDue(db, this.shard.id, kinds.names));
        if (next && next.wakeAt <= next.now) {
          await slots.run(async () => {
            if (!this.#stopped) await within(timers, patience, this.#firing.fireDue());
          });
        } else if (!this.#nudged) {
          if (next && !this.#stopped) this.#cancel = timers.after(next.wakeAt - next.now, () => this.wake());
          return;
        }
      }
    } catch (error) {
      if (error instanceof LeaseLostError) {
        this.#stopped = true;
        onLost(this.shard);
        return;
      }
      log.warn(`The shard ${this.shard.id} could not be drained; it is tried again.`, error);
      this.#nudged = false;
      if (!this.#stopped) this.#cancel = timers.after(RETRY, () => this.wake());
    }
  }
}
