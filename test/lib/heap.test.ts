import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Heap } from '../../src/lib/heap.js';

it('a heap gives its values in order, whenever they are added', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.constant(null))), (steps) => {
      const heap = new Heap<number>((a, b) => a - b);
      const model: number[] = [];
      for (const step of steps) {
        if (step === null) {
          expect(heap.take()).toBe(model.shift());
          continue;
        }
        heap.add(step);
        model.push(step);
        model.sort((a, b) => a - b);
        expect(heap.least).toBe(model[0]);
      }
      while (model.length > 0) expect(heap.take()).toBe(model.shift());
      expect(heap.take()).toBeUndefined();
    }),
  );
});
