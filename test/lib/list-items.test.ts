import fc from 'fast-check';
import { expect, it } from 'vitest';
import { listItems } from '../../src/lib/list-items.js';

it.each([
  ['a,b', ['a', 'b']],
  [' a , b c ', ['a', 'b c']],
  ['"a, b",c', ['a, b', 'c']],
  ['c, "a, b" ', ['c', 'a, b']],
  ['"say ""hello"""', ['say "hello"']],
  ['3" disk,5', ['3" disk', '5']],
  ['"  "', ['  ']],
  ['', ['']],
  ['a,', ['a', '']],
  ['"a', null],
  ['b, "a', null],
  ['"a"b', null],
  ['"a" b,c', null],
])('%s', (text, items) => {
  expect(listItems(text)).toEqual(items);
});

it('reads back whatever is put in quotes', () => {
  const text = fc.string({ unit: fc.constantFrom('a', ',', '"', ' ', '\t', '\n') });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), (items) => {
      const written = items.map((item) => `"${item.replaceAll('"', '""')}"`).join(',');
      expect(listItems(written)).toEqual(items);
    }),
  );
});
