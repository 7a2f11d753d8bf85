import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqlLockStore } from '../../src/scheduler/agenda/sql-lock-store.js';
import type { HeldShard } from '../../src/scheduler/fence.js';
import { Firing } from '../../src/scheduler/firing.js';
import { KindRegistry } from '../../src/scheduler/kind-registry.js';
import { NO_METRICS } from '../../src/scheduler/metrics.js';
import { SqlPlanner } from '../../src/scheduler/planner.js';
import { Reconciler } from '../../src/scheduler/reconciler.js';
import { ShardFiring } from '../../src/scheduler/shard-firing.js';
import { ensureShards } from '../../src/scheduler/shards.js';
import { storeKinds } from '../kit/stores.js';
import { agendaFaults } from './agenda-faults-contract.js';
import {
  HOURLY,
  ids,
  leasesOf,
  openStore,
  registryOf,
  START,
  TestBell,
  TestLog,
  type TestStore,
  testKind,
} from './harness.js';

for (const kind of storeKinds()) {
  agendaFaults(`SQL (${kind})`, async () => {
    const store = await openStore(kind);
    let open = true;
    return {
      open: (options) => new SqlLockStore(store.db, options),
      expire: async () => store.clock.forward(15_000),
      async close() {
        if (open) await store.close();
        open = false;
      },
    };
  });
}

const LEASE = 15_000;
const ONE_SHARD = { untagged: 1, tagged: 1 };

/** Those faults of Agenda that cannot be ours because its entries are not our schedule: that is in SQL. */
describe.each(storeKinds())('faults of Agenda that SQL answers, on %s', (kind) => {
  let store: TestStore;
  let kinds: KindRegistry;
  let planner: SqlPlanner;
  let log: TestLog;
  let owners: number;

  beforeEach(async () => {
    store = await openStore(kind);
    kinds = new KindRegistry();
    planner = new SqlPlanner({ bell: new TestBell(), ids, slices: ONE_SHARD, kinds });
    log = new TestLog();
    owners = 0;
    await ensureShards(store.db, {}, ONE_SHARD);
  });
  afterEach(() => store.close());

  const options = () => ({ db: store.db, ids, kinds, metrics: NO_METRICS, log, batchSize: 200 });
  const plan = (subject: string, nextRunAt: number): Promise<void> =>
    store.db.transaction((tx) => planner.plan(tx, 'test', { subject, project: null, nextRunAt }));

  /** The next owner takes the one shard; whoever had it has died. */
  async function nextOwner(): Promise<HeldShard> {
    owners += 1;
    store.clock.forward(LEASE);
    const service = await registryOf(store.db).register({
      host: `ctl-${owners}`,
      name: 'engine',
      version: '1',
      labels: {},
    });
    const leases = leasesOf(store.db, service, LEASE);
    const [shard] = await leases.take(await leases.all());
    if (!shard) throw new Error('The shard is not free.');
    return shard;
  }

  async function row(subject: string): Promise<{ next: number; wake: number | null; reason: string | null }> {
    const sql = `SELECT next_run_at AS next, wake_at AS wake, fail_reason AS reason FROM background_jobs WHERE subject = ?`;
    const [found] = await store.db.reader.rows<{ next: number; wake: number | null; reason: string | null }>(sql, [
      subject,
    ]);
    if (!found) throw new Error(`${subject} is not scheduled.`);
    return { ...found, next: Number(found.next) };
  }

  async function fired(subject: string): Promise<number[]> {
    const sql = 'SELECT scheduled_for AS at FROM occurrences WHERE subject = ? ORDER BY scheduled_for';
    return (await store.db.reader.rows<{ at: number }>(sql, [subject])).map(({ at }) => Number(at));
  }

  it('d: a restart overwrites an overdue instant, and the run is lost. Ours is never moved by a start', async () => {
    kinds.add({
      ...testKind(),
      async *desired() {
        yield { subject: 'overdue', project: null, nextRunAt: START + 10 * HOURLY };
      },
    });
    await plan('overdue', START - HOURLY);
    const metrics = NO_METRICS;
    const reconciler = new Reconciler({ ...options(), planner, bell: new TestBell(), slices: ONE_SHARD, metrics });
    await reconciler.run();
    expect((await row('overdue')).next).toBe(START - HOURLY);
    await new ShardFiring(options(), await nextOwner()).fireDue();
    expect(await fired('overdue')).toEqual([START - HOURLY]);
  });

  it('e: a crash in a recurring run loses it, as its next instant was written first. Ours is one transaction', async () => {
    kinds.add(testKind());
    await plan('hourly', START);
    const dies = (): Promise<never> => Promise.reject(new Error('The process ends here.'));
    for (const point of ['firing', 'before-commit'] as const) {
      const at = async (reached: string): Promise<void> => (reached === point ? dies() : undefined);
      await expect(new Firing({ ...options(), at }).batch(await nextOwner())).rejects.toThrow();
      expect(await fired('hourly')).toEqual([]);
      expect((await row('hourly')).next).toBe(START);
    }
    await new Firing(options()).batch(await nextOwner());
    expect(await fired('hourly')).toEqual([START]);
    expect((await row('hourly')).next).toBe(START + HOURLY);
  });

  it('f: a one-shot that kills its process runs again for ever. Ours is parked, and its neighbours go on', async () => {
    let alive = true;
    kinds.add({
      ...testKind(),
      async fire(tx, due, now) {
        if (due.some(({ subject }) => subject === 'killer')) {
          alive = false;
          // The process is gone: its transaction never ends, and what the engine would do afterwards is not done.
          throw Object.assign(new Error('Connection lost: The server closed the connection.'), {
            code: 'PROTOCOL_CONNECTION_LOST',
            fatal: true,
          });
        }
        return testKind().fire(tx, due, now);
      },
    });
    for (const subject of ['a', 'killer', 'z']) await plan(subject, START);
    let deaths = 0;
    while ((await row('killer')).wake !== null) {
      const firing = new ShardFiring(options(), await nextOwner());
      alive = true;
      for (let rounds = 0; alive && rounds < 5; rounds += 1) {
        await firing.fireDue().catch(() => {
          deaths += 1;
        });
      }
      expect(deaths).toBeLessThan(6);
    }
    expect((await row('killer')).reason).toMatch(/ended 3 times/);
    const last = new ShardFiring(options(), await nextOwner());
    await last.fireDue();
    expect(await fired('killer')).toEqual([]);
    expect([await fired('a'), await fired('z')]).toEqual([[START], [START]]);
  });

  it('k, 1.8: hundreds due at once choke its queue, and lists load the collection. Ours are drained from SQL', async () => {
    kinds.add(testKind());
    await store.db.transaction(async (tx) => {
      const all = Array.from({ length: 1_000 }, (_, index) => index);
      await planner.insert(
        tx,
        'test',
        all.map((index) => ({ subject: `s${index}`, project: null, nextRunAt: START })),
      );
    });
    const shard = await nextOwner();
    const before = store.statements.length;
    const firing = new Firing(options());
    let sum = 0;
    for (let count = await firing.batch(shard); count > 0; count = await firing.batch(shard)) sum += count;
    expect(sum).toBe(1_000);
    // Five full batches and one that finds nothing, of a fixed number of statements each.
    expect(store.statements.length - before).toBeLessThan(6 * 15);
    const [entries] = await store.db.reader.rows<{ found: number }>('SELECT COUNT(*) AS found FROM agenda_jobs');
    expect(Number(entries?.found)).toBe(0);
  });
});
