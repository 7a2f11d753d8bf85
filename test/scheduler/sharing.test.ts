import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decide, type SharedShard, type Sharer } from '../../src/scheduler/sharing.js';
import { fits } from '../../src/scheduler/tag.js';

/** The tags of the tests, by their keys: for everyone, for a zone, for one service, for nobody. */
const TAGS: Record<string, Record<string, string>> = {
  all: {},
  eu: { zone: 'eu' },
  us: { zone: 'us' },
  pin: { zone: 'eu', host: 's0' },
  none: { zone: 'moon' },
};
/** How many of its surplus shards a service lets go of at a time. */
const A_FEW = 2;

const service = (index: number, zone: string): Sharer => ({ id: `s${index}`, labels: { host: `s${index}`, zone } });

function shard(id: string, tagKey: string, more: Partial<SharedShard> = {}): SharedShard {
  return { id, tagKey, tag: TAGS[tagKey] ?? {}, owner: null, left: false, resting: false, ...more };
}

const slices = (count: number, tagKey = 'all', owner: string | null = null): SharedShard[] =>
  Array.from({ length: count }, (_, slice) => shard(`${tagKey}-${slice}`, tagKey, { owner }));

/** Services that share shards, each deciding for itself; a shard that one let go of rests for it during a few steps. */
class Cluster {
  services: Sharer[];
  readonly shards: Map<string, SharedShard>;
  readonly moves = new Map<string, number>();
  readonly #resting = new Map<string, number>();
  #step = 0;

  constructor(services: readonly Sharer[], shards: readonly SharedShard[]) {
    this.services = [...services];
    this.shards = new Map(shards.map((each) => [each.id, each]));
  }

