import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedCache } from '../../src/schedule/bounded-cache.js';
import { civilDate, dayNumber, isoWeek, weekday } from '../../src/schedule/civil.js';
import { findZone, Zone } from '../../src/schedule/zone.js';
import { fieldValue, instant, zone } from './arbitraries.js';

/** The offset at an instant by the platform, in milliseconds, read in another way than the code does. */
function platformOffset(timezone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at);
  const part = (type: string) => Number(parts.find((entry) => entry.type === type)?.value);
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall - Math.floor(at / 1000) * 1000;
}

describe('a zone', () => {
  it('has the offsets of the platform', () => {
    fc.assert(
      fc.property(zone, instant, (name, at) => {
        expect(new Zone(name).wallOf(at) - at).toBe(platformOffset(name, at));
      }),
    );
  });

  it('finds both of two changes twelve days apart', () => {
    const tucuman = new Zone('America/Argentina/Tucuman');
    const offsets = [Date.UTC(2004, 4, 20), Date.UTC(2004, 5, 7), Date.UTC(2004, 5, 20)].map(
      (at) => (tucuman.wallOf(at) - at) / 3_600_000,
    );
    expect(offsets).toEqual([-3, -4, -3]);
  });

  it('knows changes to the second', () => {
    const berlin = new Zone('Europe/Berlin');
    const change = Date.UTC(2025, 2, 30, 1);
    expect(berlin.segmentAt(change).start).toBe(change);
    expect(berlin.segmentAt(change - 1).end).toBe(change);
  });

  it('maps a wall time to the first instant at which the clock shows it or a later one', () => {
    fc.assert(
      fc.property(zone, instant, fc.integer({ min: -100, max: 100 }), (name, around, minutes) => {
        const subject = new Zone(name);
        const wall = subject.wallOf(around) + minutes * 60_000;
        const at = subject.instantOf(wall);
        expect(subject.wallOf(at)).toBeGreaterThanOrEqual(wall);
        expect(subject.wallReached(at - 1)).toBeLessThan(wall);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['', 'Mars/Olympus', '+01:00', 'Europe/Berlin; DROP', 'x'.repeat(500)])('is not found by "%s"', (name) => {
    expect(findZone(name)).toBeNull();
  });
});

describe('the calendar', () => {
  it('agrees with Date from 1970 to 9999', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2_932_896 }), (number) => {
        const date = new Date(number * 86_400_000);
        const { year, month, day } = civilDate(number);
        expect([year, month, day]).toEqual([date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]);
        expect(dayNumber(year, month, day)).toBe(number);
        expect(weekday(number)).toBe(fieldValue('dayOfWeek', date));
        expect(isoWeek(number)).toBe(fieldValue('week', date));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('a bounded cache', () => {
  it('forgets its oldest entry when it is full', () => {
    const cache = new BoundedCache<string, number>(2);
    cache.add('a', 1);
    cache.add('b', 2);
    cache.add('c', 3);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual([undefined, 2, 3]);
  });
});
