import type { LockStore } from './agenda/lock-store.js';
import type { ShardDrain } from './drain.js';
import type { HeldShard } from './fence.js';
import type { SchedulerLog, SchedulerMetrics } from './metrics.js';
import type { AtPoint } from './points.js';
import type { ShardLeases } from './shard-leases.js';
import type { Taking } from './taking.js';
import { type Timers, within } from './timers.js';

export interface OwnershipOptions {
  readonly leases: ShardLeases;
  readonly taking: Taking;
  readonly locks: LockStore;
  readonly timers: Timers;
  readonly metrics: SchedulerMetrics;
  readonly log: SchedulerLog;
  /** How many milliseconds a lease lives without being renewed. */
  readonly leaseLength: number;
  readonly drainFor: (shard: HeldShard) => ShardDrain;
  /** Listens for nudges of a shard; the answer ends it. */
  readonly listen: (shardId: string, onNudge: () => void) => () => void;
  /** Called when shards were let go of: others may have them now. */
  readonly onLetGo: () => void;
  /** Called when fewer entries could be locked than there are shards: some may be missing. */
  readonly onUnlocked: () => void;
  readonly at?: AtPoint | undefined;
}

interface Holding {
  readonly drain: ShardDrain;
  readonly unlisten: () => void;
  readonly ended: Promise<void>;
  readonly end: () => void;
}

/** What a lock that was won for nothing rests, so that Agenda does not run in circles. */
const REST = 2_000;

/**
 * The shards that this engine holds. The SQL lease makes holding safe; the lock only elects. Renews SQL first, then the
 * lock; lets go in the order: commit, SQL, lock.
 */
export class Ownership {
  readonly #options: OwnershipOptions;
  readonly #holdings = new Map<string, Holding>();
  /** Those whose lease is being taken. */
  readonly #taking = new Set<string>();
  /** Those that are on their way out: no lock is renewed for them. */
  readonly #leaving = new Set<string>();
  #disarm: (() => void) | undefined;
  #locking: Promise<void> | undefined;
  #closed = false;
  #trusted = true;
  #waiting: { count: number; resolve: () => void }[] = [];

  constructor(options: OwnershipOptions) {
    this.#options = options;
  }

