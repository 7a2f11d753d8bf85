import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Lanes } from '../../src/history/queue/lanes.js';

it('does what is of one key in its order, so much at once, and goes on after failures', async () => {
  const plans = fc.record({
    width: fc.integer({ min: 1, max: 4 }),
    works: fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), turns: fc.nat(4), fails: fc.boolean() })),
  });
  await fc.assert(
    fc.asyncProperty(plans, async ({ width, works }) => {
      const lanes = new Lanes(width);
      const begun: number[] = [];
      const running = new Map<string, number>();
      let most = 0;
      const done = works.map(({ key, turns, fails }, index) =>
        lanes.run(key, async () => {
          begun.push(index);
          expect(running.has(key)).toBe(false);
          running.set(key, index);
          most = Math.max(most, running.size);
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
          running.delete(key);
          if (fails) throw new Error('It failed.');
        }),
      );
      const ends = await Promise.allSettled(done);
      expect(ends.map(({ status }) => status === 'rejected')).toEqual(works.map(({ fails }) => fails));
      expect(most).toBeLessThanOrEqual(width);
      for (const key of ['a', 'b', 'c']) {
        const mine = begun.filter((index) => works[index]?.key === key);
        expect(mine).toEqual(mine.toSorted((one, other) => one - other));
      }
    }),
  );
});
