import { Agenda, type JobParameters, type JobRepository } from 'agenda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Elector } from '../../src/scheduler/agenda/elector.js';
import { shardOf } from '../../src/scheduler/agenda/entry.js';
import { ENTRY_NAME, type LockStore } from '../../src/scheduler/agenda/lock-store.js';
import { TestLog } from './harness.js';
import type { LockStorePlace } from './lock-store-contract.js';

const SHARDS = ['shard_1', 'shard_2', 'shard_3', 'shard_4', 'shard_5', 'shard_6'];
const LOCK = 15_000;
/** Agenda looks when it is told to, and not by itself while a test lasts. */
const NEVER = 3_600_000;
const SOON = { timeout: 20_000, interval: 10 };

/** An engine's election: what it won, and the end of what it holds. */
interface Candidate {
  readonly store: LockStore;
  readonly elector: Elector;
  readonly won: string[];
  readonly log: TestLog;
  /** Ends every handler that runs. */
  letGo(): void;
}

/**
 * The faults of Agenda 6 as they were found in it (a to m), and what became of each here. The real Agenda runs, on our
 * repository: what its own would do is told with each test.
 */
export function agendaFaults(name: string, openPlace: () => Promise<LockStorePlace>): void {
  describe(`faults of Agenda, on ${name}`, () => {
    let place: LockStorePlace;
    let wanted: readonly string[];
    let candidates: Candidate[];
    let stores: LockStore[];

    beforeEach(async () => {
      place = await openPlace();
      wanted = SHARDS;
      candidates = [];
      stores = [];
    });
    afterEach(async () => {
      for (const candidate of candidates) {
        candidate.letGo();
        await candidate.elector.stop();
      }
      for (const store of stores) await store.close();
      await place.close();
    });

    /** The locks of one engine; `wants`: the shards it may take. */
    function open(service: string, wants = (): readonly string[] => wanted): LockStore {
      const owner = { service, incarnation: 1 };
      const store = place.open({ owner, lockLength: LOCK, exclusive: false, wanted: wants });
      stores.push(store);
      return store;
    }

    async function prepared(service: string): Promise<LockStore> {
      const store = open(service);
      await store.prepare();
      await store.ensure(SHARDS);
      return store;
    }

    async function candidate(service: string): Promise<Candidate> {
      const store = await prepared(service);
      const won: string[] = [];
      const log = new TestLog();
      let ends: (() => void)[] = [];
      const elector = new Elector({
        store,
        name: `${service}/1`,
        pollEvery: NEVER,
        log,
        onElected: (shard) => {
          won.push(shard);
          return new Promise((resolve) => ends.push(resolve));
        },
      });
      await elector.start();
      const letGo = (): void => {
        for (const end of ends) end();
        ends = [];
      };
      const made = { store, elector, won, log, letGo };
      candidates.push(made);
      return made;
    }

    const holdsAll = async (one: Candidate): Promise<void> => {
      await one.elector.poke();
      await expect.poll(() => one.won.toSorted(), SOON).toEqual(SHARDS);
    };
    const next = (repository: JobRepository): Promise<JobParameters | undefined> =>
      repository.getNextJobToRun(ENTRY_NAME, new Date(), new Date(), undefined, undefined);
    const getsNothing = async (one: Candidate): Promise<void> => {
      await one.elector.poke();
      expect(await next(one.store.backend.repository)).toBeUndefined();
      expect(one.won).toEqual([]);
    };

    it('a: a node that boots while another works wipes its lock. Ours makes what is missing and touches nothing else', async () => {
      const first = await candidate('first');
      await holdsAll(first);
      const second = await candidate('second');
      await getsNothing(second);
    });

    it('b: save() inside a handler wipes its own lock. Ours never writes what a lock consists of', async () => {
      const store = await prepared('saver');
      let saved = (): void => {};
      const done = new Promise<void>((resolve) => {
        saved = resolve;
      });
      let end = (): void => {};
      const agenda = new Agenda({ backend: store.backend, name: 'saves', processEvery: 50 });
      agenda.define(ENTRY_NAME, async (job) => {
        await job.save();
        saved();
        await new Promise<void>((resolve) => {
          end = resolve;
        });
      });
      wanted = SHARDS.slice(0, 1);
      await agenda.start();
      await done;
      const other = await candidate('other');
      await getsNothing(other);
      end();
      await agenda.stop(false);
    });

    it('c: a worker that ends late clears the lock of the one that came after it. Ours carries a number', async () => {
      const late = await candidate('late');
      await holdsAll(late);
      await place.expire();
      const next = await candidate('next');
      await holdsAll(next);
      late.letGo();
      await late.store.release(SHARDS);
      await getsNothing(await candidate('third'));
    });

    it('g: jobs whose lock ends in the local queue leak from its limit. Ours have no queue: all come back, each time', async () => {
      const one = await candidate('one');
      for (let round = 0; round < 4; round += 1) {
        one.won.length = 0;
        await holdsAll(one);
        await place.expire();
        one.letGo();
        // Agenda gives an entry back when its handler has ended.
        await expect.poll(freeEntries, SOON).toBe(SHARDS.length);
      }
      expect(one.log.warnings).toEqual([]);
    });

    /** How many shards a newcomer could lock; it gives them back. */
    async function freeEntries(): Promise<number> {
      const store = open('visitor', () => SHARDS);
      let free = 0;
      while (await next(store.backend.repository)) free += 1;
      await store.release(SHARDS);
      return free;
    }

    it('h: drain() leaves what was queued locked for its whole life. Ours gives every lock back at its stop', async () => {
      const leaving = await candidate('leaving');
      await holdsAll(leaving);
      const stopped = leaving.elector.stop();
      leaving.letGo();
      await stopped;
      await leaving.store.release(SHARDS);
      await holdsAll(await candidate('staying'));
    });

    it('j: "unique" is an upsert without an index: two nodes make two. Ours have the shard for a key', async () => {
      const [a, b] = [open('a'), open('b')];
      await a.backend.connect();
      await a.prepare();
      await Promise.allSettled([a.ensure(SHARDS), b.ensure(SHARDS), a.ensure(SHARDS), b.ensure(SHARDS)]);
      const { total } = await a.backend.repository.queryJobs({ name: ENTRY_NAME });
      expect(total).toBe(SHARDS.length);
    });

    it('l: two Agendas of one name ignore each other. Ours tell each other nothing: each looks at the store', async () => {
      const log = new TestLog();
      const won: string[][] = [[], []];
      const both = [await prepared('same-1'), await prepared('same-2')];
      const electors = both.map(
        (store, index) =>
          new Elector({
            store,
            name: 'same',
            pollEvery: NEVER,
            log,
            onElected: async (shard) => void won[index]?.push(shard),
          }),
      );
      for (const elector of electors) await elector.start();
      await Promise.all(electors.map((elector) => elector.poke()));
      // A handler that ends at once makes its shard free again: between them they see all of them.
      await expect.poll(() => [...new Set(won.flat())].sort(), SOON).toEqual(SHARDS);
      for (const elector of electors) await elector.stop();
    });

    it('m: an idle look walks a big collection. Ours asks only where there is something to win', async () => {
      const { repository } = (await prepared('one')).backend;
      wanted = [];
      await place.close();
      // With nothing to win nothing is asked: not even of a store that is gone.
      expect(await next(repository)).toBeUndefined();
    });

    it('1.8: fills pile up and compete for the same entries. Ours lock one after the other, and each entry once', async () => {
      const store = await prepared('one');
      const found = await Promise.all(Array.from({ length: 25 }, () => next(store.backend.repository)));
      const shards = found.flatMap((job) => (job ? [shardOf(job.data)] : []));
      expect(shards.sort()).toEqual(SHARDS);
    });
  });
}
