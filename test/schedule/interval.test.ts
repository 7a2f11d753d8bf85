import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../src/lib/errors.js';
import { dateSchedule, intervalSchedule, noSchedule } from '../../src/schedule/build.js';
import { firesBetween, isContinuous, isExhausted, nextAfterEnd, nextFire, nextFires } from '../../src/schedule/next.js';
import type { IntervalSchedule, Schedule } from '../../src/schedule/types.js';
import { anySchedule, instant, zone } from './arbitraries.js';

const createdAt = Date.UTC(2026, 0, 1, 10, 20, 30, 400);
const interval = (every: string, more: { start?: string; end?: string; timezone?: string } = {}) =>
  intervalSchedule({ every, ...more }, { createdAt }).schedule;
const isoOf = (instants: readonly number[]) => instants.map((at) => new Date(at).toISOString().replace('.000', ''));

describe('an interval', () => {
  it('is counted from the moment of creation where there is no start', () => {
    expect(nextFires(interval('90 minutes'), createdAt, 2)).toEqual([createdAt + 5_400_000, createdAt + 10_800_000]);
  });

  it('is counted from its start, the start included', () => {
    const schedule = interval('1 hour', { start: '2026-02-01T00:15:00' });
    expect(isoOf(nextFires(schedule, createdAt, 2))).toEqual(['2026-02-01T00:15:00Z', '2026-02-01T01:15:00Z']);
  });

  it('keeps the phase of a start that has passed', () => {
    const schedule = interval('6 hours', { start: '2015-06-02T16:20:00' });
    expect(isoOf(nextFires(schedule, createdAt, 2))).toEqual(['2026-01-01T16:20:00Z', '2026-01-01T22:20:00Z']);
  });

  it('ends with its end date, the end included', () => {
    const schedule = interval('1 hour', { start: '2026-02-01T00:00:00', end: '2026-02-01T02:00:00Z' });
    expect(nextFires(schedule, createdAt, 10)).toHaveLength(3);
    expect(isExhausted(schedule, Date.UTC(2026, 1, 1, 2) - 1)).toBe(false);
    expect(isExhausted(schedule, Date.UTC(2026, 1, 1, 2))).toBe(true);
  });

  it('of exact units lies on anchor + k * interval, whatever instant is asked about: a restart does not move the phase', () => {
    const exact = fc.constantFrom<[string, number]>(['7 seconds', 7e3], ['11 minutes', 66e4], ['5 hours', 18e6]);
    fc.assert(
      fc.property(exact, instant, instant, zone, ([every, length], anchor, after, timezone) => {
        const { schedule } = intervalSchedule({ every, timezone }, { createdAt: anchor });
        const next = nextFire(JSON.parse(JSON.stringify(schedule)), after) ?? Number.NaN;
        expect(next).toBeGreaterThan(after);
        expect((next - anchor) % length).toBe(0);
        expect(next === anchor || next - length <= after).toBe(true);
      }),
    );
  });

  it('of days and weeks keeps the wall-clock time, and takes no day twice and leaves none out', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<[string, number]>(['1 day', 1], ['3 days', 3], ['2 weeks', 14]),
        zone,
        instant,
        ([every, days], timezone, anchor) => {
          const { schedule } = intervalSchedule({ every, timezone }, { createdAt: anchor });
          const wallOf = wallReader(timezone);
          const fires = nextFires(schedule, anchor, 200);
          fires.forEach((at, index) => {
            const meant = wallOf(anchor) + (index + 1) * days * 86_400_000;
            // In a spring gap the wall clock has just passed the time that was meant.
            expect(wallOf(at)).toBeGreaterThanOrEqual(meant);
            expect(wallOf(at - 1)).toBeLessThan(meant);
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('that is continuous comes one second after the end of the run before, not before its start nor after its end', () => {
    const schedule = interval('continuous', { start: '2026-01-02T00:00:00Z', end: '2026-01-03T00:00:00Z' });
    const start = Date.UTC(2026, 0, 2);
    expect(isContinuous(schedule)).toBe(true);
    expect(nextFire(schedule, createdAt)).toBe(start);
    expect(nextAfterEnd(schedule, start + 5_500)).toBe(start + 6_500);
    expect(nextAfterEnd(schedule, start + 86_399_000)).toBe(start + 86_400_000);
    expect(nextAfterEnd(schedule, start + 86_399_001)).toBeNull();
    expect(nextFires(schedule, createdAt, 5)).toEqual([start]);
    expect(isExhausted(schedule, start + 86_400_000)).toBe(true);
  });
});

function wallReader(timezone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  return (at) => {
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(format.format(at)) ?? [];
    return at + (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  };
}

describe('the text of an interval', () => {
  it.each<[string, IntervalSchedule['every']]>([
    ['continuous', 'continuous'],
    ['1 days', { count: 1, unit: 'day' }],
    ['2 Weeks', { count: 2, unit: 'week' }],
    ['1 hour', { count: 1, unit: 'hour' }],
    ['30 minutes', { count: 30, unit: 'minute' }],
    ['45seconds', { count: 45, unit: 'second' }],
    ['1d', { count: 1, unit: 'day' }],
    ['2h30m', { count: 150, unit: 'minute' }],
    ['1h 30s', { count: 3630, unit: 'second' }],
    ['1w 2d', { count: 9, unit: 'day' }],
  ])('%s is read', (text, every) => {
    expect(interval(text).every).toEqual(every);
  });

  it.each<[string, RegExp]>([
    ['', /"" is not an interval; write "continuous", or a whole number and a unit, such as "1 day"/],
    ['days', /is not an interval/],
    ['5', /is not an interval/],
    ['1.5 hours', /is not an interval/],
    ['-1 days', /is not an interval/],
    ['1 day and a bit', /is not an interval/],
    ['3 months', /"months" is not a unit; use weeks, days, hours, minutes or seconds/],
    ['0 hours', /is no time at all; the shortest interval is 1 second/],
    ['999999 days', /is too long; the longest interval is 36525 days/],
    ['1d12h', /mixes days, which follow the wall clock, with exact durations/],
    ['9'.repeat(400), /is not an interval/],
  ])('%s is refused', (text, message) => {
    const thrown = thrownBy(() => interval(text));
    expect(thrown.message).toMatch(message);
    expect(thrown.inputPath).toEqual(['every']);
  });
});

function thrownBy(call: () => unknown): InvalidInputError {
  try {
    call();
  } catch (error) {
    if (error instanceof InvalidInputError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('a date', () => {
  it('comes once', () => {
    const { schedule } = dateSchedule({ at: '2026-06-02T16:20:00' });
    expect(nextFires(schedule, createdAt, 3)).toEqual([Date.UTC(2026, 5, 2, 16, 20)]);
    expect(isExhausted(schedule, Date.UTC(2026, 5, 2, 16, 20) - 1)).toBe(false);
    expect(isExhausted(schedule, Date.UTC(2026, 5, 2, 16, 20))).toBe(true);
  });
});

describe('no schedule', () => {
  it('has no due time, and is never used up', () => {
    const { schedule } = noSchedule();
    expect(nextFire(schedule, createdAt)).toBeNull();
    expect(isExhausted(schedule, createdAt)).toBe(false);
  });
});

describe('due times of any schedule', () => {
  it('are the same one by one, as a list, and between two instants', () => {
    fc.assert(
      fc.property(anySchedule, instant, ({ schedule }, after) => {
        const fires = nextFires(schedule, after, 5);
        let at: number | null = after;
        for (const fire of fires) {
          at = nextFire(schedule, at ?? Number.NaN);
          expect(at).toBe(fire);
        }
        const last = fires.at(-1);
        if (last === undefined) return;
        expect(firesBetween(schedule, after, last, 100)).toEqual(fires);
        expect(firesBetween(schedule, after, last - 1, 100)).toEqual(fires.slice(0, -1));
      }),
    );
  });

  it('survive being kept as JSON', () => {
    fc.assert(
      fc.property(anySchedule, instant, ({ schedule }, after) => {
        const kept: Schedule = JSON.parse(JSON.stringify(schedule));
        expect(kept).toEqual(schedule);
        expect(nextFires(kept, after, 3)).toEqual(nextFires(schedule, after, 3));
      }),
    );
  });

  it('fail by name when the platform has lost the zone', () => {
    const schedule: Schedule = { ...interval('1 day'), timezone: 'Mars/Olympus' };
    expect(() => nextFire(schedule, createdAt)).toThrow(InvalidInputError);
  });
});