  seenBy(me: string): SharedShard[] {
    return [...this.shards.values()].map((each) => ({
      ...each,
      resting: (this.#resting.get(`${me} ${each.id}`) ?? 0) > this.#step,
    }));
  }

  /** One service looks and acts, on what it saw now or before; returns whether it changed anything. */
  act(me: string, seen = this.seenBy(me)): boolean {
    this.#step += 1;
    const { take, letGo } = decide(me, this.services, seen, this.#step);
    const now = take.filter((id) => this.shards.get(id)?.owner === null);
    for (const id of now) this.#own(id, me);
    const some = letGo.slice(0, A_FEW).filter((id) => this.shards.get(id)?.owner === me);
    for (const id of some) {
      this.#own(id, null);
      this.#resting.set(`${me} ${id}`, this.#step + 3 * this.services.length);
    }
    return now.length + some.length > 0;
  }

  #own(id: string, owner: string | null): void {
    const before = this.shards.get(id);
    if (!before) return;
    this.shards.set(id, { ...before, owner, left: false });
    if (owner !== null) this.moves.set(id, (this.moves.get(id) ?? 0) + 1);
  }

  /** Lets everyone act in turn until nobody changes anything; throws when that takes too long. */
  settle(): void {
    for (let round = 0, quiet = 0; quiet < 4; round += 1) {
      if (round > 60 + 4 * this.shards.size) throw new Error('It does not settle.');
      const changed = this.services.map(({ id }) => this.act(id));
      quiet = changed.includes(true) ? 0 : quiet + 1;
    }
  }

  held(id: string, tagKey?: string): number {
    const of = [...this.shards.values()];
    return of.filter((each) => each.owner === id && (tagKey === undefined || each.tagKey === tagKey)).length;
  }
}

const clusters = fc
  .record({
    zones: fc.array(fc.constantFrom('eu', 'us'), { minLength: 1, maxLength: 6 }),
    counts: fc.record({
      all: fc.nat(20),
      eu: fc.nat(5),
      us: fc.nat(2),
      pin: fc.nat(2),
      none: fc.nat(2),
    }),
    owners: fc.array(fc.nat(7), { minLength: 1, maxLength: 31 }),
    left: fc.array(fc.boolean(), { minLength: 1, maxLength: 7 }),
  })
  .map(({ zones, counts, owners, left }) => {
    const services = zones.map((zone, index) => service(index, zone));
    const all = Object.entries(counts).flatMap(([tagKey, count]) => slices(count, tagKey));
    const shards = all.map((each, index) => {
      const owner = services[owners[index % owners.length] ?? 0];
      const held = owner && fits(owner.labels, each.tag) ? owner.id : null;
      return { ...each, owner: held, left: held === null && left[index % left.length] === true };
    });
    return new Cluster(services, shards);
  });

const spread = (counts: readonly number[]): number => Math.max(0, ...counts) - Math.min(...counts, Number.MAX_VALUE);

describe('sharing', () => {
  it('of 16 shards among three comes to 6, 5 and 5, whoever has them first', () => {
    for (const owner of [null, 's1']) {
      const cluster = new Cluster(
        [0, 1, 2].map((index) => service(index, 'eu')),
        slices(16, 'all', owner),
      );
      cluster.settle();
      expect([0, 1, 2].map((index) => cluster.held(`s${index}`)).sort()).toEqual([5, 5, 6]);
    }
  });

  it('settles: every tag even within one among those that fit, and all of what fits has an owner', () => {
    fc.assert(
      fc.property(clusters, (cluster) => {
        cluster.settle();
        for (const [tagKey, tag] of Object.entries(TAGS)) {
          const fitting = cluster.services.filter(({ labels }) => fits(labels, tag));
          const of = [...cluster.shards.values()].filter((each) => each.tagKey === tagKey);
          const unowned = of.filter((each) => each.owner === null);
          expect(unowned.length).toBe(fitting.length > 0 ? 0 : of.length);
          if (fitting.length > 0) {
            expect(spread(fitting.map(({ id }) => cluster.held(id, tagKey)))).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });

  it('settles even within one over all tags among services of the same labels', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(fc.nat(4), { maxLength: 9 }), (count, tags) => {
        const services = Array.from({ length: count }, (_, index) => service(index, 'eu'));
        const shards = tags.flatMap((size, tag) =>
          Array.from({ length: size }, (_, slice) => shard(`${tag}-${slice}`, `tag${tag}`, { owner: 's0' })),
        );
        const cluster = new Cluster(services, shards);
        cluster.settle();
        expect(spread(services.map(({ id }) => cluster.held(id)))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('moves a shard at most once more after it was taken, and then leaves it', () => {
    fc.assert(
      fc.property(clusters, (cluster) => {
        cluster.settle();
        expect(Math.max(0, ...cluster.moves.values())).toBeLessThanOrEqual(2);
        const before = new Map(cluster.moves);
        cluster.settle();
        expect(cluster.moves).toEqual(before);
      }),
    );
  });

  it('takes from nobody who holds the least that all hold, and gives no one more than is missing', () => {
    fc.assert(
      fc.property(clusters, (cluster) => {
        for (const { id, labels } of cluster.services) {
          const { letGo, take } = decide(id, cluster.services, cluster.seenBy(id), 0);
          for (const [tagKey, tag] of Object.entries(TAGS)) {
            const of = [...cluster.shards.values()].filter((each) => each.tagKey === tagKey);
            const sharers = cluster.services.filter((each) => fits(each.labels, tag)).length;
            const least = sharers === 0 ? 0 : Math.floor(of.length / sharers);
            const gone = of.filter((each) => letGo.includes(each.id)).length;
            if (gone > 0) expect(cluster.held(id, tagKey) - gone).toBeGreaterThanOrEqual(least);
            const taken = of.filter((each) => take.includes(each.id));
            const left = of.filter((each) => each.left);
            for (const each of taken) expect(fits(labels, each.tag) && each.owner === null).toBe(true);
            if (taken.length > left.length) {
              expect(cluster.held(id, tagKey) + taken.length).toBeLessThanOrEqual(least + 1);
            }
          }
        }
      }),
    );
  });

  it('gives everything that a dead service left to anyone who fits, full or not', () => {
    const shards = [...slices(4, 'all', 's0'), shard('a', 'all', { left: true }), shard('b', 'us', { left: true })];
    const services = [service(0, 'eu'), service(1, 'us')];
    expect(decide('s0', services, shards, 0).take).toEqual(['a']);
    expect([...decide('s1', services, shards, 0).take].sort()).toEqual(['a', 'b']);
  });

  it('empties a service that shards are not shared among, at once, and gives it nothing', () => {
    const shards = [...slices(3, 'all', 's0'), shard('left', 'all', { left: true }), shard('free', 'all')];
    const alone = decide('s0', [], shards, 0);
    expect(alone).toEqual({ take: [], letGo: ['all-0', 'all-1', 'all-2'] });
    expect(decide('s0', [service(1, 'eu')], shards, 0)).toEqual(alone);
  });

  it('leaves what rests to others, and tries other shards with each turn', () => {
    const services = [service(0, 'eu'), service(1, 'eu')];
    const shards = slices(4).map((each, index) => ({ ...each, resting: index === 0 }));
    const turns = [0, 1, 2].map((turn) => decide('s0', services, shards, turn).take);
    expect(turns.every((take) => take.length === 2 && !take.includes('all-0'))).toBe(true);
    expect(new Set(turns.flat()).size).toBe(3);
  });

  it('settles again after a rolling restart', () => {
    const services = [0, 1, 2].map((index) => service(index, 'eu'));
    const cluster = new Cluster(services, slices(16));
    cluster.settle();
    for (const restarting of services) {
      cluster.services = services.filter((each) => each !== restarting);
      for (const each of cluster.shards.values()) {
        if (each.owner === restarting.id) cluster.shards.set(each.id, { ...each, owner: null });
      }
      cluster.settle();
      cluster.services = services;
      cluster.settle();
      expect(services.map(({ id }) => cluster.held(id)).sort()).toEqual([5, 5, 6]);
    }
  });

  it('settles when everyone acts on what was seen before the others acted', () => {
    fc.assert(
      fc.property(clusters, (cluster) => {
        for (let round = 0; round < 30; round += 1) {
          const seen = cluster.services.map(({ id }) => [id, cluster.seenBy(id)] as const);
          for (const [id, shards] of seen) cluster.act(id, shards);
        }
        const before = new Map(cluster.moves);
        cluster.settle();
        expect(cluster.moves).toEqual(before);
      }),
    );
  });
});
