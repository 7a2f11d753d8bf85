import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunningService, ServiceRegistry } from '../../src/scheduler/registry.js';
import type { ShardLeases } from '../../src/scheduler/shard-leases.js';
import { ensureShard, ensureShards } from '../../src/scheduler/shards.js';
import { storeKinds } from '../kit/stores.js';
import { leasesOf as openLeases, openStore, registryOf, type TestStore } from './harness.js';

const LEASE = 15_000;

describe.each(storeKinds())('leases on shards on %s', (kind) => {
  let store: TestStore;
  let registry: ServiceRegistry;
  let all: string[];

  beforeEach(async () => {
    store = await openStore(kind);
    registry = registryOf(store.db, LEASE);
    await ensureShards(store.db, {}, { untagged: 4, tagged: 1 });
    all = await leasesOf({ id: 'none', incarnation: 1, version: '1', labels: {} }).all();
  });
  afterEach(() => store.close());

  const start = (host: string): Promise<RunningService> =>
    registry.register({ host, name: 'engine', version: '1', labels: {} });
  const leasesOf = (service: RunningService, exclusive = false): ShardLeases =>
    openLeases(store.db, service, LEASE, exclusive);

  it('are taken once: the fence rises, and a valid lease is not taken', async () => {
    const a = leasesOf(await start('a'));
    const b = leasesOf(await start('b'));
    const taken = await a.take(all);
    expect(taken.map((shard) => [shard.fence, shard.clean])).toEqual(all.map(() => [1, true]));
    expect(await b.take(all)).toEqual([]);
    expect(await a.take(all)).toEqual([]);
    expect(await b.free(all)).toEqual([]);
  });

  it('are taken by exactly one of many that want them at the same time', async () => {
    const engines = await Promise.all(['a', 'b', 'c', 'd'].map(async (host) => leasesOf(await start(host))));
    const taken = await Promise.all(engines.map((leases) => leases.take(all)));
    expect(
      taken
        .flat()
        .map((shard) => shard.id)
        .sort(),
    ).toEqual([...all].sort());
  });

  it('are renewed in one go, and say which are lost', async () => {
    const a = leasesOf(await start('a'));
    const b = leasesOf(await start('b'));
    await a.take(all);
    store.clock.forward(LEASE - 1);
    expect(await a.renew(all.slice(1))).toEqual([]);
    store.clock.forward(1);
    expect(await b.free(all)).toEqual(all.slice(0, 1));
    expect((await b.survey()).filter((shard) => shard.left).map((shard) => shard.id)).toEqual(all.slice(0, 1));
    expect(await b.take(all)).toMatchObject([{ id: all[0], fence: 2, clean: false }]);
    expect(await a.renew(all)).toEqual([all[0]]);
  });

  it('are free at once when their owner lets go', async () => {
    const a = leasesOf(await start('a'));
    const b = leasesOf(await start('b'));
    await a.take(all);
    await a.release(all.slice(0, 2), 'test');
    expect((await b.take(all)).map((shard) => [shard.fence, shard.clean])).toEqual([
      [2, true],
      [2, true],
    ]);
    await a.release(all, 'test');
    expect(await b.renew(all.slice(0, 2))).toEqual([]);
  });

  it('are taken back at once by the next start of the same service', async () => {
    await leasesOf(await start('a')).take(all);
    expect(await leasesOf(await start('b')).free(all)).toEqual([]);
    const again = await leasesOf(await start('a')).take(all);
    expect(again).toHaveLength(all.length);
    expect(again.every((shard) => !shard.clean)).toBe(true);
  });

  it('of other services count for nothing where no other process can be', async () => {
    await leasesOf(await start('old-name')).take(all);
    expect(await leasesOf(await start('new-name'), true).take(all)).toHaveLength(all.length);
  });

  it('tell of each move: who, why, from whom and to whom', async () => {
    const [first, second, third, fourth] = [await start('a'), await start('b'), await start('a'), await start('c')];
    const one = all.slice(0, 1);
    await leasesOf(first).take(one);
    await leasesOf(third).take(one);
    store.clock.forward(LEASE);
    await leasesOf(second).take(one);
    await leasesOf(second).release(one, 'test');
    await leasesOf(second).release(one, 'not any more');
    await leasesOf(fourth).take(one);
    const rows = await store.db.reader.rows<{ subject: string; payload: string }>(
      "SELECT subject, payload FROM events WHERE topic = 'shardMoved' ORDER BY id",
    );
    const facts = rows.map(({ subject, payload }) => {
      const { reason, why, from, to, fromName, toName, fence, slice, tag } = JSON.parse(payload);
      expect([subject, tag, typeof slice, from === null, to === null]).toEqual([
        all[0],
        {},
        'number',
        fromName === null,
        toName === null,
      ]);
      return [reason, why, fromName, toName, fence];
    });
    expect(facts).toEqual([
      ['TAKEN', 'nobody held it', null, 'a/engine', 1],
      ['RESTARTED', 'its service has started again', 'a/engine', 'a/engine', 2],
      ['TAKEOVER', 'the lease of its owner had run out', 'a/engine', 'b/engine', 3],
      ['RELEASED', 'test', 'b/engine', null, 3],
      ['TAKEN', 'nobody held it', null, 'c/engine', 4],
    ]);
  });

  it('end with their shard, unless a background job belongs to it or another owns it', async () => {
    const a = leasesOf(await start('a'));
    const [own = '', others = '', free = '', used = ''] = all;
    await a.take([own, used]);
    await leasesOf(await start('b')).take([others]);
    const job = `INSERT INTO background_jobs (id, kind, subject, next_run_at, job_state, tag, shard_id, generation,
      fail_count, attempts, planned_at) VALUES ('j', 'k', 's', 0, '{}', '{}', ?, 1, 0, 0, 0)`;
    await store.db.transaction((tx) => tx.execute(job, [used]));
    expect(new Set(await a.unused(all))).toEqual(new Set([own, others, free]));
    expect((await a.remove(all, 'test')).sort()).toEqual([own, free].sort());
    expect(new Set(await a.all())).toEqual(new Set([others, used]));
  });

  it('are for services whose labels contain the tag', async () => {
    const tagged = await store.db.transaction((tx) => ensureShard(tx, { host: 'b' }, 0));
    const a = leasesOf(await start('a'));
    const b = leasesOf(await start('b'));
    expect(await a.take([tagged])).toEqual([]);
    expect(await a.free([...all, tagged])).toEqual(all);
    expect(await b.take([tagged])).toHaveLength(1);
  });
});
