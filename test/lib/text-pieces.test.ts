import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { numberText } from '../../src/lib/number-text.js';
import { textPieces } from '../../src/lib/text-pieces.js';

/** Characters of a piece of more than one line. */
const LONGEST = 60_000;

describe('lines put together to pieces', () => {
  const lines = fc.array(fc.integer({ min: 0, max: 70_000 }).map((length) => 'x'.repeat(length)));

  it('are all of them in order, in pieces that are short where lines are', () => {
    fc.assert(
      fc.property(lines, (some) => {
        const pieces = textPieces(some);
        expect(pieces.join('') === some.join('')).toBe(true);
        const longest = Math.max(LONGEST, ...some.map(({ length }) => length));
        expect(pieces.every(({ length }) => length <= longest)).toBe(true);
      }),
    );
  });

  it('are few: two neighbours would be too long together', () => {
    fc.assert(
      fc.property(lines, (some) => {
        const lengths = textPieces(some).map(({ length }) => length);
        const longest = Math.max(0, ...some.map(({ length }) => length));
        for (const [at, length] of lengths.slice(1).entries()) {
          expect((lengths[at] ?? 0) + length + longest).toBeGreaterThan(LONGEST);
        }
      }),
    );
  });

  it('are none where there are no lines', () => {
    expect(textPieces([])).toEqual([]);
  });
});

describe('a number as text', () => {
  it('is what String gives', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })), (value) => {
        expect(numberText(value)).toBe(String(value));
      }),
    );
  });
});
