import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rfc3339Instant } from '../../src/lib/rfc3339.js';

describe('an instant by RFC 3339', () => {
  it.each([
    ['2016-03-07T14:49:06Z', '2016-03-07T14:49:06.000Z'],
    ['2016-03-07t14:49:06.25z', '2016-03-07T14:49:06.250Z'],
    ['2016-03-07 14:49+01:00', '2016-03-07T13:49:00.000Z'],
    ['2016-02-29T00:00:00Z', '2016-02-29T00:00:00.000Z'],
  ])('%s is read', (text, iso) => {
    expect(new Date(rfc3339Instant(text) ?? Number.NaN).toISOString()).toBe(iso);
  });

  it.each([
    '2016-02-30T14:49:06Z',
    '2015-02-29T14:49:06Z',
    '2016-04-31T00:00:00+01:00',
    '2016-13-01T00:00:00Z',
    '2016-00-10T00:00:00Z',
    '2016-01-00T00:00:00Z',
    '2016-01-01T25:00:00Z',
    '2016-01-01T00:00:00',
    '2016-01-01',
    'yesterday',
    '',
  ])('"%s" is none', (text) => {
    expect(rfc3339Instant(text)).toBeNull();
  });

  it('is every instant that JavaScript writes', () => {
    const date = fc.date({ min: new Date('0100-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(fc.property(date, (at) => rfc3339Instant(at.toISOString()) === at.getTime()));
  });
});
