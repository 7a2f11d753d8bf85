import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Kind } from '../../src/scheduler/kinds.js';
import type { SchedulerOptions } from '../../src/scheduler/options.js';
import { createScheduler, type Scheduler } from '../../src/scheduler/scheduler.js';
import { ensureShard } from '../../src/scheduler/shards.js';
import { storeKinds } from '../kit/stores.js';
import {
  Counter,
  HOURLY,
  ids,
  ManualTimers,
  openStore,
  outboxOf,
  START,
  TestBell,
  TestLog,
  type TestStore,
  testKind,
} from './harness.js';

describe.each(storeKinds())('the scheduler on %s', (kind) => {
  let store: TestStore;
  let timers: ManualTimers;
  let bell: TestBell;
  let metrics: Counter;
  let log: TestLog;
  let started: Scheduler[];

  beforeEach(async () => {
    store = await openStore(kind);
    timers = new ManualTimers();
    bell = new TestBell();
    metrics = new Counter();
    log = new TestLog();
    started = [];
  });
  afterEach(async () => {
    await Promise.all(started.map((scheduler) => scheduler.stop(60_000)));
    await store.close();
  });

  function build(options: Partial<SchedulerOptions> = {}, kinds: Kind[] = [testKind()]): Scheduler {
    const scheduler = createScheduler({
      db: store.db,
      ids,
      bell,
      outbox: outboxOf(bell),
      listen: bell.listen,
      identity: { host: 'ctl-1', name: 'engine', version: '1', labels: {} },
      log,
      metrics,
      timers,
      exclusive: true,
      ...options,
    });
    for (const each of kinds) scheduler.register(each);
    started.push(scheduler);
    return scheduler;
  }

  const plan = (scheduler: Scheduler, subject: string, nextRunAt: number): Promise<void> =>
    store.db.transaction((tx) => scheduler.planner.plan(tx, 'test', { subject, project: null, nextRunAt }));
  const forward = (milliseconds: number): void => {
    store.clock.forward(milliseconds);
    timers.forward(milliseconds);
  };
  const owners = (): Promise<{ owner_id: string | null; total: number }[]> =>
    store.db.reader.rows('SELECT owner_id, COUNT(*) AS total FROM shards GROUP BY owner_id');

  it('takes at once, where it is alone, what a killed process of another name held', async () => {
    const killed = build({ identity: { host: 'ctl-1', name: 'killed', version: '1', labels: {} } });
    await killed.start();
    const { serviceId, shardsHeld } = killed.state();
    await killed.stop(60_000);
    const later = START + 1_000_000_000;
    await store.db.transaction(async (tx) => {
      await tx.execute("UPDATE services SET state = 'ACTIVE', last_seen_at = ?", [later]);
      await tx.execute('UPDATE shards SET owner_id = ?, owner_incarnation = 1, lease_until = ?', [serviceId, later]);
      const locked = 'UPDATE agenda_jobs SET lock_service = ?, lock_incarnation = 1, locked_at = ?, wake_at = ?';
      await tx.execute(locked, [serviceId, START, later]);
    });
    const scheduler = build();
    await scheduler.start();
    expect(scheduler.state().shardsHeld).toBe(shardsHeld);
  });

  it('holds every shard once it has started, elected through Agenda', async () => {
    const scheduler = build();
    await scheduler.start();
    const { serviceId } = scheduler.state();
    expect(scheduler.state()).toMatchObject({ state: 'RUNNING', shardsHeld: 16, lockStore: 'SQL', incarnation: 1 });
    expect((await owners()).map((row) => [row.owner_id, Number(row.total)])).toEqual([[serviceId, 16]]);
    const locks = 'SELECT COUNT(*) AS total FROM agenda_jobs WHERE lock_service = ?';
    const [locked] = await store.db.reader.rows<{ total: number }>(locks, [serviceId]);
    expect(Number(locked?.total)).toBe(16);
  });

  it('fires what was planned at its instant, and not before', async () => {
    const never = 1_000_000_000;
    const scheduler = build({ lookEvery: never, renewEvery: never, mendEvery: never, leaseLength: never });
    await scheduler.start();
    await plan(scheduler, 'a', START + 40_000);
    await expect.poll(() => timers.delays).toContain(40_000);
    forward(39_999);
    expect(metrics.count('fired test')).toBe(0);
    expect(timers.delays).toContain(1);
    const fired = metrics.reaches('fired test', 1);
    forward(1);
    await fired;
    expect(metrics.lateness[0]).toBe(0);
  });

  it('fires at once what was overdue when it started, and catches up until nothing is due', async () => {
    await plan(build({ identity: { host: 'x', name: 'planner', version: '1', labels: {} } }), 'a', START - 3 * HOURLY);
    const scheduler = build();
    await scheduler.start();
    await metrics.reaches('fired test', 4);
    const [row] = await store.db.reader.rows<{ next_run_at: number }>('SELECT next_run_at FROM background_jobs');
    expect(Number(row?.next_run_at)).toBe(START + HOURLY);
  });

  it('finds within a second what no nudge told of', async () => {
    const scheduler = build();
    await scheduler.start();
    bell.silent = true;
    await plan(scheduler, 'a', START + 500);
    const fired = metrics.reaches('fired test', 1);
    forward(1_000);
    await fired;
    expect(metrics.count('fired test')).toBe(1);
  });

  it('puts what a kind desires on the schedule when it starts, and every minute after', async () => {
    const wanted = ['a'];
    const scheduler = build({ leaseLength: 1_000_000, renewEvery: 1_000_000 }, [
      {
        ...testKind(),
        async *desired() {
          for (const subject of wanted) yield { subject, project: null, nextRunAt: START + HOURLY };
        },
      },
    ]);
    await scheduler.start();
    await metrics.reaches('mended missing', 2);
    wanted.push('b');
    const mended = metrics.reaches('mended missing', 3);
    forward(60_000);
    await mended;
  });

  it('hands its shards over when it stops: leases and locks are free at once', async () => {
    const scheduler = build();
    await scheduler.start();
    await scheduler.stop(5_000);
    expect((await owners()).map((row) => [row.owner_id, Number(row.total)])).toEqual([[null, 16]]);
    const locked = await store.db.reader.rows('SELECT id FROM agenda_jobs WHERE lock_service IS NOT NULL');
    expect(locked).toEqual([]);
    expect(await store.db.reader.rows('SELECT state FROM services')).toEqual([{ state: 'STOPPED' }]);
    expect(scheduler.state()).toMatchObject({ state: 'STOPPED', shardsHeld: 0 });
  });

  it('lets the batch under way end before it lets go of the shard', async () => {
    let release = (): void => {};
    let begun = (): void => {};
    const firing = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = testKind();
    const scheduler = build({}, [
      {
        ...slow,
        async fire(tx, due, now) {
          begun();
          await held;
          return slow.fire(tx, due, now);
        },
      },
    ]);
    await scheduler.start();
    await plan(scheduler, 'a', START);
    await firing;
    store.statements.length = 0;
    const stopped = scheduler.stop(60_000);
    release();
    await stopped;
    expect(metrics.count('fired test')).toBe(1);
    const order = store.statements.map((sql) => sql.trim());
    const advanced = order.findIndex((sql) => /^UPDATE .*background_jobs.* SET next_run_at/s.test(sql));
    const committed = order.findIndex((sql, index) => index > advanced && sql === 'COMMIT');
    const leaseFreed = order.findIndex((sql) => sql.startsWith('UPDATE shards SET owner_id = NULL'));
    const lockFreed = order.findIndex((sql) => sql.startsWith('UPDATE agenda_jobs SET lock_service = NULL'));
    expect(advanced).toBeGreaterThanOrEqual(0);
    expect(committed).toBeLessThan(leaseFreed);
    expect(leaseFreed).toBeLessThan(lockFreed);
  });

  it('renews SQL first, then the lock, all shards in one statement each', async () => {
    const scheduler = build();
    await scheduler.start();
    await scheduler.reconcile();
    store.statements.length = 0;
    forward(5_000);
    await expect
      .poll(() => store.statements.filter((sql) => sql.startsWith('UPDATE agenda_jobs SET fence')).length)
      .toBe(1);
    const leases = store.statements.filter((sql) => sql.startsWith('UPDATE shards SET lease_until'));
    expect(leases).toHaveLength(1);
    const order = [leases[0], store.statements.find((sql) => sql.startsWith('UPDATE agenda_jobs SET fence'))];
    expect(order.map((sql) => store.statements.indexOf(sql ?? ''))).toEqual(
      order.map((sql) => store.statements.indexOf(sql ?? '')).sort((a, b) => a - b),
    );
  });

  it('asks the lock store less than twice a second while it is idle and owns everything', async () => {
    const scheduler = build();
    await scheduler.start();
    await scheduler.reconcile();
    await expect.poll(() => timers.delays.length).toBeGreaterThan(2);
    store.statements.length = 0;
    const asked = (): number => store.statements.filter((sql) => sql.includes('agenda_jobs')).length;
    let renewals = 0;
    let renewedAt = 0;
    for (let second = 1; second <= 30; second += 1) {
      forward(1_000);
      await scheduler.reconcile();
      // A renewal is under way by now, five seconds after the last one ended, even if that took as long: the lease must
      // not run out because this clock is faster than the database.
      if (second - renewedAt >= 11) await expect.poll(asked, { timeout: 10_000 }).toBeGreaterThan(renewals);
      if (asked() === renewals) continue;
      renewals = asked();
      renewedAt = second;
    }
    expect(asked()).toBeLessThan(30);
    expect(scheduler.state().shardsHeld).toBe(16);
  });

  it('lets go of everything and takes nothing when SQL was silent for one lease', async () => {
    const scheduler = build();
    await scheduler.start();
    await scheduler.reconcile();
    await store.db.close();
    timers.forward(15_000);
    await expect.poll(() => scheduler.state()).toMatchObject({ shardsHeld: 0, holdsLeases: false });
  });

  it('gives back what SQL made its own without its knowledge: a lease that was renewed late', async () => {
    const scheduler = build({ leaseLength: HOURLY });
    await scheduler.start();
    const { serviceId, incarnation } = scheduler.state();
    const own = 'UPDATE shards SET owner_id = ?, owner_incarnation = ?, fence = 7, lease_until = ? WHERE id = ?';
    const stray = await store.db.transaction(async (tx) => {
      const id = await ensureShard(tx, {}, 99);
      await tx.execute(own, [serviceId, incarnation, START + 1_000 * HOURLY, id]);
      return id;
    });
    const found = async (): Promise<unknown> => {
      forward(1_000);
      return (await store.db.reader.rows<{ fence: number }>('SELECT fence FROM shards WHERE id = ?', [stray]))[0]
        ?.fence;
    };
    await expect.poll(found).toBe(8);
    await expect.poll(() => scheduler.state().shardsHeld).toBe(17);
  });

  it('fires nothing more once another process has started under its host and name', async () => {
    const first = build();
    await first.start();
    const second = build();
    await second.start();
    forward(5_000);
    await expect.poll(() => first.state()).toMatchObject({ state: 'SUPERSEDED', shardsHeld: 0 });
    expect(second.state()).toMatchObject({ state: 'RUNNING', shardsHeld: 16, incarnation: 2 });
    const fired = metrics.reaches('fired test', 1);
    await plan(second, 'a', START + 5_000);
    await fired;
    expect(metrics.count('fired test')).toBe(1);
  });

  it('refuses a kind that is registered twice, or after the start', async () => {
    const scheduler = build();
    expect(() => scheduler.register(testKind())).toThrow(/registered twice/);
    await scheduler.start();
    expect(() => scheduler.register(testKind(undefined, 'late'))).toThrow(/before the scheduler starts/);
  });
});
