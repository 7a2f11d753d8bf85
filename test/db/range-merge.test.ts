import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareKeys, type Key } from '../../src/db/index-range.js';
import { AT_ONCE, RangeMerge } from '../../src/db/range-merge.js';

/** Keys that meet in their first part, spread over some ranges; one range may have nearly all. */
const history = fc
  .record({
    ranges: fc.integer({ min: 0, max: 60 }),
    times: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 600, size: 'max' }),
    skew: fc.integer({ min: 1, max: 5 }),
    seed: fc.integer({ min: 1, max: 1_000 }),
  })
  .map(({ ranges, times, skew, seed }) => {
    const all: Key[][] = Array.from({ length: ranges }, () => []);
    times.forEach((time, number) => {
      const chance = ((number * 7_919 * seed) % 1_009) / 1_009;
      all[Math.floor(chance ** skew * ranges)]?.push([time, number]);
    });
    return all;
  });

/** Reads what a merge wants, as a database would; counts the rounds, and the keys that were given out. */
function run(merge: RangeMerge, ranges: readonly Key[][], descending: boolean): { rounds: number; read: number } {
  const sign = descending ? -1 : 1;
  let [rounds, read] = [0, 0];
  for (let wants = merge.wants(); wants.length > 0; wants = merge.wants()) {
    rounds += 1;
    const answers = wants.map((want) => {
      const after = (ranges[want.range] ?? []).filter((key) => !want.from || sign * compareKeys(key, want.from) > 0);
      const keys = after.sort((a, b) => sign * compareKeys(a, b)).slice(0, want.limit);
      read += keys.length;
      // A database promises no order between the parts of a statement.
      return { want, keys: [...keys].reverse() };
    });
    merge.took(answers);
  }
  return { rounds, read };
}

describe('the merge of ranges', () => {
  it('gives the first keys of all of them, in few rounds, and reads little more', () => {
    fc.assert(
      fc.property(
        history,
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 8 }),
        fc.boolean(),
        fc.option(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 600 }))),
        (ranges, size, guess, descending, from) => {
          const sign = descending ? -1 : 1;
          const rare = ranges.map((_, index) => index % guess !== 0);
          const merge = new RangeMerge(rare, size, descending, from);
          const { rounds, read } = run(merge, ranges, descending);
          const expected = ranges
            .flat()
            .filter((key) => !from || sign * compareKeys(key, from) > 0)
            .sort((a, b) => sign * compareKeys(a, b))
            .slice(0, size);
          expect(merge.keys).toEqual(expected);
          expect(rounds).toBeLessThanOrEqual(7);
          expect(read).toBeLessThanOrEqual(8 * size + ranges.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('reads a single range once, and none not at all', () => {
    const merge = new RangeMerge([false], 3, false, null);
    expect(merge.wants()).toEqual([{ range: 0, from: null, limit: 3 }]);
    expect(
      run(
        merge,
        [
          [
            [1, 1],
            [2, 2],
            [3, 3],
            [4, 4],
          ],
        ],
        false,
      ),
    ).toEqual({ rounds: 1, read: 3 });
    expect(new RangeMerge([], 3, false, null).wants()).toEqual([]);
  });

  it('reads two ranges to the full and all rare ones a little, as far as one statement may read', () => {
    const rare = Array.from({ length: 14 }, (_, range) => range % 7 !== 2);
    const limits = new RangeMerge(rare, 51, false, null).wants().map(({ limit }) => limit);
    expect(limits.filter((_, range) => !rare[range])).toEqual([51, 51]);
    expect(new Set(limits.filter((_, range) => rare[range]))).toEqual(new Set([4]));
    expect(limits.reduce((sum, limit) => sum + limit)).toBeLessThanOrEqual(AT_ONCE * 51);
  });
});
