import { SECOND } from '../lib/time.js';
import type { HeldShard } from './fence.js';
import type { SchedulerLog, SchedulerMetrics } from './metrics.js';
import type { ShardLeases } from './shard-leases.js';
import { type Timers, within } from './timers.js';

/** How long a taker waits for the batch of an owner whose lease has ended before it ends that owner's connection. */
const PATIENCE = SECOND;

export interface TakingOptions {
  readonly leases: ShardLeases;
  readonly timers: Timers;
  readonly metrics: Pick<SchedulerMetrics, 'fenceRefused'>;
  readonly log: SchedulerLog;
  /** How many milliseconds a transaction may take before it counts as failed. */
  readonly patience: number;
}

/** Takes leases of shards; those asked for while a transaction is under way share the next one. */
export class Taking {
  readonly #options: TakingOptions;
  #wanted = new Set<string>();
  #round: Promise<HeldShard[]> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: TakingOptions) {
    this.#options = options;
  }

  /** Takes one shard; undefined when its lease is somebody else's. Rejects when the database does not answer. */
  async take(id: string): Promise<HeldShard | undefined> {
    this.#wanted.add(id);
    this.#round ??= this.#next();
    const taken = await this.#round;
    return taken.find((shard) => shard.id === id);
  }

  /** Waits for the round under way, and for all that ask in this turn of the event loop; then takes for all of them. */
  async #next(): Promise<HeldShard[]> {
    await this.#last;
    await new Promise((resolve) => setImmediate(resolve));
    const ids = [...this.#wanted];
    this.#wanted = new Set();
    this.#round = undefined;
    const { timers, patience } = this.#options;
    const round = within(timers, patience, this.#firmly(ids));
    this.#last = round.catch(() => {});
    return round;
  }

  /** A shard that is free but whose row is held belongs to an owner that is frozen in a transaction: ends it. */
  async #firmly(ids: readonly string[]): Promise<HeldShard[]> {
    const { leases, timers, metrics, log } = this.#options;
    const taken = await leases.take(ids);
    const stuck = await this.#stuck(ids, taken);
    if (stuck.length === 0) return taken;
    await new Promise<void>((resolve) => timers.after(PATIENCE, resolve));
    const later = await leases.take(stuck);
    const still = await this.#stuck(stuck, later);
    if (still.length === 0) return [...taken, ...later];
    const ended = await leases.unblock(still);
    // Each was in the middle of a transaction of its owner's, which is rolled back.
    for (let count = 0; count < ended; count += 1) metrics.fenceRefused();
    log.warn(`Ended ${ended} connection(s) whose frozen owners held ${still.length} shard(s).`);
    // What it had written is rolled back while this waits: the database ends a connection in its own time.
    return [...taken, ...later, ...(await leases.take(still, ended > 0))];
  }

  async #stuck(ids: readonly string[], taken: readonly HeldShard[]): Promise<string[]> {
    const missed = ids.filter((id) => !taken.some((shard) => shard.id === id));
    return this.#options.leases.free(missed);
  }
}
