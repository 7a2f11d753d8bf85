import type { JobParameters, JobRepository } from 'agenda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shardOf } from '../../src/scheduler/agenda/entry.js';
import { ENTRY_NAME, type LockStore, type LockStoreOptions } from '../../src/scheduler/agenda/lock-store.js';

/** A place where lock stores can be opened, for one test. */
export interface LockStorePlace {
  open(options: LockStoreOptions): LockStore;
  /** Lets every lock that is held run out, without giving it back. */
  expire(): Promise<void>;
  close(): Promise<void>;
}

const SHARDS = ['shard_1', 'shard_2', 'shard_3'];
const LOCK = 15_000;
/** What Agenda says by a host's clock that is far ahead: everything is due, every lock has ended. */
const AHEAD = new Date(Date.UTC(3000, 0, 1));

/** What every store of Agenda's locks must do, whatever it is made of. */
export function lockStoreContract(name: string, openPlace: () => Promise<LockStorePlace>): void {
  describe(`the lock store on ${name}`, () => {
    let place: LockStorePlace;
    let wanted: readonly string[];
    let stores: LockStore[];

    beforeEach(async () => {
      place = await openPlace();
      wanted = SHARDS;
      stores = [];
    });
    afterEach(async () => {
      for (const store of stores) await store.close();
      await place.close();
    });

    async function open(service: string, incarnation = 1, exclusive = false): Promise<LockStore> {
      const owner = { service, incarnation };
      const store = place.open({ owner, lockLength: LOCK, exclusive, wanted: () => wanted });
      stores.push(store);
      await store.backend.connect();
      await store.prepare();
      return store;
    }

    const next = (repository: JobRepository): Promise<JobParameters | undefined> =>
      repository.getNextJobToRun(ENTRY_NAME, AHEAD, AHEAD, undefined, undefined);

    async function lockAll(store: LockStore): Promise<JobParameters[]> {
      const locked: JobParameters[] = [];
      for (let job = await next(store.backend.repository); job; job = await next(store.backend.repository)) {
        locked.push(job);
      }
      return locked;
    }
    const shards = (jobs: JobParameters[]): string[] => jobs.map((job) => shardOf(job.data)).sort();
    const ended = ({ lockedAt: _, ...job }: JobParameters): JobParameters => job;

    it('makes each missing entry once, also when two engines do it at the same time', async () => {
      const [a, b] = [await open('a'), await open('b')];
      expect(await a.missing(SHARDS)).toEqual(SHARDS);
      const made = await Promise.allSettled([a.ensure(SHARDS), b.ensure(SHARDS)]);
      expect(made.some((result) => result.status === 'fulfilled')).toBe(true);
      expect(await a.missing(SHARDS)).toEqual([]);
      expect(await b.ensure(SHARDS)).toBe(0);
      expect(shards(await lockAll(a))).toEqual(SHARDS);
    });

    it('gives each lock to one engine', async () => {
      const [a, b] = [await open('a'), await open('b')];
      await a.ensure(SHARDS);
      const [one, two] = await Promise.all([lockAll(a), lockAll(b)]);
      expect(shards([...one, ...two])).toEqual(SHARDS);
      expect(await next(a.backend.repository)).toBeUndefined();
    });

    it('keeps a lock when its entry is saved, by its holder or by another engine (1.3 a, b)', async () => {
      const [a, b] = [await open('a'), await open('b')];
      await a.ensure(SHARDS);
      for (const job of await lockAll(a)) {
        await a.backend.repository.saveJob(ended(job), undefined);
        await b.backend.repository.saveJob(ended(job), undefined);
      }
      expect(await lockAll(b)).toEqual([]);
    });

    it('lets nobody clear the lock of the one that came after it (1.3 c)', async () => {
      const [a, b] = [await open('a'), await open('b')];
      await a.ensure(SHARDS);
      const late = await lockAll(a);
      await place.expire();
      expect(shards(await lockAll(b))).toEqual(SHARDS);
      for (const job of late) await a.backend.repository.saveJobState(ended(job), undefined);
      await a.release(SHARDS);
      expect(await lockAll(await open('c'))).toEqual([]);
    });

    it('frees an entry when its handler has ended, and writes nothing when it begins', async () => {
      const [a, b] = [await open('a'), await open('b')];
      await a.ensure(SHARDS);
      const locked = await lockAll(a);
      for (const job of locked) await a.backend.repository.saveJobState(job, undefined);
      expect(await lockAll(b)).toEqual([]);
      for (const job of locked) await a.backend.repository.saveJobState(ended(job), undefined);
      expect(shards(await lockAll(b))).toEqual(SHARDS);
    });

    it('has nothing left to free when a handler ends whose lock was given back, by then another has it', async () => {
      const [a, b] = [await open('a'), await open('b')];
      await a.ensure(SHARDS);
      const locked = await lockAll(a);
      await a.release(SHARDS);
      expect(await next(a.backend.repository)).toBeUndefined();
      expect(shards(await lockAll(b))).toEqual(SHARDS);
      for (const job of locked) await a.backend.repository.saveJobState(ended(job), undefined);
      expect(await lockAll(await open('c'))).toEqual([]);
      await b.release(SHARDS);
      expect(shards(await lockAll(a))).toEqual(SHARDS);
    });

    it('frees what was locked but not begun (1.3 h), and only what this engine holds', async () => {
      const [a, b] = [await open('a'), await open('b')];
      await a.ensure(SHARDS);
      const [job] = await lockAll(a);
      const id = job?._id ?? '';
      await b.backend.repository.unlockJobs([id]);
      expect(await next(b.backend.repository)).toBeUndefined();
      await a.backend.repository.unlockJobs([id]);
      expect((await next(b.backend.repository))?._id).toBe(id);
    });

    it('renews its own locks, takes free ones, and leaves those of others', async () => {
      const [a, b] = [await open('a'), await open('b')];
      await a.ensure(SHARDS);
      const first = await next(a.backend.repository);
      const held = shardOf(first?.data);
      await b.hold(SHARDS);
      expect(await lockAll(await open('c'))).toEqual([]);
      await b.release(SHARDS);
      expect(shards(await lockAll(b))).toEqual(SHARDS.filter((shard) => shard !== held));
      await place.expire();
      await a.hold([held]);
      await a.hold([held]);
      expect(shards(await lockAll(b))).not.toContain(held);
    });

    it('gives only the locks that are wanted, and asks for none where none is', async () => {
      const a = await open('a');
      await a.ensure(SHARDS);
      wanted = [];
      expect(await next(a.backend.repository)).toBeUndefined();
      wanted = ['shard_2', 'shard_unknown'];
      expect(shards(await lockAll(a))).toEqual(['shard_2']);
      wanted = SHARDS;
      expect(shards(await lockAll(a))).toEqual(['shard_1', 'shard_3']);
    });

    it('says on how many of the shards there is a lock', async () => {
      const [a, b] = [await open('a'), await open('b')];
      await a.ensure(SHARDS);
      expect(await b.hold(['shard_1'])).toBe(1);
      expect(await a.hold(SHARDS)).toBe(2);
      expect(await a.hold(['shard_3', 'shard_unknown'])).toBe(1);
      expect(await a.hold([])).toBe(0);
    });

    it('deletes the entries of shards that are no more, but none that another holds', async () => {
      const [a, b] = [await open('a'), await open('b')];
      await a.ensure(SHARDS);
      await a.hold(['shard_1']);
      await b.hold(['shard_2']);
      expect(await a.prune(['shard_3'])).toBe(1);
      expect(await a.missing(SHARDS)).toEqual(['shard_1']);
      await place.expire();
      expect(await a.prune([])).toBe(2);
    });

    it('lets a lock rest that was won for nothing', async () => {
      const a = await open('a');
      await a.ensure(SHARDS);
      await lockAll(a);
      await a.release(SHARDS, 60_000);
      expect(await lockAll(a)).toEqual([]);
    });

    it('frees the locks of an earlier start of the same service at once', async () => {
      const a = await open('a');
      await a.ensure(SHARDS);
      await lockAll(a);
      expect(await lockAll(await open('b'))).toEqual([]);
      expect(shards(await lockAll(await open('a', 2)))).toEqual(SHARDS);
    });

    it('frees every lock where no other process can be', async () => {
      const a = await open('a');
      await a.ensure(SHARDS);
      await lockAll(a);
      expect(shards(await lockAll(await open('renamed', 1, true)))).toEqual(SHARDS);
    });

    it('answers what Agenda asks about entries', async () => {
      const { backend, ...a } = await open('a').then((store) => ({
        backend: store.backend,
        ensure: store.ensure.bind(store),
      }));
      await a.ensure(SHARDS);
      const { repository } = backend;
      expect((await repository.queryJobs({ name: ENTRY_NAME })).total).toBe(3);
      expect((await repository.queryJobs({ data: { shard: 'shard_2' } })).jobs).toHaveLength(1);
      expect((await repository.queryJobs({ name: ENTRY_NAME, limit: 2 })).jobs).toHaveLength(2);
      expect(await repository.getDistinctJobNames()).toEqual([ENTRY_NAME]);
      expect((await repository.getJobsOverview())[0]).toMatchObject({ name: ENTRY_NAME, total: 3 });
      const [job] = (await repository.queryJobs({ data: { shard: 'shard_1' } })).jobs;
      expect(shardOf((await repository.getJobById(job?._id ?? ''))?.data)).toBe('shard_1');
      expect(await repository.disableJobs({ data: { shard: 'shard_1' } })).toBe(1);
      expect(shardOf((await next(repository))?.data)).not.toBe('shard_1');
      expect(await repository.enableJobs({ data: { shard: 'shard_1' } })).toBe(1);
      expect(await repository.removeJobs({ data: { shard: 'shard_3' } })).toBe(1);
      expect(await repository.removeJobs({})).toBe(0);
      expect(await repository.purgeAllJobs()).toBe(2);
    });

    it('never rejects where Agenda does not wait: a lock that is not given back runs out', async () => {
      const a = await open('a');
      await a.ensure(SHARDS);
      const job = await next(a.backend.repository);
      await a.close();
      await place.close();
      if (!job) throw new Error('Nothing was locked.');
      await expect(a.backend.repository.unlockJob(job)).resolves.toBeUndefined();
    });
  });
}
