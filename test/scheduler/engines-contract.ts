import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LockStore } from '../../src/scheduler/agenda/lock-store.js';
import { MongoLockStore } from '../../src/scheduler/agenda/mongo-lock-store.js';
import { SqlLockStore } from '../../src/scheduler/agenda/sql-lock-store.js';
import type { SchedulerOptions } from '../../src/scheduler/options.js';
import type { RunningService } from '../../src/scheduler/registry.js';
import { createScheduler, type Scheduler } from '../../src/scheduler/scheduler.js';
import { ensureShards } from '../../src/scheduler/shards.js';
import { DEFAULT_SLICES } from '../../src/scheduler/tag.js';
import { systemTimers } from '../../src/scheduler/timers.js';
import type { DatabaseKind } from '../kit/stores.js';
import {
  Counter,
  ids,
  leasesOf,
  openStore,
  outboxOf,
  registryOf,
  TestBell,
  TestLog,
  type TestStore,
  testKind,
} from './harness.js';

/** Short, because a server's clock cannot be moved; long enough for a busy machine. */
const PERIODS = { leaseLength: 2_000, renewEvery: 400, lookEvery: 50, pollEvery: 200, mendEvery: 300 };
const SOON = { timeout: 20_000, interval: 20 };

export interface EnginesPlace {
  readonly database: DatabaseKind;
  /** The MongoDB that elects; left out = the SQL database does. */
  readonly mongo?: () => Promise<{ url: string; drop(): Promise<void> }>;
}

