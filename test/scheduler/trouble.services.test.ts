import { MongoClient } from 'mongodb';
import { createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/all.js';
import { openDatabase } from '../../src/db/database.js';
import { insertRows } from '../../src/db/write.js';
import { BackgroundJobEntity } from '../../src/entities/background-job.js';
import { dueRows, nextDue, shardsDueWithin } from '../../src/scheduler/due.js';
import { guard } from '../../src/scheduler/fence.js';
import type { SchedulerOptions } from '../../src/scheduler/options.js';
import { createScheduler, type Scheduler } from '../../src/scheduler/scheduler.js';
import { ensureShards } from '../../src/scheduler/shards.js';
import { Taking } from '../../src/scheduler/taking.js';
import { describeWithStores, freshMongo, storeKinds } from '../kit/stores.js';
import { TcpProxy } from '../kit/tcp-proxy.js';
import {
  Counter,
  ids,
  leasesOf,
  ManualTimers,
  openStore,
  outboxOf,
  registryOf,
  START,
  TestBell,
  TestLog,
  type TestStore,
  testKind,
} from './harness.js';

const PERIODS = { leaseLength: 3_000, renewEvery: 500, lookEvery: 50, pollEvery: 200, mendEvery: 300 };
const SOON = { timeout: 25_000, interval: 25 };

describeWithStores('MongoDB away', ['mysql', 'mongodb'], () => {
  let store: TestStore;
  let mongo: Awaited<ReturnType<typeof freshMongo>>;
  let proxy: TcpProxy;
  let metrics: Counter;
  let started: Scheduler[];

  beforeEach(async () => {
    store = await openStore('mysql', true);
    mongo = await freshMongo();
    proxy = await TcpProxy.before(mongo.url);
    metrics = new Counter();
    started = [];
  });
  afterEach(async () => {
    proxy.restore();
    await Promise.all(started.map((scheduler) => scheduler.stop(10_000)));
    await proxy.close();
    await mongo.drop();
    await store.close();
  });

  async function start(options: Partial<SchedulerOptions> = {}): Promise<Scheduler> {
    const bell = new TestBell();
    const scheduler = createScheduler({
      db: store.db,
      ids,
      bell,
      outbox: outboxOf(bell),
      listen: bell.listen,
      identity: { host: 'ctl-1', name: 'engine', version: '1', labels: {} },
      log: new TestLog(),
      metrics,
      // A replica set tells its members' own addresses, which would lead round the proxy.
      mongoUrl: `${proxy.through(mongo.url)}?directConnection=true`,
      ...PERIODS,
      ...options,
    });
    scheduler.register(testKind());
    started.push(scheduler);
    await scheduler.start();
    return scheduler;
  }

  async function fire(scheduler: Scheduler, subject: string): Promise<void> {
    const before = metrics.count('fired test');
    await store.db.transaction(async (tx) => {
      const nextRunAt = await tx.now();
      await scheduler.planner.plan(tx, 'test', { subject, project: null, nextRunAt });
    });
    await metrics.reaches('fired test', before + 1);
  }

  it('at the start: shards are held under their SQL leases, and locked once it is there', async () => {
    proxy.cut();
    const scheduler = await start();
    await expect.poll(() => scheduler.state().shardsHeld, SOON).toBe(16);
    expect(scheduler.state()).toMatchObject({ lockStore: 'MongoDB', lockStoreAvailable: false });
    await fire(scheduler, 'a');
    proxy.restore();
    await expect.poll(() => scheduler.state().lockStoreAvailable, SOON).toBe(true);
    await expect.poll(() => metrics.count('mended entry'), SOON).toBe(16);
    expect(scheduler.state().shardsHeld).toBe(16);
    expect(metrics.count('took over')).toBe(0);
  });

  it('in the middle, gone or silent: nothing is lost, and due work is fired', async () => {
    const scheduler = await start();
    await expect.poll(() => scheduler.state().shardsHeld, SOON).toBe(16);
    proxy.cut();
    await expect.poll(() => scheduler.state().lockStoreAvailable, SOON).toBe(false);
    await fire(scheduler, 'a');
    proxy.restore();
    await expect.poll(() => scheduler.state().lockStoreAvailable, SOON).toBe(true);
    proxy.trouble({ drop: true });
    await expect.poll(() => scheduler.state().lockStoreAvailable, SOON).toBe(false);
    await fire(scheduler, 'b');
    expect(scheduler.state()).toMatchObject({ shardsHeld: 16, holdsLeases: true });
    expect(metrics.count('took over')).toBe(0);
  });
});

describeWithStores('SQL away', ['mysql', 'mongodb'], () => {
  it('for one lease: every lock is given back and none is taken, until it answers again', async () => {
    const store = await openStore('mysql', true);
    const mongo = await freshMongo();
    const proxy = await TcpProxy.before(store.url);
    const db = await openDatabase({ url: proxy.through(store.url) }, MIGRATIONS);
    const bell = new TestBell();
    const scheduler = createScheduler({
      db,
      ids,
      bell,
      outbox: outboxOf(bell),
      listen: bell.listen,
      identity: { host: 'ctl-1', name: 'engine', version: '1', labels: {} },
      log: new TestLog(),
      mongoUrl: mongo.url,
      ...PERIODS,
    });
    const client = new MongoClient(mongo.url);
    const locked = () =>
      client
        .db()
        .collection('agendaJobs')
        .countDocuments({ lockService: { $ne: null } });
    await scheduler.start();
    await expect.poll(locked, SOON).toBe(16);
    await expect.poll(() => scheduler.state().shardsHeld, SOON).toBe(16);
    proxy.trouble({ hold: true });
    await expect.poll(() => scheduler.state(), SOON).toMatchObject({ shardsHeld: 0, holdsLeases: false });
    await expect.poll(locked, SOON).toBe(0);
    proxy.restore();
    await expect.poll(() => scheduler.state(), SOON).toMatchObject({ shardsHeld: 16, holdsLeases: true });
    await scheduler.stop(5_000);
    await db.close();
    await client.close();
    await proxy.close();
    await mongo.drop();
    await store.close();
  });
});

describeWithStores('a frozen owner', ['mysql'], () => {
  it('loses its connection to the taker that waited a second for its batch', async () => {
    const store = await openStore('mysql');
    const timers = new ManualTimers();
    const log = new TestLog();
    await ensureShards(store.db, {}, { untagged: 2, tagged: 1 });
    const registry = registryOf(store.db);
    const register = (host: string) => registry.register({ host, name: 'engine', version: '1', labels: {} });
    const frozen = leasesOf(store.db, await register('frozen'));
    const [first, second] = await frozen.take(await frozen.all());
    const connection = await createConnection(store.url);
    connection.on('error', () => {});
    await connection.query('CREATE TABLE ballast (text VARCHAR(200))');
    await connection.beginTransaction();
    // Takes a while to be rolled back: the connection is ended before its locks are gone.
    const columns = 'information_schema.columns';
    await connection.query(`INSERT INTO ballast SELECT REPEAT('x', 200) FROM ${columns} a, ${columns} b LIMIT 30000`);
    const batch = 'UPDATE shards SET batches = batches + 1, connection_id = CONNECTION_ID() WHERE id = ?';
    await connection.query(batch, [first?.id]);
    store.clock.forward(15_000);
    const leases = leasesOf(store.db, await register('taker'));
    const metrics = new Counter();
    const taking = new Taking({ leases, timers, metrics, log, patience: 60_000 });
    const taken = Promise.all([taking.take(first?.id ?? ''), taking.take(second?.id ?? '')]);
    await expect.poll(() => timers.delays).toContain(1_000);
    timers.forward(1_000);
    expect((await taken).map((shard) => shard?.fence)).toEqual([2, 2]);
    expect(log.warnings.join()).toMatch(/Ended 1 connection/);
    expect(metrics.count('fence refused')).toBe(1);
    await expect(connection.query('SELECT 1')).rejects.toThrow();
    await store.close();
  });
});

describeWithStores('a batch that waits for a lock', ['mysql'], () => {
  it('costs its engine none of the other shards, nor its own', async () => {
    const store = await openStore('mysql', true);
    const slices = { untagged: 2, tagged: 1 };
    await ensureShards(store.db, {}, slices);
    const service = await registryOf(store.db).register({ host: 'ctl-1', name: 'engine', version: '1', labels: {} });
    const leases = leasesOf(store.db, service, 15_000);
    const held = await leases.take(await leases.all());
    const [busy, idle] = held;
    if (!busy || !idle) throw new Error('There are two shards.');
    const until = async (id: string): Promise<number> => {
      const [row] = await store.db.reader.rows<{ at: number }>('SELECT lease_until AS at FROM shards WHERE id = ?', [
        id,
      ]);
      return Number(row?.at);
    };
    const before = { busy: await until(busy.id), idle: await until(idle.id) };
    let release = (): void => {};
    const locked = new Promise<void>((resolve) => {
      release = resolve;
    });
    let begun = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const batch = store.db.transaction(async (tx) => {
      await guard(store.db, tx, busy);
      begun();
      await locked;
    });
    await waiting;
    expect(await leases.renew([busy.id, idle.id])).toEqual([]);
    expect(await until(idle.id)).toBeGreaterThan(before.idle);
    release();
    await batch;
    expect(await until(busy.id)).toBeGreaterThan(before.busy);
    await store.close();
  });
});

describe.each(storeKinds())('100,000 background jobs on %s', (kind) => {
  it('cost nothing to find the due one among: every read is served by the index', async () => {
    const store = await openStore(kind);
    const shard = (index: number): string => `shard_${index % 16}`;
    const rows = Array.from({ length: 100_000 }, (_, index) => ({
      id: `bgjob_${index}`,
      kind: 'test',
      subject: `s${index}`,
      project: null,
      nextRunAt: START + 1_000 * (index + 1),
      wakeAt: START + 1_000 * (index + 1),
      jobState: {},
      tag: {},
      shardId: shard(index),
      generation: 1,
      failCount: 0,
      failReason: null,
      attempts: 0,
      plannedAt: START,
    }));
    await store.db.transaction((tx) => insertRows(tx, BackgroundJobEntity, rows));
    if (kind === 'mysql') await store.db.source.query('ANALYZE TABLE background_jobs');
    const plans: string[] = [];
    const explain = kind === 'sqlite' ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
    const reader = {
      async rows<T>(sql: string, values: Parameters<typeof store.db.reader.rows>[1] = []): Promise<T[]> {
        const plan = await store.db.reader.rows<{
          key?: string;
          detail?: string;
          rows?: number | string;
          Extra?: string;
        }>(`${explain} ${sql}`, values);
        for (const step of plan) {
          plans.push(step.detail ?? `${step.key} ${Number(step.rows) < 20_000 ? 'part' : 'all'} ${step.Extra}`);
        }
        return [];
      },
    };
    const source = { dialect: store.db.dialect, reader, nowSql: () => store.db.nowSql() };
    await dueRows(reader, { dialect: store.db.dialect, shardId: shard(0), kinds: ['test'], limit: 200 }, START + 1_000);
    await nextDue(source, shard(0), ['test']);
    await shardsDueWithin(source, [shard(0), shard(1)], 1_000);
    expect(plans.length).toBeGreaterThanOrEqual(3);
    for (const plan of plans) {
      expect(plan).toContain('ix_background_jobs_due');
      expect(plan).not.toMatch(/filesort|\ball\b|SCAN background_jobs|TEMP B-TREE FOR ORDER/);
    }
    await store.close();
  });
});
