import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ENGINES_CHANNEL } from '../../src/scheduler/tag.js';
import { Engines, type EnginesPlace, SOON } from './engines-kit.js';
import { leasesOf, registryOf } from './harness.js';

/** The lease of a service that dies, in milliseconds: the test waits for its end. */
const LEASE = 1_000;

/** How engines on one database share its shards, whatever elects the owners. */
export function sharingContract(name: string, place: EnginesPlace): void {
  describe(`sharing on ${name}`, () => {
    let engines: Engines;

    beforeEach(async () => {
      engines = await Engines.open(place);
    });
    afterEach(() => engines.close());

    const settled = (...counts: number[]): Promise<void> => expect.poll(() => engines.spread(), SOON).toEqual(counts);

    it('comes to 6, 5 and 5 of 16, also when one engine had them all, and tells of each move', async () => {
      const first = await engines.start('a');
      await settled(16);
      await engines.plan(first, ['1', '2', '3', '4', '5', '6', '7', '8']);
      await Promise.all([engines.start('b'), engines.start('c')]);
      await settled(5, 5, 6);
      await engines.metrics.reaches('fired test', 8);
      expect(await engines.occurrences()).toBe(8);
      expect(engines.metrics.count('took over')).toBe(0);
      expect(await engines.moves()).toEqual(['RELEASED: rebalanced', 'TAKEN: nobody held it']);
    });

    it('is even again after a rolling restart', async () => {
      for (const host of ['a', 'b', 'c']) await engines.start(host);
      await settled(5, 5, 6);
      for (const host of ['a', 'b', 'c']) {
        await engines.stop(host);
        await settled(8, 8);
        await engines.start(host);
        await settled(5, 5, 6);
      }
      expect(engines.metrics.count('took over')).toBe(0);
    });

    it('leaves nothing to an engine that drains, until it drains no more', async () => {
      await engines.start('a');
      await engines.start('b');
      await settled(8, 8);
      await engines.setState('a', 'DRAINING');
      await settled(0, 16);
      expect(engines.held('a')).toBe(0);
      expect(await engines.moves()).toContain('RELEASED: its owner is draining');
      await expect.poll(() => engines.stateOf('a'), SOON).toBe('DRAINING');
      await engines.setState('a', 'ACTIVE');
      await settled(8, 8);
    });

    it('ends a drain with the next start of the process', async () => {
      await engines.start('a');
      await engines.setState('a', 'DRAINING');
      await settled(0);
      expect(await engines.owners({})).toEqual(Array.from({ length: 16 }, () => null));
      await engines.stop('a');
      await engines.start('a');
      await settled(16);
      expect(await engines.stateOf('a')).toBe('ACTIVE');
    });

    it('gives the shards of a tag to engines whose labels contain it, evenly', async () => {
      const eu = await engines.start('a', { zone: 'eu' }, { slices: { untagged: 4, tagged: 3 } });
      await engines.start('b', { zone: 'us' }, { slices: { untagged: 4, tagged: 3 } });
      // So many that each slice of the tag has some: a shard is made for what is in it.
      const subjects = Array.from({ length: 60 }, (_, index) => `eu${index}`);
      await engines.plan(eu, subjects, { zone: 'eu' });
      await engines.plan(eu, ['b'], { host: 'b' });
      await engines.metrics.reaches('fired test', 61);
      expect(new Set(await engines.owners({ zone: 'eu' }))).toEqual(new Set(['a']));
      expect(await engines.owners({ host: 'b' })).toEqual(['b']);
      await engines.start('c', { zone: 'eu', rack: '1' }, { slices: { untagged: 4, tagged: 3 } });
      const count = async (host: string): Promise<number> =>
        (await engines.owners({ zone: 'eu' })).filter((owner) => owner === host).length;
      await expect.poll(async () => [await count('a'), await count('c')].sort(), SOON).toEqual([1, 2]);
    });

    it('waits where nobody fits, and goes on as soon as somebody does', async () => {
      const a = await engines.start('a');
      await engines.plan(a, ['moon'], { zone: 'moon' });
      await engines.plan(a, ['earth']);
      await engines.metrics.reaches('fired test', 1);
      expect(await engines.owners({ zone: 'moon' })).toEqual([null]);
      await engines.start('b', { zone: 'moon' });
      await engines.metrics.reaches('fired test', 2);
      expect(await engines.owners({ zone: 'moon' })).toEqual(['b']);
    });

    it('gives what the dead left to an engine that has its share already', async () => {
      const { db } = engines.store;
      const a = await engines.start('a');
      await settled(16);
      const registry = registryOf(db, LEASE, engines.bell);
      const identity = { name: 'engine', version: '1', labels: {} };
      const others = await Promise.all(['x', 'y'].map((host) => registry.register({ ...identity, host })));
      const [dead] = others;
      if (!dead) throw new Error('Nothing was registered.');
      // Both seem alive as long as the test runs.
      await db.transaction((tx) =>
        tx.execute("UPDATE services SET last_seen_at = last_seen_at + 3600000 WHERE name = 'engine' AND host <> 'a'"),
      );
      engines.bell.ring(ENGINES_CHANNEL);
      await expect.poll(() => a.state().shardsHeld, SOON).toBeLessThan(16);
      const leases = leasesOf(db, dead, LEASE);
      await expect.poll(async () => (await leases.take(await leases.all())).length, SOON).toBeGreaterThan(0);
      await expect.poll(() => engines.metrics.count('took over'), SOON).toBeGreaterThan(0);
      expect(await engines.moves()).toContain('TAKEOVER: the lease of its owner had run out');
    });

    it('removes the shards of a tag that nothing is bound to any more, and their entries', async () => {
      const a = await engines.start('a', { zone: 'eu' });
      await engines.plan(a, ['1'], { zone: 'eu' });
      await engines.plan(a, ['2'], { zone: 'eu', host: 'a' });
      await engines.metrics.reaches('fired test', 2);
      await settled(18);
      await engines.store.db.transaction((tx) => a.planner.unplan(tx, 'test', '1'));
      await settled(17);
      expect(await engines.owners({ zone: 'eu' })).toEqual([]);
      expect(await engines.owners({ zone: 'eu', host: 'a' })).toEqual(['a']);
      expect(await engines.moves()).toContain('RELEASED: no background job belongs to it any more');
      await engines.plan(a, ['1'], { zone: 'eu' });
      await engines.metrics.reaches('fired test', 3);
    });
  });
}
