import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Firing } from '../../src/scheduler/firing.js';
import { KindRegistry } from '../../src/scheduler/kind-registry.js';
import type { Desired } from '../../src/scheduler/kinds.js';
import { NO_METRICS } from '../../src/scheduler/metrics.js';
import { listOccurrences } from '../../src/scheduler/occurrences.js';
import { SqlPlanner } from '../../src/scheduler/planner.js';
import { Reconciler } from '../../src/scheduler/reconciler.js';
import { ENGINES_CHANNEL, shardChannel } from '../../src/scheduler/tag.js';
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

interface Row {
  id: string;
  subject: string;
  next_run_at: number;
  generation: number;
  shard_id: string;
  tag: string;
  job_state: string;
}

const SLICES = { untagged: 4, tagged: 1 };

describe.each(storeKinds())('the schedule on %s', (kind) => {
  let store: TestStore;
  let kinds: KindRegistry;
  let bell: TestBell;
  let planner: SqlPlanner;

  beforeEach(async () => {
    store = await openStore(kind);
    kinds = new KindRegistry();
    bell = new TestBell();
    planner = new SqlPlanner({ bell, ids, slices: SLICES, kinds });
  });
  afterEach(() => store.close());

  const plan = (desired: Partial<Desired> & { subject: string }): Promise<void> =>
    store.db.transaction((tx) => planner.plan(tx, 'test', { project: 'p', nextRunAt: START, ...desired }));
  const rows = (): Promise<Row[]> => store.db.reader.rows<Row>('SELECT * FROM background_jobs ORDER BY subject');
  const only = async (): Promise<Row> => {
    const [row] = await rows();
    if (!row) throw new Error('Nothing is scheduled.');
    return row;
  };

  describe('the planner', () => {
    it('schedules a subject, moves its instant, raises its generation, and nudges the owner after the commit', async () => {
      kinds.add(testKind());
      await plan({ subject: 'a' });
      const first = await only();
      expect(first).toMatchObject({ generation: 1, subject: 'a' });
      expect(bell.rung).toEqual([ENGINES_CHANNEL, shardChannel(first.shard_id)]);
      await plan({ subject: 'a', nextRunAt: START + 5 });
      const second = await only();
      expect(second).toMatchObject({ id: first.id, generation: 2, shard_id: first.shard_id });
      expect(Number(second.next_run_at)).toBe(START + 5);
      expect(bell.rung.slice(2)).toEqual([shardChannel(first.shard_id)]);
    });

    it('writes and rings nothing when its transaction is rolled back', async () => {
      kinds.add(testKind());
      const failing = store.db.transaction(async (tx) => {
        await planner.plan(tx, 'test', { subject: 'a', project: null, nextRunAt: START });
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await rows()).toEqual([]);
      expect(bell.rung).toEqual([]);
    });

    it('moves the row to the shard of a new tag in the one change, and keeps tag and state that are not given', async () => {
      kinds.add(testKind());
      await plan({ subject: 'a', state: { kept: true } });
      const before = await only();
      await plan({ subject: 'a', tag: { host: 'ctl-2' } });
      const moved = await only();
      expect(moved.shard_id).not.toBe(before.shard_id);
      expect(moved.generation).toBe(2);
      await plan({ subject: 'a', nextRunAt: START + 1 });
      const after = await only();
      expect([after.shard_id, after.tag]).toEqual([moved.shard_id, moved.tag]);
      expect(JSON.parse(after.job_state)).toEqual({ kept: true });
    });

    it('takes a subject off, and is content when it is not there', async () => {
      kinds.add(testKind());
      await plan({ subject: 'a' });
      for (let times = 0; times < 2; times += 1) {
        await store.db.transaction((tx) => planner.unplan(tx, 'test', 'a'));
      }
      expect(await rows()).toEqual([]);
    });

    it('plans one subject from many transactions at once', async () => {
      kinds.add(testKind());
      await Promise.all(Array.from({ length: 8 }, (_, index) => plan({ subject: 'a', nextRunAt: START + index })));
      expect((await only()).generation).toBe(8);
    });
  });

  describe('the reconciler', () => {
    let wanted: string[];
    let metrics: Counter;
    let log: TestLog;

    beforeEach(() => {
      wanted = [];
      metrics = new Counter();
      log = new TestLog();
      kinds.add({
        ...testKind(),
        async *desired() {
          for (const subject of wanted) yield { subject, project: 'p', nextRunAt: START + 99 };
        },
      });
    });

    const reconciler = (slices = SLICES): Reconciler =>
      new Reconciler({
        db: store.db,
        planner: new SqlPlanner({ bell, ids, slices, kinds }),
        kinds,
        bell,
        slices,
        metrics,
        log,
      });

    it('inserts what is missing and never touches the instant of what is there', async () => {
      await plan({ subject: 'b', nextRunAt: START + 1 });
      wanted = ['a', 'b', 'c'];
      expect(await reconciler().run()).toEqual({ missing: 2, surplus: 0, moved: 0 });
      expect((await rows()).map((row) => [row.subject, Number(row.next_run_at), row.generation])).toEqual([
        ['a', START + 99, 1],
        ['b', START + 1, 1],
        ['c', START + 99, 1],
      ]);
      expect(metrics.count('mended missing')).toBe(2);
    });

    it('deletes what nobody wants, but not what was planned within the last minute', async () => {
      await plan({ subject: 'a' });
      await plan({ subject: 'z' });
      store.clock.forward(61_000);
      await plan({ subject: 'b' });
      wanted = ['z'];
      expect(await reconciler().run()).toEqual({ missing: 0, surplus: 1, moved: 0 });
      expect((await rows()).map((row) => row.subject)).toEqual(['b', 'z']);
    });

    it('moves rows when the number of slices changes, with their instants as they are', async () => {
      wanted = Array.from({ length: 30 }, (_, index) => `s${String(index).padStart(2, '0')}`);
      await reconciler().run();
      const before = await rows();
      const { moved } = await reconciler({ untagged: 3, tagged: 1 }).run();
      const after = await rows();
      expect(moved).toBeGreaterThan(0);
      expect(after.filter((row, index) => row.shard_id !== before[index]?.shard_id)).toHaveLength(moved);
      expect(after.map((row) => row.next_run_at)).toEqual(before.map((row) => row.next_run_at));
      expect(new Set(after.map((row) => row.shard_id)).size).toBe(3);
      expect((await reconciler({ untagged: 3, tagged: 1 }).run()).moved).toBe(0);
    });

    it('changes nothing of a kind whose list is not in order', async () => {
      await plan({ subject: 'c' });
      store.clock.forward(61_000);
      wanted = ['b', 'a'];
      expect(await reconciler().run()).toEqual({ missing: 0, surplus: 0, moved: 0 });
      expect(log.warnings.join()).toMatch(/not in the order of subjects/);
      expect((await rows()).map((row) => row.subject)).toEqual(['c']);
    });
  });

  it('lists occurrences by subject, the latest first, in pages', async () => {
    kinds.add(testKind((job) => ({ id: job.id, nextRunAt: job.scheduledFor + HOURLY, occurrences: [ran(job)] })));
    await plan({ subject: 'a' });
    await plan({ subject: 'b' });
    const identity = { host: 'h', name: 'n', version: '1', labels: {} };
    const service = await registryOf(store.db).register(identity);
    const leases = leasesOf(store.db, service);
    const shards = await leases.take(await leases.all());
    const firing = new Firing({ db: store.db, ids, kinds, metrics: NO_METRICS, batchSize: 10 });
    for (let hour = 0; hour < 3; hour += 1) {
      for (const shard of shards) await firing.batch(shard);
      store.clock.forward(HOURLY);
    }
    const filter = { kind: 'test', subject: 'a', project: 'p' };
    const first = await listOccurrences(store.db, filter, { first: 2 });
    expect(first.edges.map(({ node }) => node.scheduledFor)).toEqual([START + 2 * HOURLY, START + HOURLY]);
    expect(first.hasNextPage).toBe(true);
    const rest = await listOccurrences(store.db, filter, { first: 2, after: first.edges[1]?.cursor });
    expect(rest.edges.map(({ node }) => node.scheduledFor)).toEqual([START]);
    expect((await listOccurrences(store.db, { ...filter, project: 'other' }, {})).edges).toEqual([]);
  });
});
