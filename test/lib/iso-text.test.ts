import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoText } from '../../src/lib/iso-text.js';

/** The ends of what a Date holds, and of the years 0000 to 9999. */
const LAST = 8_640_000_000_000_000;
const SHOWN = { min: Date.parse('0000-01-01T00:00:00Z'), max: Date.parse('9999-12-31T23:59:59.999Z') };

describe('an instant as text', () => {
  it('is what Date makes of it, in the years 0000 to 9999', () => {
    const instants = fc.oneof(
      fc.integer(SHOWN),
      fc.integer({ min: 0, max: SHOWN.max }),
      fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }),
      fc.double({ ...SHOWN, noNaN: true }),
      fc.constantFrom(SHOWN.min, SHOWN.max),
    );
    fc.assert(fc.property(instants, (at) => isoText(at) === new Date(at).toISOString()));
  });

  it('is the nearest of those years beyond them, and always a DateTime', () => {
    const later = fc.oneof(fc.integer({ min: SHOWN.max, max: LAST }), fc.constantFrom(LAST + 1, 1.4e18, Infinity));
    fc.assert(fc.property(later, (at) => isoText(at) === '9999-12-31T23:59:59.999Z'));
    const earlier = fc.oneof(fc.integer({ min: -LAST, max: SHOWN.min }), fc.constantFrom(-LAST - 1, -1.4e18));
    fc.assert(fc.property(earlier, (at) => isoText(at) === '0000-01-01T00:00:00.000Z'));
  });

  it('does not exist for what is no number', () => {
    expect(() => isoText(Number.NaN)).toThrow(RangeError);
  });
});
