import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoText } from '../../src/lib/iso-text.js';

const LAST = 8_640_000_000_000_000;

describe('an instant as text', () => {
  it('is what Date makes of it, wherever it lies', () => {
    const instants = fc.oneof(
      fc.integer({ min: -LAST, max: LAST }),
      fc.integer({ min: 0, max: Date.UTC(10_000, 0, 1) + 1_000 }),
      fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }),
      fc.double({ min: -LAST, max: LAST, noNaN: true }),
    );
    fc.assert(fc.property(instants, (at) => isoText(at) === new Date(at).toISOString()));
  });

  it('does not exist for what is no date', () => {
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, LAST + 1]) expect(() => isoText(at)).toThrow(RangeError);
  });
});
