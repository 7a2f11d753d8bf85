import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fits, shardId, sliceOf, tagKey } from '../../src/scheduler/tag.js';

const tags = fc.dictionary(fc.string({ minLength: 1 }), fc.string());

describe('a tag', () => {
  it('names the same shard whatever the order of its names', () => {
    fc.assert(
      fc.property(tags, fc.nat(15), (tag, slice) => {
        const turned = Object.fromEntries(Object.entries(tag).reverse());
        expect(shardId(turned, slice)).toBe(shardId(tag, slice));
        expect(tagKey(turned)).toBe(tagKey(tag));
      }),
    );
  });

  it('names different shards for different tags and slices', () => {
    const names = [shardId({}, 0), shardId({}, 1), shardId({ a: '1' }, 0), shardId({ a: '1', b: '2' }, 0)];
    expect(new Set(names).size).toBe(names.length);
  });

  it('fits a service whose labels contain it; the empty one fits every service', () => {
    fc.assert(
      fc.property(tags, tags, (labels, more) => {
        expect(fits(labels, {})).toBe(true);
        expect(fits({ ...labels, ...more }, more)).toBe(true);
      }),
    );
    expect(fits({ host: 'a' }, { host: 'b' })).toBe(false);
    expect(fits({}, { host: 'b' })).toBe(false);
  });

  it('spreads ids over slices evenly', () => {
    const counts = new Array<number>(16).fill(0);
    for (let index = 0; index < 16_000; index += 1) {
      const slice = sliceOf(`bgjob_${index}`, 16);
      counts[slice] = (counts[slice] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });
});
