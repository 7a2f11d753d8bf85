import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clip } from '../../src/lib/clip.js';

it('clip keeps the beginning of a text, whole characters only', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat(40), (text, most) => {
      const clipped = clip(text, most);
      expect(text.startsWith(clipped)).toBe(true);
      expect(clipped.length).toBeLessThanOrEqual(most);
      expect(clipped.length).toBeGreaterThanOrEqual(Math.min(text.length, most) - 1);
      expect(clipped).not.toMatch(/\p{Surrogate}/u);
    }),
  );
  expect(clip('ab💾', 3)).toBe('ab');
  expect(clip('ab💾', 4)).toBe('ab💾');
});
