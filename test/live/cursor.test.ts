import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/lib/errors.js';
import { decodeCursor, encodeCursor } from '../../src/live/cursor.js';

const kinds = fc.constantFrom('events' as const, 'output' as const);

describe('cursors', () => {
  it('say what they were made of', () => {
    fc.assert(
      fc.property(kinds, fc.string(), fc.maxSafeNat(), (kind, of, position) => {
        expect(decodeCursor(encodeCursor({ kind, of }, position), kind)).toEqual({ kind, of, position });
      }),
    );
  });

  it('that are anything else are refused by name, never by a crash', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
    );
    fc.assert(
      fc.property(kinds, texts, (kind, text) => {
        expect(() => decodeCursor(text, kind)).toThrow(InvalidInputError);
      }),
    );
  });
});
