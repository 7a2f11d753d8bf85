import { describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/schema/schema.js';
import { deprecationFault } from './deprecation.js';
import { parts } from './schema-types.js';

describe('what is deprecated', () => {
  it.each([
    ['Since 2026-11-21: use `key`. It works until 2027-05-21.', null],
    ['Since 2026-11-21: use `jobs(filter)` with a cluster. It works until 2028-01-01.', null],
    ['Since 2026-11-21: use `key`. It works until 2027-05-20.', 'less than 6 months'],
    ['Since 2026-02-31: use `key`. It works until 2027-05-21.', 'does not say'],
    ['Use `key` until 2027-05-21.', 'does not say'],
    ['Since 2026-11-21: there is nothing instead. It works until 2027-05-21.', 'does not say'],
    ['No longer supported', 'does not say'],
  ])('by "%s"', (reason, fault) => {
    expect(deprecationFault(reason)).toEqual(fault === null ? null : expect.stringContaining(fault));
  });

  it('in the schema says since when, what to use, and half a year or more until when it works', () => {
    const faults = parts(buildSchema()).flatMap(({ place, deprecation }) => {
      const fault = deprecation === null ? null : deprecationFault(deprecation);
      return fault === null ? [] : [`${place}: ${fault}`];
    });
    expect(faults).toEqual([]);
  });
});
