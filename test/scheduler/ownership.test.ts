import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqlLockStore } from '../../src/scheduler/agenda/sql-lock-store.js';
import { Ownership } from '../../src/scheduler/ownership.js';
import type { RunningService } from '../../src/scheduler/registry.js';
import type { ShardLeases } from '../../src/scheduler/shard-leases.js';
import { ensureShard } from '../../src/scheduler/shards.js';
import { Taking } from '../../src/scheduler/taking.js';
import { storeKinds } from '../kit/stores.js';
import { Counter, leasesOf, ManualTimers, openStore, registryOf, TestLog, type TestStore } from './harness.js';

const LEASE = 15_000;

describe.each(storeKinds())('whoever wins the lock of a shard, on %s,', (kind) => {
  let store: TestStore;
  let me: RunningService;
  let leases: ShardLeases;
  let locks: SqlLockStore;
  let ownership: Ownership;
  let shard: string;

  beforeEach(async () => {
    store = await openStore(kind);
    me = await registryOf(store.db).register({ host: 'me', name: 'engine', version: '1', labels: {} });
    shard = await store.db.transaction((tx) => ensureShard(tx, {}, 0));
    leases = leasesOf(store.db, me, LEASE);
    locks = new SqlLockStore(store.db, {
      owner: { service: me.id, incarnation: 1 },
      lockLength: LEASE,
      exclusive: false,
      wanted: () => [shard],
    });
    const timers = new ManualTimers();
    const log = new TestLog();
    ownership = new Ownership({
      leases,
      taking: new Taking({ leases, timers, metrics: new Counter(), log, patience: LEASE }),
      locks,
      timers,
      metrics: new Counter(),
      log,
      leaseLength: LEASE,
      drainFor: () => {
        throw new Error('The shard was begun.');
      },
      listen: () => () => {},
      onLetGo: () => {},
      onUnlocked: () => {},
    });
    await locks.ensure([shard]);
    expect(await locks.hold([shard])).toBe(1);
  });
  afterEach(async () => {
    await ownership.close();
    await store.close();
  });

  const entry = async (): Promise<{ lock_service: string | null; wake_at: number | string } | undefined> =>
    (await store.db.reader.rows<{ lock_service: string | null; wake_at: number }>('SELECT * FROM agenda_jobs'))[0];

  it('and meets a valid lease of another in SQL, gives the lock back and leaves it alone for a while', async () => {
    const other = await registryOf(store.db).register({ host: 'other', name: 'engine', version: '1', labels: {} });
    expect(await leasesOf(store.db, other, LEASE).take([shard])).toHaveLength(1);
    await ownership.own(shard);
    const given = await entry();
    expect(given?.lock_service).toBeNull();
    expect(Number(given?.wake_at)).toBeGreaterThan(await store.db.now());
    expect(ownership.shards).toEqual([]);
    expect((await leases.survey())[0]?.owner).toBe(other.id);
  });

  it('and is told to stop meanwhile, gives it back for others to take at once', async () => {
    await ownership.close();
    await ownership.own(shard);
    const given = await entry();
    expect(given?.lock_service).toBeNull();
    expect(Number(given?.wake_at)).toBeLessThanOrEqual(await store.db.now());
    expect(await leases.free([shard])).toEqual([shard]);
  });
});
