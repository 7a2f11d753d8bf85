import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lineSplitter } from '../../src/agent/lines.js';

/** The chunks that cutting `bytes` at these places gives. */
function chunks(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

function split(parts: readonly Uint8Array[], longest?: number): string[] {
  const lines = lineSplitter(longest);
  return [...parts.flatMap((part) => lines.push(part)), ...lines.end()];
}

describe('splitting output into lines', () => {
  it('gives the same lines however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat(200), { maxLength: 8 }), (text, cuts) => {
        const bytes = Buffer.from(text, 'utf8');
        const lines = split(chunks(bytes, cuts));
        expect(lines.join('')).toBe(bytes.toString('utf8'));
        for (const line of lines.slice(0, -1)) expect(line.indexOf('\n')).toBe(line.length - 1);
      }),
    );
  });

  it('keeps every byte that is text and replaces what is not', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(200), { maxLength: 8 }), (bytes, cuts) => {
        expect(split(chunks(bytes, cuts)).join('')).toBe(Buffer.from(bytes).toString('utf8'));
      }),
    );
  });

  it('cuts overlong lines into pieces that never split a character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), fc.integer({ min: 2, max: 20 }), (text, longest) => {
        const pieces = split([Buffer.from(text, 'utf8')], longest);
        expect(pieces.join('')).toBe(text);
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(longest);
          expect(Buffer.from(piece, 'utf8').toString('utf8')).toBe(piece);
        }
      }),
    );
  });
});
