import type { LockStore } from './agenda/lock-store.js';
import type { KindRegistry } from './kind-registry.js';
import type { SchedulerLog } from './metrics.js';
import type { Ownership } from './ownership.js';
import type { SeenShard, ShardLeases } from './shard-leases.js';
import { type SliceCounts, sliceCount, tagKey } from './tag.js';
import { type Timers, within } from './timers.js';

export interface CleaningOptions {
  readonly leases: ShardLeases;
  readonly ownership: Ownership;
  readonly locks: LockStore;
  readonly kinds: KindRegistry;
  readonly slices: SliceCounts;
  readonly timers: Timers;
  readonly log: SchedulerLog;
  /** How many milliseconds a question may take before it counts as failed. */
  readonly leaseLength: number;
}

const WHY = 'no background job belongs to it any more';

/**
 * Removes shards that were made for a tag, or a number of slices, that nothing uses any more: those of this engine, and
 * those of nobody. A shard counts as unused when two passes in a row found it so: whoever plans a background job makes
 * the shard first, and may not have committed the job yet. Should a shard go all the same, the reconciler makes it again.
 */
export class ShardCleaning {
  readonly #options: CleaningOptions;
  #unused: ReadonlySet<string> = new Set();
  /** Entries of earlier shards may be left: an engine may have ended between the two stores. */
  #littered = true;

  constructor(options: CleaningOptions) {
    this.#options = options;
  }

  /** One pass. Never rejects. */
  async run(): Promise<void> {
    const { leases, locks, timers, leaseLength, log } = this.#options;
    try {
      const unused = await within(timers, leaseLength, this.#findUnused());
      const gone = await this.#remove(unused.filter((id) => this.#unused.has(id)));
      this.#unused = new Set(unused);
      this.#littered ||= gone > 0;
      // A lock store that is away is told of elsewhere.
      if (this.#littered)
        this.#littered = !(await locks.prune(await leases.all()).then(
          () => true,
          () => false,
        ));
    } catch (error) {
      log.warn('Shards that nothing uses could not be removed.', error);
    }
  }

  async #findUnused(): Promise<string[]> {
    const { leases, ownership, kinds } = this.#options;
    const kept = new Set([{}, ...kinds.all.map((kind) => kind.defaultTag)].map(tagKey));
    const mine = ({ id, owner, left }: SeenShard): boolean => ownership.holds(id) || (owner === null && !left);
    const spare = (await leases.survey()).filter((shard) => mine(shard) && !this.#isKept(shard, kept));
    return leases.unused(spare.map((shard) => shard.id));
  }

  #isKept({ tag, tagKey: key, slice }: SeenShard, kept: ReadonlySet<string>): boolean {
    return kept.has(key) && slice < sliceCount(tag, this.#options.slices);
  }

  async #remove(ids: readonly string[]): Promise<number> {
    const { leases, ownership } = this.#options;
    let removed = 0;
    const remove = async (some: readonly string[]): Promise<void> => {
      removed += (await leases.remove(some, WHY)).length;
      // Those that have got a background job meanwhile.
      await leases.release(some, 'it was to be removed');
    };
    const free = ids.filter((id) => !ownership.holds(id));
    await ownership.letGo(ids, WHY, remove);
    await remove(free);
    return removed;
  }
}