/** What several engines on one database do together, whatever elects the owners of their shards. */
export function enginesContract(name: string, place: EnginesPlace): void {
  describe(`several engines on ${name}`, () => {
    let store: TestStore;
    let mongo: { url: string; drop(): Promise<void> } | undefined;
    let bell: TestBell;
    let metrics: Counter;
    let log: TestLog;
    let started: Scheduler[];

    beforeEach(async () => {
      store = await openStore(place.database, true);
      mongo = await place.mongo?.();
      bell = new TestBell();
      metrics = new Counter();
      log = new TestLog();
      started = [];
    });
    afterEach(async () => {
      await Promise.all(started.map((scheduler) => scheduler.stop(5_000)));
      await mongo?.drop();
      await store.close();
    });

    async function start(host: string, options: Partial<SchedulerOptions> = {}): Promise<Scheduler> {
      const scheduler = createScheduler({
        db: store.db,
        ids,
        bell,
        outbox: outboxOf(bell),
        listen: bell.listen,
        identity: { host, name: 'engine', version: '1', labels: {} },
        log,
        metrics,
        ...PERIODS,
        ...(mongo ? { mongoUrl: mongo.url } : {}),
        ...options,
      });
      scheduler.register(testKind());
      started.push(scheduler);
      await scheduler.start();
      return scheduler;
    }

    const plan = (by: Scheduler, count: number): Promise<void> =>
      store.db.transaction(async (tx) => {
        const nextRunAt = (await tx.now()) + 50;
        for (let index = 0; index < count; index += 1) {
          await by.planner.plan(tx, 'test', { subject: `s${index}`, project: null, nextRunAt });
        }
      });
    const held = (): number[] => started.map((scheduler) => scheduler.state().shardsHeld);
    const sum = (): number => held().reduce((total, each) => total + each, 0);
    async function occurrences(): Promise<number> {
      const [row] = await store.db.reader.rows<{ total: number }>('SELECT COUNT(*) AS total FROM occurrences');
      return Number(row?.total);
    }

    /** A service that takes everything, lease and lock, and then does nothing: it is dead. */
    async function ghost(): Promise<RunningService> {
      await ensureShards(store.db, {}, DEFAULT_SLICES);
      const registry = registryOf(store.db, PERIODS.leaseLength);
      const service = await registry.register({ host: 'ghost', name: 'engine', version: '1', labels: {} });
      const leases = leasesOf(store.db, service, PERIODS.leaseLength);
      const owner = { service: service.id, incarnation: service.incarnation };
      const options = { owner, lockLength: PERIODS.leaseLength, exclusive: false, wanted: () => [] };
      const locks: LockStore = mongo
        ? new MongoLockStore(mongo.url, options, systemTimers)
        : new SqlLockStore(store.db, options);
      const shards = await leases.all();
      await locks.prepare();
      await locks.ensure(shards);
      await leases.take(shards);
      await locks.hold(shards);
      await locks.close();
      return service;
    }

    it('give every shard one owner, and fire each instant once', async () => {
      const [first] = await Promise.all(['a', 'b', 'c'].map((host) => start(host)));
      if (!first) throw new Error('No engine was started.');
      await expect.poll(sum, SOON).toBe(16);
      await plan(first, 120);
      await metrics.reaches('fired test', 120);
      expect(await occurrences()).toBe(120);
      expect(metrics.count('refused test')).toBe(0);
      expect(Math.min(...metrics.lateness)).toBeGreaterThanOrEqual(0);
    });

    it('take no more than an even share of what is free, and everything once they are alone', async () => {
      const registry = registryOf(store.db, PERIODS.leaseLength);
      const others = await Promise.all(
        ['x', 'y'].map((host) => registry.register({ host, name: 'engine', version: '1', labels: {} })),
      );
      await store.db.transaction((tx) => tx.execute('UPDATE services SET last_seen_at = last_seen_at + 3600000'));
      // What nobody took for the time of a lease is anyone's: here that time must not pass.
      await start('a', { leaseLength: 120_000 });
      // 16 among three: five or six.
      await expect.poll(sum, SOON).toBeGreaterThanOrEqual(5);
      expect(sum()).toBeLessThanOrEqual(6);
      for (const other of others) await registry.leave(other);
      await expect.poll(sum, SOON).toBe(16);
    });

    it('take the shards of a dead engine, call it FAILED, and fire what it left', async () => {
      const dead = await ghost();
      const engine = await start('a');
      expect(engine.state().shardsHeld).toBe(0);
      await plan(engine, 20);
      await metrics.reaches('fired test', 20);
      await expect.poll(sum, SOON).toBe(16);
      expect(metrics.count('took over')).toBe(16);
      expect(await occurrences()).toBe(20);
      await expect
        .poll(() => store.db.reader.rows('SELECT state FROM services WHERE id = ?', [dead.id]), SOON)
        .toEqual([{ state: 'FAILED' }]);
    });

    it('hand over at once when one of them stops', async () => {
      const leaving = await start('a');
      await expect.poll(sum, SOON).toBe(16);
      const staying = await start('b');
      await plan(staying, 40);
      await leaving.stop(5_000);
      await expect.poll(() => staying.state().shardsHeld, SOON).toBe(16);
      await metrics.reaches('fired test', 40);
      expect(await occurrences()).toBe(40);
      expect(metrics.count('took over')).toBe(0);
    });

    it('go on under the SQL leases when every entry of Agenda is gone, and make them again', async () => {
      const engine = await start('a');
      await expect.poll(sum, SOON).toBe(16);
      const owner = { service: 'nobody', incarnation: 1 };
      const options = { owner, lockLength: 1, exclusive: false, wanted: () => [] };
      const look = mongo ? new MongoLockStore(mongo.url, options, systemTimers) : new SqlLockStore(store.db, options);
      const shards = await leasesOf(store.db, { id: 'x', incarnation: 1, version: '1', labels: {} }).all();
      await look.backend.connect();
      await look.backend.repository.purgeAllJobs();
      await plan(engine, 10);
      await metrics.reaches('fired test', 10);
      await expect.poll(() => look.missing(shards), SOON).toEqual([]);
      expect(engine.state().shardsHeld).toBe(16);
      expect(metrics.count('took over')).toBe(0);
      await look.close();
    });
  });
}