  get shards(): string[] {
    return [...this.#holdings.keys()];
  }

  holds(id: string): boolean {
    return this.#holdings.has(id);
  }

  /** Whether it is held, or just being taken: a lease on it in SQL is meant. */
  claims(id: string): boolean {
    return this.#holdings.has(id) || this.#taking.has(id);
  }

  /** Resolves when at least so many shards are held. */
  whenHeld(count: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ count, resolve });
      this.#tell();
    });
  }

  #tell(): void {
    const due = this.#waiting.filter((waiter) => waiter.count <= this.#holdings.size);
    this.#waiting = this.#waiting.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) waiter.resolve();
  }

  /** False while SQL has been silent for the time of a lease: then nothing is taken. */
  get mayTake(): boolean {
    return this.#trusted && !this.#closed;
  }

  /**
   * Takes a shard and drains it; resolves when it is held no more, or at once when it is somebody else's. Never
   * rejects. The lock, where it was won, is given back.
   */
  async own(id: string): Promise<void> {
    const held = this.#holdings.get(id) ?? (await this.#take(id));
    if (held) await held.ended;
    else await this.#giveBack([id], this.#closed ? 0 : REST);
  }

  /** Takes shards without an election: there is nobody to elect, or they have no entry. */
  async takeUnelected(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.filter((id) => !this.#holdings.has(id)).map((id) => this.#take(id)));
  }

  async #take(id: string): Promise<Holding | undefined> {
    if (!this.mayTake) return undefined;
    const { taking, leases, log } = this.#options;
    this.#taking.add(id);
    try {
      const shard = await taking.take(id);
      if (!shard) return this.#holdings.get(id);
      await this.#options.at?.('leased');
      if (this.mayTake) return await this.#begin(shard);
      await leases.release([id], 'its taker was stopping');
    } catch (error) {
      log.warn(`The shard ${id} could not be taken.`, error);
    } finally {
      this.#taking.delete(id);
    }
    return undefined;
  }

  async #begin(shard: HeldShard): Promise<Holding> {
    const before = this.#holdings.get(shard.id);
    if (before && before.drain.shard.fence >= shard.fence) return before;
    if (before) await this.#forget(shard.id, before);
    const { drainFor, listen, metrics } = this.#options;
    const drain = drainFor(shard);
    const { promise: ended, resolve: end } = withResolvers();
    const holding = { drain, ended, end, unlisten: listen(shard.id, () => drain.wake()) };
    this.#holdings.set(shard.id, holding);
    if (!shard.clean) metrics.tookOver();
    if (this.#disarm === undefined) this.#arm();
    drain.wake();
    this.#tell();
    return holding;
  }

  /** Another owner has the shard: forgets it. */
  async lost(id: string, fence: number): Promise<void> {
    const holding = this.#holdings.get(id);
    if (!holding || holding.drain.shard.fence !== fence) return;
    this.#options.metrics.fenceRefused();
    await this.#forget(id, holding);
    await this.#giveBack([id], 0);
  }

  async #forget(id: string, holding: Holding): Promise<void> {
    if (this.#holdings.get(id) === holding) this.#holdings.delete(id);
    holding.unlisten();
    await holding.drain.stop();
    holding.end();
  }

  /** Renews every lease in one statement; once that is done, every lock in one operation. Never rejects. */
  async renew(): Promise<void> {
    const ids = this.shards;
    try {
      const { leases, timers, leaseLength } = this.#options;
      const lost = await within(timers, leaseLength, leases.renew(ids));
      this.#trusted = true;
      this.#arm();
      for (const id of lost) {
        const holding = this.#holdings.get(id);
        if (holding && !this.#leaving.has(id)) await this.lost(id, holding.drain.shard.fence);
      }
    } catch (error) {
      this.#options.log.warn('The leases on shards could not be renewed.', error);
      return;
    }
    this.lock();
  }

  /** Renews the locks. Nobody waits for it: a store that is slow to answer must not hold up the leases. */
  lock(): void {
    if (this.#locking || this.#closed) return;
    const ids = this.shards.filter((id) => !this.#leaving.has(id));
    const held = this.#options.locks.hold(ids).then(
      (count) => {
        if (count < ids.length) this.#options.onUnlocked();
      },
      () => {},
    );
    this.#locking = held.finally(() => {
      this.#locking = undefined;
    });
  }

  /** No word from SQL for one lease's time: somebody else may own everything by now. */
  #arm(): void {
    this.#disarm?.();
    if (this.#closed) return;
    this.#disarm = this.#options.timers.after(this.#options.leaseLength, () => void this.#distrust());
  }

  /** Waits for nothing that SQL would have to answer: the leases end by themselves, and the fences hold. */
  async #distrust(): Promise<void> {
    this.#trusted = false;
    this.#options.log.warn('The database was silent for the time of a lease: every shard is let go.');
    const held = [...this.#holdings];
    this.#holdings.clear();
    for (const [, holding] of held) {
      holding.unlisten();
      void holding.drain.stop();
    }
    await this.#giveBack(
      held.map(([id]) => id),
      0,
    );
    for (const [, holding] of held) holding.end();
  }

  /** Wakes the drains of these shards. */
  wake(ids: readonly string[]): void {
    for (const id of ids) this.#holdings.get(id)?.drain.wake();
  }

  /** Takes nothing more, and hands every shard over once its batch has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#disarm?.();
    await this.letGo(this.shards, 'its owner was stopping');
  }

  /**
   * Hands shards over, each batch under way first ended: commit, SQL, lock. `release` ends the SQL leases. Resolves
   * when nothing of them runs here any more; never rejects.
   */
  async letGo(
    ids: readonly string[],
    why: string,
    release = (leaving: readonly string[]): Promise<unknown> => this.#options.leases.release(leaving, why),
  ): Promise<void> {
    const held = ids.flatMap((id) => {
      const holding = this.#holdings.get(id);
      return holding ? [[id, holding] as const] : [];
    });
    if (held.length === 0) return;
    const leaving = held.map(([id]) => id);
    for (const id of leaving) this.#leaving.add(id);
    await Promise.all(held.map(([, holding]) => holding.drain.stop()));
    // A renewal under way could take a lock back that is given up below.
    await this.#locking;
    await release(leaving).catch((error) =>
      this.#options.log.warn('The leases on shards could not be released.', error),
    );
    await this.#options.at?.('handing-over');
    await this.#giveBack(leaving, 0);
    await Promise.all(held.map(([id, holding]) => this.#forget(id, holding)));
    for (const id of leaving) this.#leaving.delete(id);
    this.#options.onLetGo();
  }

  /** Ends leases in SQL that nothing here stands for, so that others may take those shards at once. */
  async disown(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await this.#options.leases.release(ids, 'its owner had let go of it before');
    this.#options.onLetGo();
  }

  async #giveBack(ids: readonly string[], rest: number): Promise<void> {
    await this.#options.locks.release(ids, rest).catch(() => {});
  }
}

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
