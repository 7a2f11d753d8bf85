import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decimalText } from '../../src/lib/decimal-text.js';

it('writes every number as String does', () => {
  const number = fc.oneof(fc.maxSafeInteger(), fc.double(), fc.integer({ min: 1e9 - 2, max: 1e15 + 2 }));
  fc.assert(
    fc.property(fc.array(number), (numbers) => {
      expect(numbers.map(decimalText)).toEqual(numbers.map(String));
    }),
  );
});

it('writes instants that are near each other, and those that are not', () => {
  const all = [1_795_288_999_999, 1_795_289_000_000, 1_795_288_999_999, 1e9, 1e15 - 1, 1e15, 1_000_000_001_001];
  expect(all.map(decimalText)).toEqual(all.map(String));
});
