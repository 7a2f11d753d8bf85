import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor, encodeCursors } from '../../src/db/cursor.js';

const unique = fc.oneof(fc.string({ unit: 'binary' }), fc.maxSafeInteger());
const value = fc.oneof(unique, fc.constant(null));
const positions = fc.integer({ min: 0, max: 2 }).chain((length) => {
  const others = fc.array(value, { minLength: length, maxLength: length });
  const position = fc.tuple(others, unique).map(([values, last]) => [...values, last]);
  return fc.array(position, { minLength: 1, maxLength: 5 });
});

it('gives each row of a page its own position back', () => {
  fc.assert(
    fc.property(fc.string(), positions, (scope, page) => {
      const cursors = encodeCursors(scope, page);
      expect(cursors.map((cursor) => decodeCursor(cursor, scope, page[0]?.length ?? 0, ['after']))).toEqual(page);
    }),
  );
});

it('makes texts that need no escape anywhere', () => {
  for (const cursor of encodeCursors('jobs', [
    ['ä', 1],
    ['b', null],
    ['"', 2],
  ]))
    expect(cursor).toMatch(/^[\w-]+$/);
});

it('refuses a position of another list, and a broken one', () => {
  expect(() => decodeCursor(encodeCursor('jobs', [1]), 'runs', 1, ['after'])).toThrow('belongs to another list');
  expect(() => decodeCursor('?', 'jobs', 1, ['after'])).toThrow('broken');
  expect(() => decodeCursor(encodeCursor('jobs', [1]), 'jobs', 2, ['after'])).toThrow('broken');
  expect(() => decodeCursor(encodeCursor('jobs', [1, null]), 'jobs', 2, ['after'])).toThrow('broken');
});
