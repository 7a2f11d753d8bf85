import { type Connection, createConnection } from 'mysql2/promise';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { HeldWork } from '../../src/scheduler/kinds.js';
import { createScheduler, type Scheduler } from '../../src/scheduler/scheduler.js';
import { ensureShards } from '../../src/scheduler/shards.js';
import { DEFAULT_SLICES } from '../../src/scheduler/tag.js';
import { describeWithStores } from '../kit/stores.js';
import { ids, leasesOf, openStore, outboxOf, registryOf, TestBell, TestLog, type TestStore } from './harness.js';
import { Gate, LEASE, WorkPlace } from './work-harness.js';

const SOON = { timeout: 25_000, interval: 25 };

describeWithStores('leased work whose transaction waits for a lock', ['mysql'], () => {
  let store: TestStore;
  let place: WorkPlace;
  let held: HeldWork | undefined;
  let begun: Gate;
  let go: Gate;
  let written: Gate;

  beforeEach(async () => {
    store = await openStore('mysql');
    [begun, go, written] = [new Gate(), new Gate(), new Gate()];
    place = new WorkPlace(store, async (work) => {
      if (held) return;
      held = work;
      await work.db.transaction(async () => {
        begun.open();
        await go.opened;
      });
      written.open();
      await new Promise<void>((resolve) => work.signal.addEventListener('abort', () => resolve()));
    });
  });
  afterEach(async () => {
    held = undefined;
    await store.close();
  });

  const running = { state: 'RUNNING', fence: 1 };

  it('costs its engine neither its other leases nor itself, and holds up nobody who looks', async () => {
    const [a, b] = [await place.engine('a'), await place.engine('b')];
    const [crew, other] = [place.crew(a), place.crew(b)];
    await place.begin('s');
    await crew.look();
    await begun.opened;
    await crew.renew();
    store.clock.forward(LEASE);
    await place.registry.heartbeat(b);
    await other.look();
    expect(await place.registry.declareFailed(a.id)).toBe(true);
    expect(await place.lease('s')).toMatchObject(running);
    go.open();
    await written.opened;
    // Its lease has run out meanwhile: the engine has the time of two renewals to renew it.
    await other.look();
    store.clock.forward(LEASE / 3);
    await crew.renew();
    store.clock.forward(LEASE / 3);
    await other.look();
    expect(await place.lease('s')).toMatchObject(running);
    expect(held?.signal.aborted).toBe(false);
    store.clock.forward(LEASE);
    await other.look();
    await other.idle();
    expect(place.metrics.count('finished work')).toBe(1);
  });

  it('does not hold up the restart of its service, and is ended when its lease runs out', async () => {
    await place.begin('s');
    await place.crew(await place.engine('a')).look();
    await begun.opened;
    const again = place.crew(await place.engine('a'));
    await again.look();
    expect(await place.lease('s')).toMatchObject(running);
    go.open();
    await written.opened;
    store.clock.forward(LEASE);
    await again.look();
    await again.idle();
    expect(await place.lease('s')).toBeUndefined();
    expect(place.metrics.count('lost work')).toBe(1);
    await expect(held?.db.transaction(async () => {})).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });
});

describeWithStores('a locked row of a service', ['mysql'], () => {
  const PERIODS = { leaseLength: 3_000, renewEvery: 500, lookEvery: 50, pollEvery: 200, mendEvery: 300 };
  let store: TestStore;
  let client: Connection;
  let log: TestLog;
  let scheduler: Scheduler;

  beforeEach(async () => {
    store = await openStore('mysql', true);
    client = await createConnection(store.url);
    log = new TestLog();
    const bell = new TestBell();
    const identity = { host: 'b', name: 'engine', version: '1', labels: {} };
    const parts = { db: store.db, ids, bell, outbox: outboxOf(bell), listen: bell.listen };
    scheduler = createScheduler({ ...parts, identity, log, ...PERIODS });
  });
  afterEach(async () => {
    await client.end();
    await scheduler.stop(10_000);
    await store.close();
  });

  async function lock(host: string): Promise<void> {
    await client.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    await client.beginTransaction();
    await client.query('SELECT id FROM services WHERE host = ? FOR UPDATE', [host]);
  }
  const holds = () => expect.poll(() => scheduler.state().shardsHeld, SOON).toBe(16);
  const stateOf = async (host: string) =>
    (await store.db.reader.rows<{ state: string }>('SELECT state FROM services WHERE host = ?', [host]))[0]?.state;

  it('that is dead keeps nobody from its shards', async () => {
    const dead = await registryOf(store.db).register({ host: 'a', name: 'engine', version: '1', labels: {} });
    await ensureShards(store.db, {}, DEFAULT_SLICES);
    const leases = leasesOf(store.db, dead, 1);
    await leases.take(await leases.all());
    await store.db.execute("UPDATE services SET last_seen_at = 0 WHERE host = 'a'");
    await lock('a');
    await scheduler.start();
    await holds();
    expect(await stateOf('a')).toBe('ACTIVE');
    await client.rollback();
    await expect.poll(() => stateOf('a'), SOON).toBe('FAILED');
    expect(log.warnings).toEqual([expect.stringContaining('fell silent')]);
  });

  it('that cannot write its heartbeat costs it none of its shards', async () => {
    await scheduler.start();
    await holds();
    await lock('b');
    const longAfter = (await store.db.now()) + 3 * PERIODS.leaseLength;
    const earliest = async () =>
      Number((await store.db.reader.rows<{ at: number }>('SELECT MIN(lease_until) AS at FROM shards'))[0]?.at);
    await expect.poll(earliest, SOON).toBeGreaterThan(longAfter);
    expect(scheduler.state()).toMatchObject({ shardsHeld: 16, holdsLeases: true });
    await client.rollback();
  });

  it('is never that of a process which froze at its heartbeat: that is one statement', async () => {
    const registry = registryOf(store.db);
    const service = await registry.register({ host: 'a', name: 'engine', version: '1', labels: {} });
    store.statements.length = 0;
    expect(await registry.heartbeat(service)).toBe(true);
    expect(store.statements).toEqual([expect.stringMatching(/^UPDATE services SET last_seen_at = /)]);
  });
});
