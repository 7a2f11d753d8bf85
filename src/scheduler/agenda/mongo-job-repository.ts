import { MongoJobRepository } from '@agendajs/mongo-backend';
import type { JobId, JobParameters } from 'agenda';
import { type Db, ObjectId } from 'mongodb';
import { Mutex } from '../../lib/mutex.js';
import { lockedEntry } from './entry.js';
import type { LockStoreOptions } from './lock-store.js';
import { type Entries, entryKey, freeStage, lockStage, mine } from './mongo-entries.js';
import type { StoreClock } from './store-clock.js';

/** Asks the server something, connecting first where that is needed. */
export type Ask = <T>(question: () => Promise<T>) => Promise<T>;

const EXPIRED = { $lte: ['$wakeAt', '$$NOW'] };

/**
 * Agenda's repository with locks that have an owner and a number. As shipped, a save wipes the lock of a job that runs,
 * and a worker that is late clears the lock of the one that came after it.
 */
export class FencedJobRepository extends MongoJobRepository {
  readonly #entries: Entries;
  readonly #options: LockStoreOptions;
  readonly #clock: StoreClock;
  readonly #ask: Ask;
  /** The number of the lock that this process holds on an entry. */
  readonly #fences = new Map<string, number>();
  /** The entries whose lock was given back before their handler ended. */
  readonly #given = new Set<string>();
  readonly #turn = new Mutex(1);

  constructor(db: Db, entries: Entries, options: LockStoreOptions, clock: StoreClock, ask: Ask) {
    super({ mongo: db, db: { collection: entries.collectionName, address: '' }, ensureIndex: false });
    this.#entries = entries;
    this.#options = options;
    this.#clock = clock;
    this.#ask = ask;
  }

  /**
   * Locks one wanted entry that is free, one call after the other: Agenda fills its queue several times at once, and
   * each must know what the others won. The scan's instants are Agenda's by the host's clock: the server's clock decides.
   */
  override getNextJobToRun(name: string): Promise<JobParameters | undefined> {
    return this.#turn.run(async () => {
      const wanted = this.#options.wanted().map(entryKey);
      const open = wanted.filter((key) => !this.#fences.has(key.toHexString()));
      if (open.length === 0) return undefined;
      return this.#ask(async () =>
        this.#lock({ _id: { $in: open }, name, wakeAt: { $lte: await this.#clock.now() }, disabled: { $ne: true } }),
      );
    });
  }

  override async lockJob(job: JobParameters): Promise<JobParameters | undefined> {
    return job._id ? this.#lock({ _id: new ObjectId(job._id), disabled: { $ne: true } }) : undefined;
  }

  async #lock(filter: Parameters<Entries['findOneAndUpdate']>[0]): Promise<JobParameters | undefined> {
    const { owner, lockLength } = this.#options;
    const stage = lockStage(owner, lockLength, EXPIRED);
    const found = await this.#entries.findOneAndUpdate(filter, stage, { returnDocument: 'after', sort: { wakeAt: 1 } });
    if (!found || found.lockService !== owner.service || found.lockIncarnation !== owner.incarnation) return undefined;
    const id = found._id.toHexString();
    this.#fences.set(id, found.fence);
    return lockedEntry(id, found.data.shard);
  }

  /** Agenda writes state when a handler starts (nothing to do: renewing is not Agenda's) and when it has ended. */
  override async saveJobState(job: JobParameters): Promise<void> {
    if (!job.lockedAt) await this.unlockJob(job);
  }

  /** Changes what an entry says, never what its lock consists of. */
  override async saveJob<DATA = unknown>(job: JobParameters<DATA>): Promise<JobParameters<DATA>> {
    if (!job._id) throw new Error('Entries are made for shards, by the lock store.');
    const { priority, nextRunAt, disabled = false } = job;
    await this.#entries.updateOne({ _id: new ObjectId(job._id) }, { $set: { priority, nextRunAt, disabled } });
    return job;
  }

  /** The locks on these shards were given back: when their handlers end, nothing is left to be freed. */
  gaveBack(shards: readonly string[]): void {
    for (const id of shards.map((shard) => entryKey(shard).toHexString()))
      if (this.#fences.has(id)) this.#given.add(id);
  }

  /** Never rejects: Agenda does not wait for it everywhere, and a lock that is not given back runs out by itself. */
  override async unlockJob(job: JobParameters): Promise<void> {
    if (job._id) await this.unlockJobs([job._id]).catch(() => {});
  }

  override async unlockJobs(ids: (JobId | string)[]): Promise<void> {
    for (const id of ids) {
      const fence = this.#fences.get(id);
      this.#fences.delete(id);
      if (this.#given.delete(String(id)) || fence === undefined) continue;
      await this.#entries.updateOne({ _id: new ObjectId(id), ...mine(this.#options.owner), fence }, freeStage(0));
    }
  }
}
