import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedQueue, Budget } from '../../src/live/queue.js';

interface Item {
  bytes: number;
  mergeKey: string | null;
  number: number;
}

const pushes = fc.array(
  fc.record({
    bytes: fc.integer({ min: 1, max: 40 }),
    mergeKey: fc.constantFrom('a', 'b', 'c', null),
    /** How many are taken out before. */
    shifts: fc.nat(3),
  }),
  { maxLength: 200 },
);

describe('a bounded queue', () => {
  it('keeps order, holds no more than its budget, and loses only states that a later one replaces', () => {
    fc.assert(
      fc.property(pushes, fc.integer({ min: 10, max: 300 }), (all, limit) => {
        const budget = new Budget(limit);
        const queue = new BoundedQueue<Item>(budget);
        const taken: Item[] = [];
        const accepted: Item[] = [];
        const take = (): void => {
          const item = queue.shift();
          if (item) taken.push(item);
        };
        all.forEach(({ bytes, mergeKey, shifts }, number) => {
          for (let turn = 0; turn < shifts; turn += 1) take();
          const item = { bytes, mergeKey, number };
          if (queue.push(item)) accepted.push(item);
          expect(budget.used).toBeLessThanOrEqual(Math.max(limit, bytes, ...(queue.length === 1 ? [40] : [])));
        });
        while (queue.length > 0) take();
        expect(budget.used).toBe(0);
        const numbers = taken.map((item) => item.number);
        expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
        const lost = accepted.filter((item) => !numbers.includes(item.number));
        for (const item of lost) {
          expect(item.mergeKey).not.toBeNull();
          const later = all.findIndex(({ mergeKey }, number) => number > item.number && mergeKey === item.mergeKey);
          expect(later).toBeGreaterThan(item.number);
        }
      }),
    );
  });

  it('gives its bytes back when it is cleared', () => {
    const budget = new Budget(100);
    const [one, other] = [new BoundedQueue<Item>(budget), new BoundedQueue<Item>(budget)];
    one.push({ bytes: 60, mergeKey: null, number: 1 });
    other.push({ bytes: 30, mergeKey: null, number: 2 });
    expect(other.push({ bytes: 30, mergeKey: null, number: 3 })).toBe(false);
    one.clear();
    expect(other.push({ bytes: 30, mergeKey: null, number: 3 })).toBe(true);
    expect(other.drain().map((item) => item.number)).toEqual([2, 3]);
    expect(budget.used).toBe(0);
  });
});
