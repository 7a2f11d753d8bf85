import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HeldShard } from '../../src/scheduler/fence.js';
import { Firing } from '../../src/scheduler/firing.js';
import { KindRegistry } from '../../src/scheduler/kind-registry.js';
import type { Desired, Kind } from '../../src/scheduler/kinds.js';
import { SqlPlanner } from '../../src/scheduler/planner.js';
import { ShardFiring } from '../../src/scheduler/shard-firing.js';
import type { ShardLeases } from '../../src/scheduler/shard-leases.js';
import { ensureShards } from '../../src/scheduler/shards.js';
import { storeKinds } from '../kit/stores.js';
import {
  Counter,
  HOURLY,
  ids,
  leasesOf,
  openStore,
  ran,
  registryOf,
  START,
  TestBell,
  TestLog,
  type TestStore,
  testKind,
} from './harness.js';

const ONE = { untagged: 1, tagged: 1 };

interface Row {
  subject: string;
  next_run_at: number;
  wake_at: number | null;
  generation: number;
  fail_count: number;
  fail_reason: string | null;
  attempts: number;
}

describe.each(storeKinds())('firing on %s', (kind) => {
  let store: TestStore;
  let kinds: KindRegistry;
  let planner: SqlPlanner;
  let leases: ShardLeases;
  let metrics: Counter;
  let log: TestLog;

  beforeEach(async () => {
    store = await openStore(kind);
    kinds = new KindRegistry();
    metrics = new Counter();
    log = new TestLog();
    planner = new SqlPlanner({ bell: new TestBell(), ids, slices: ONE, kinds });
    await ensureShards(store.db, {}, ONE);
    const service = await registryOf(store.db).register({
      host: 'ctl-1',
      name: 'engine',
      version: '1',
      labels: {},
    });
    leases = leasesOf(store.db, service);
  });
  afterEach(() => store.close());

  const plan = (desired: Partial<Desired> & { subject: string }, of = 'test'): Promise<void> =>
    store.db.transaction((tx) => planner.plan(tx, of, { project: 'p', nextRunAt: START, ...desired }));

  async function held(): Promise<HeldShard> {
    const [shard] = await leases.take(await leases.all());
    if (!shard) throw new Error('The shard is not free.');
    return shard;
  }

  const options = () => ({ db: store.db, ids, kinds, metrics, log, batchSize: 200 });
  const rows = (): Promise<Row[]> => store.db.reader.rows<Row>('SELECT * FROM background_jobs ORDER BY subject');
  const row = async (subject: string): Promise<Row | undefined> =>
    (await rows()).find((one) => one.subject === subject);
  const occurrences = (): Promise<{ subject: string; scheduled_for: number; outcome: string }[]> =>
    store.db.reader.rows('SELECT subject, scheduled_for, outcome FROM occurrences ORDER BY subject, scheduled_for');

  it('fires what is due once, records it, and writes the next instant', async () => {
    kinds.add(testKind());
    await plan({ subject: 'a' });
    await plan({ subject: 'b', nextRunAt: START + 1 });
    const firing = new Firing(options());
    const shard = await held();
    expect(await firing.batch(shard)).toBe(1);
    expect(await firing.batch(shard)).toBe(0);
    expect(await occurrences()).toEqual([{ subject: 'a', scheduled_for: START, outcome: 'RAN' }]);
    expect(Number((await row('a'))?.next_run_at)).toBe(START + HOURLY);
    store.clock.forward(1);
    expect(await firing.batch(shard)).toBe(1);
  });

  it('fires more than a batch in several transactions', async () => {
    kinds.add(testKind());
    for (let index = 0; index < 7; index += 1) await plan({ subject: `s${index}` });
    const firing = new Firing({ ...options(), batchSize: 3 });
    const shard = await held();
    expect([await firing.batch(shard), await firing.batch(shard), await firing.batch(shard)]).toEqual([3, 3, 1]);
    expect(await occurrences()).toHaveLength(7);
  });

  it('keeps the state a kind gives back, and deletes what is due no more', async () => {
    const seen: unknown[] = [];
    kinds.add(
      testKind((job) => {
        seen.push(job.state);
        const next = job.subject === 'once' ? null : job.scheduledFor + HOURLY;
        return { id: job.id, nextRunAt: next, state: { fires: 1 }, occurrences: [ran(job)] };
      }),
    );
    await plan({ subject: 'again', state: { fires: 0 } });
    await plan({ subject: 'once' });
    const firing = new Firing(options());
    const shard = await held();
    await firing.batch(shard);
    expect((await rows()).map((one) => one.subject)).toEqual(['again']);
    store.clock.forward(HOURLY);
    await firing.batch(shard);
    expect(seen).toContainEqual({ fires: 0 });
    expect(seen.at(-1)).toEqual({ fires: 1 });
  });

  it('leaves rows of a kind it does not know to engines that know it', async () => {
    kinds.add(testKind());
    await store.db.transaction((tx) =>
      planner.plan(tx, 'newer', { subject: 'a', project: null, nextRunAt: START, tag: {} }),
    );
    expect(await new Firing(options()).batch(await held())).toBe(0);
    expect(Number((await row('a'))?.next_run_at)).toBe(START);
  });

  it('refuses a batch of an owner whose shard was taken: LEASE_LOST, nothing written', async () => {
    kinds.add(testKind());
    await plan({ subject: 'a' });
    const before = await held();
    store.clock.forward(15_000);
    await held();
    await expect(new Firing(options()).batch(before)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await occurrences()).toEqual([]);
  });

  it('does not fire an instant twice that comes up again, and asks only for the next one', async () => {
    let effects = 0;
    const kindWithEffects: Kind = {
      ...testKind(),
      async fire(tx, due) {
        for (const job of due) {
          await tx.execute('UPDATE services SET version = ? WHERE host = ?', [`run ${effects}`, 'ctl-1']);
          effects += 1;
          expect(job.subject).toBe('a');
        }
        return due.map((job) => ({ id: job.id, nextRunAt: job.scheduledFor + HOURLY, occurrences: [ran(job)] }));
      },
    };
    kinds.add(kindWithEffects);
    await plan({ subject: 'a' });
    const firing = new Firing(options());
    const shard = await held();
    await firing.batch(shard);
    await plan({ subject: 'a' });
    await firing.batch(shard);
    expect(await occurrences()).toHaveLength(1);
    expect(Number((await row('a'))?.next_run_at)).toBe(START + HOURLY);
    expect(await store.db.reader.rows('SELECT version FROM services')).toEqual([{ version: 'run 0' }]);
    expect([metrics.count('fired test'), metrics.count('refused test')]).toEqual([1, 1]);
  });

  it('runs the whole transaction again when a job was edited while it was fired', async () => {
    let calls = 0;
    const edited: Kind = {
      ...testKind(),
      async fire(tx, due) {
        calls += 1;
        if (calls === 1) await tx.execute('UPDATE background_jobs SET generation = generation + 1');
        return due.map((job) => ({ id: job.id, nextRunAt: job.scheduledFor + HOURLY, occurrences: [ran(job)] }));
      },
    };
    kinds.add(edited);
    await plan({ subject: 'a' });
    expect(await new Firing(options()).batch(await held())).toBe(1);
    expect(calls).toBe(2);
    expect(await occurrences()).toHaveLength(1);
  });

  it('tells a missed stretch as one record', async () => {
    kinds.add(
      testKind((job) => ({
        id: job.id,
        nextRunAt: START + HOURLY,
        occurrences: [
          {
            scheduledFor: job.scheduledFor,
            until: START - 1,
            count: 7,
            outcome: 'MISSED',
            reason: 'down',
            runId: null,
          },
          { scheduledFor: START, outcome: 'WAITING', reason: null, runId: 'run_1' },
        ],
      })),
    );
    await plan({ subject: 'a', nextRunAt: START - HOURLY });
    await new Firing(options()).batch(await held());
    expect((await occurrences()).map((one) => one.outcome)).toEqual(['MISSED', 'WAITING']);
    expect(metrics.count('missed test')).toBe(7);
    await store.db.transaction((tx) => planner.settle(tx, 'run_1', { outcome: 'LOST', reason: 'the client is gone' }));
    expect((await occurrences()).map((one) => one.outcome)).toEqual(['MISSED', 'LOST']);
  });

  describe('a poison job', () => {
    const poison = (): Kind =>
      testKind((job) => {
        if (job.subject === 'poison') throw new Error('boom');
        return undefined;
      });

    it('stops none of its neighbours, is marked, and backs off', async () => {
      kinds.add(poison());
      for (const subject of ['a', 'b', 'c', 'poison', 'x', 'y', 'z']) await plan({ subject });
      const shard = await held();
      await new ShardFiring(options(), shard).fireDue();
      expect((await occurrences()).map((one) => one.subject)).toEqual(['a', 'b', 'c', 'x', 'y', 'z']);
      const marked = await row('poison');
      expect(marked).toMatchObject({ fail_count: 1, fail_reason: 'boom' });
      expect([Number(marked?.next_run_at), Number(marked?.wake_at)]).toEqual([START, START + 5_000]);
      expect(metrics.count('failed test')).toBe(1);
    });

    it('is tried again later, less and less often, and fires for its own instant once it can', async () => {
      let broken = true;
      kinds.add(
        testKind(() => {
          if (broken) throw new Error('boom');
          return undefined;
        }),
      );
      await plan({ subject: 'poison' });
      const firing = new ShardFiring(options(), await held());
      await firing.fireDue();
      store.clock.forward(5_000);
      await firing.fireDue();
      expect(Number((await row('poison'))?.wake_at)).toBe(START + 15_000);
      broken = false;
      store.clock.forward(10_000);
      await firing.fireDue();
      expect(await occurrences()).toEqual([{ subject: 'poison', scheduled_for: START, outcome: 'RAN' }]);
      expect(await row('poison')).toMatchObject({ fail_count: 0, fail_reason: null });
    });

    it.each([
      ['says nothing about a job', () => []],
      ['gives a next instant that is not later', (id: string) => [{ id, nextRunAt: START, occurrences: [] }]],
    ])('is also one whose kind %s', async (_name, answer) => {
      kinds.add({ ...testKind(), fire: async (_tx, due) => answer(due[0]?.id ?? '') });
      await plan({ subject: 'a' });
      await new ShardFiring(options(), await held()).fireDue();
      expect(await row('a')).toMatchObject({ fail_count: 1 });
    });
  });

  describe('after an owner that died', () => {
    async function inherited(): Promise<HeldShard> {
      await held();
      store.clock.forward(15_000);
      const shard = await held();
      expect(shard.clean).toBe(false);
      return shard;
    }

    it('commits the attempt before it fires, and clears it afterwards', async () => {
      const during: number[] = [];
      kinds.add({
        ...testKind(),
        async fire(_tx, due) {
          during.push(...(await rows()).map((one) => one.attempts));
          return due.map((job) => ({ id: job.id, nextRunAt: START + HOURLY, occurrences: [ran(job)] }));
        },
      });
      await plan({ subject: 'a' });
      await plan({ subject: 'b' });
      await new ShardFiring(options(), await inherited()).fireDue();
      expect(during).toEqual([1, 1]);
      expect((await rows()).map((one) => one.attempts)).toEqual([0, 0]);
    });

    it('tries rows that were tried before in ever smaller groups, at last alone, and parks one after three attempts', async () => {
      const batches: string[][] = [];
      kinds.add({
        ...testKind(),
        async fire(_tx, due) {
          batches.push(due.map((job) => job.subject));
          return due.map((job) => ({ id: job.id, nextRunAt: START + HOURLY, occurrences: [ran(job)] }));
        },
      });
      const attempts = { a: 0, b: 0, killer: 3, once1: 1, once2: 1, once3: 1, once4: 1, twice1: 2, twice2: 2 };
      for (const [subject, count] of Object.entries(attempts)) {
        await plan({ subject });
        const sql = 'UPDATE background_jobs SET attempts = ? WHERE subject = ?';
        await store.db.transaction((tx) => tx.execute(sql, [count, subject]));
      }
      // Of batches of 9: three together that were tried once, each alone that was tried twice.
      const firing = new ShardFiring({ ...options(), batchSize: 9 }, await inherited());
      for (let round = 0; round < 5; round += 1) await firing.fireDue();
      const sizes = [1, 1, 3, 1, 2];
      expect(batches.map((batch) => batch.length)).toEqual(sizes);
      expect(batches.slice(0, 2).flat().toSorted()).toEqual(['twice1', 'twice2']);
      expect(batches.slice(2, 4).flat().toSorted()).toEqual(['once1', 'once2', 'once3', 'once4']);
      expect(batches[4]?.toSorted()).toEqual(['a', 'b']);
      expect(await row('killer')).toMatchObject({ wake_at: null, attempts: 3 });
      expect((await row('killer'))?.fail_reason).toMatch(/ended 3 times/);
      await plan({ subject: 'killer' });
      expect(await row('killer')).toMatchObject({ attempts: 0, fail_reason: null });
    });
  });
});
