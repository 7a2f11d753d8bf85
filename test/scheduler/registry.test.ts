import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServiceRegistry } from '../../src/scheduler/registry.js';
import { storeKinds } from '../kit/stores.js';
import { openStore, registryOf, START, type TestStore } from './harness.js';

const ctl = (host: string) => ({ host, name: 'engine', version: '1', labels: { zone: 'eu' } });

describe.each(storeKinds())('services on %s', (kind) => {
  let store: TestStore;
  let registry: ServiceRegistry;

  beforeEach(async () => {
    store = await openStore(kind);
    registry = registryOf(store.db);
  });
  afterEach(() => store.close());

  const states = (): Promise<unknown[]> =>
    store.db.reader.rows('SELECT host, state, incarnation FROM services ORDER BY host');

  /** Of those that have not ended, in the order of their start, whether they were heard of. */
  const heard = async (): Promise<boolean[]> =>
    (await registry.survey()).sort((one, other) => (one.id < other.id ? -1 : 1)).map((service) => service.heard);

  it('keep their id over restarts; the incarnation rises', async () => {
    const first = await registry.register(ctl('a'));
    expect(first).toMatchObject({ incarnation: 1, labels: { host: 'a', name: 'engine', zone: 'eu' } });
    const second = await registry.register({ ...ctl('a'), version: '2' });
    expect(second).toMatchObject({ id: first.id, incarnation: 2 });
  });

  it('get different incarnations when they register at the same time', async () => {
    const both = await Promise.all([registry.register(ctl('a')), registry.register(ctl('a'))]);
    expect(both.map((service) => service.incarnation).sort()).toEqual([1, 2]);
    expect(new Set(both.map((service) => service.id)).size).toBe(1);
  });

  it('hear of it when a later start has taken their place', async () => {
    const first = await registry.register(ctl('a'));
    expect(await registry.heartbeat(first)).toBe(true);
    const second = await registry.register(ctl('a'));
    expect([await registry.heartbeat(first), await registry.heartbeat(second)]).toEqual([false, true]);
  });

  it('are FAILED after 15 silent seconds, by one decision, and come back with a heartbeat', async () => {
    const silent = await registry.register(ctl('a'));
    const other = await registry.register(ctl('b'));
    store.clock.forward(14_999);
    expect(await heard()).toEqual([true, true]);
    await registry.heartbeat(other);
    store.clock.forward(1);
    expect(await heard()).toEqual([false, true]);
    const decided = await Promise.all([registry.declareFailed(silent.id), registry.declareFailed(silent.id)]);
    expect(decided.filter(Boolean)).toHaveLength(1);
    expect(await states()).toMatchObject([{ state: 'FAILED' }, { state: 'ACTIVE' }]);
    expect(await registry.heartbeat(silent)).toBe(true);
    expect(await states()).toMatchObject([{ state: 'ACTIVE' }, { state: 'ACTIVE' }]);
  });

  it('come back with a heartbeat when they were removed, unless another has their host and name by now', async () => {
    const [a, b] = [await registry.register(ctl('a')), await registry.register(ctl('b'))];
    await store.db.transaction((tx) => tx.execute('DELETE FROM services'));
    expect(await registry.heartbeat(a)).toBe(true);
    expect(await states()).toMatchObject([{ host: 'a', state: 'ACTIVE', incarnation: 1 }]);
    const other = await registry.register(ctl('b'));
    expect(other.id).not.toBe(b.id);
    expect([await registry.heartbeat(b), await registry.heartbeat(other)]).toEqual([false, true]);
  });

  it('tell of each change of their state, in the transaction that makes it', async () => {
    const service = await registry.register(ctl('a'));
    store.clock.forward(15_000);
    await registry.declareFailed(service.id);
    await registry.heartbeat(service);
    await registry.leave(service);
    await registry.heartbeat(service);
    await registry.register(ctl('a'));
    const rows = await store.db.reader.rows<{ subject: string; payload: string }>(
      "SELECT subject, payload FROM events WHERE topic = 'serviceStateChanged' ORDER BY id",
    );
    expect(new Set(rows.map((row) => row.subject))).toEqual(new Set([service.id]));
    const facts = rows.map(({ payload }) => {
      const { stateBefore, state, incarnation, reason }: Record<string, unknown> = JSON.parse(payload);
      return [stateBefore, state, incarnation, reason];
    });
    expect(facts).toEqual([
      [null, 'ACTIVE', 1, 'it has started'],
      ['ACTIVE', 'FAILED', 1, 'nothing was heard of it for 15 s'],
      ['FAILED', 'ACTIVE', 1, 'it was heard of again'],
      ['ACTIVE', 'STOPPED', 1, 'it was stopped'],
      ['STOPPED', 'ACTIVE', 2, 'it has started again'],
    ]);
  });

  it('stay stopped, and keep draining, whatever heartbeat comes late', async () => {
    const [a, b] = [await registry.register(ctl('a')), await registry.register(ctl('b'))];
    await registry.leave(a);
    await store.db.transaction((tx) => tx.execute("UPDATE services SET state = 'DRAINING' WHERE host = 'b'"));
    expect([await registry.heartbeat(a), await registry.heartbeat(b)]).toEqual([false, true]);
    expect(await states()).toMatchObject([{ state: 'STOPPED' }, { state: 'DRAINING' }]);
    store.clock.forward(15_000);
    expect(await registry.declareFailed(b.id)).toBe(true);
    expect(await registry.heartbeat(b, 'DRAINING')).toBe(true);
    expect(await states()).toMatchObject([{ state: 'STOPPED' }, { state: 'DRAINING' }]);
    expect((await registry.register(ctl('b'))).incarnation).toBe(2);
    expect(await states()).toMatchObject([{ state: 'STOPPED' }, { state: 'ACTIVE' }]);
  });

  it('are not declared FAILED when they were heard of meanwhile', async () => {
    const service = await registry.register(ctl('a'));
    store.clock.forward(15_000);
    const before = await heard();
    await registry.heartbeat(service);
    expect(before).toEqual([false]);
    expect(await registry.declareFailed(service.id)).toBe(false);
  });

  it('say when they end in order', async () => {
    await registry.leave(await registry.register(ctl('a')));
    expect(await states()).toEqual([{ host: 'a', state: 'STOPPED', incarnation: 1 }]);
    expect(await registry.survey()).toEqual([]);
    const [row] = await store.db.reader.rows<{ last_seen_at: number }>('SELECT last_seen_at FROM services');
    expect(Number(row?.last_seen_at)).toBe(START);
  });
});
