import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cronSchedule } from '../../src/schedule/build.js';
import { completeFields } from '../../src/schedule/cron-fields.js';
import { firesBetween, isExhausted, nextFire, nextFires } from '../../src/schedule/next.js';
import { CRON_FIELDS, type CronFieldName } from '../../src/schedule/types.js';
import { FIELD_CASES, type FieldCase, fieldValue, instant, nearChange, zone } from './arbitraries.js';

type Cases = { readonly [Name in CronFieldName]?: FieldCase };

/** Fields with their meaning; those that are left out are to stand at their defaults. */
const cases = (names: readonly CronFieldName[]): fc.Arbitrary<Cases> =>
  fc
    .tuple(...names.map((name) => fc.option(FIELD_CASES[name], { nil: undefined })))
    .map((chosen) => Object.fromEntries(names.map((name, index) => [name, chosen[index]])))
    .filter((fields) => Object.values(fields).some((field) => field !== undefined));

const textsOf = (fields: Cases) =>
  Object.fromEntries(CRON_FIELDS.flatMap((name) => (fields[name] ? [[name, fields[name].text]] : [])));

/** Whether a wall time (as if in UTC) matches all fields, the defaults told once more in the plainest way. */
function matches(fields: Cases, date: Date): boolean {
  const finest = CRON_FIELDS.findLastIndex((name) => fields[name] !== undefined);
  return CRON_FIELDS.every((name, index) => {
    const field = fields[name];
    if (field !== undefined) return field.matches(date);
    if (index < finest || name === 'week' || name === 'dayOfWeek') return true;
    return fieldValue(name, date) === (name === 'month' || name === 'day' ? 1 : 0);
  });
}

describe('the next due time of a cron schedule', () => {
  it('is the first matching second, as a scan of every second finds it', () => {
    fc.assert(
      fc.property(cases(['hour', 'minute', 'second']), instant, (fields, after) => {
        const { schedule } = cronSchedule(textsOf(fields));
        let expected = Math.floor(after / 1000) * 1000 + 1000;
        const last = expected + 90_000_000;
        while (expected < last && !matches(fields, new Date(expected))) expected += 1000;
        expect(nextFire(schedule, after)).toBe(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('is the first matching day, as a scan of every day finds it', () => {
    fc.assert(
      fc.property(cases(['year', 'month', 'day', 'week', 'dayOfWeek']), instant, (fields, after) => {
        const { schedule } = cronSchedule({ ...textsOf(fields), hour: '0' });
        const scanned: Cases = { ...fields, hour: { text: '0', matches: (date) => date.getUTCHours() === 0 } };
        let expected = Math.floor(after / 86_400_000) * 86_400_000 + 86_400_000;
        const last = after + 30 * 366 * 86_400_000;
        while (expected < last && !matches(scanned, new Date(expected))) expected += 86_400_000;
        const found = nextFire(schedule, after);
        if (expected < last) expect(found).toBe(expected);
        else expect(found === null || found >= last).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('follows the wall clock of every zone through its changes, as a scan of every minute finds it', () => {
    fc.assert(
      fc.property(cases(['day', 'hour', 'minute']), nearChange, (fields, { timezone, at: from }) => {
        const { schedule } = cronSchedule({ ...textsOf(fields), timezone });
        const to = from + 30 * 3_600_000;
        expect(firesBetween(schedule, from, to, 10_000)).toEqual(scanWallClock(fields, timezone, from, to));
      }),
      { numRuns: 150 },
    );
  });

  it('never goes back, and lies strictly after', () => {
    fc.assert(
      fc.property(cases(CRON_FIELDS), zone, instant, instant, (fields, timezone, a, b) => {
        const { schedule } = cronSchedule({ ...textsOf(fields), timezone });
        const [early, late] = [Math.min(a, b), Math.max(a, b)];
        const first = nextFire(schedule, early) ?? Number.POSITIVE_INFINITY;
        const second = nextFire(schedule, late) ?? Number.POSITIVE_INFINITY;
        expect(first).toBeGreaterThan(early);
        expect(second).toBeGreaterThanOrEqual(first);
        if (first > late) expect(second).toBe(first);
      }),
    );
  });

  it('keeps within start and end, both inclusive', () => {
    fc.assert(
      fc.property(cases(['month', 'day', 'hour', 'minute']), zone, instant, (fields, timezone, after) => {
        const open = cronSchedule({ ...textsOf(fields), timezone }).schedule;
        const [first, second, third] = nextFires(open, after, 3);
        fc.pre(first !== undefined && second !== undefined && third !== undefined);
        const within = (start: number, end: number) =>
          nextFires(cronSchedule({ ...textsOf(fields), timezone, start, end }).schedule, 0, 4);
        expect(within(first, second)).toEqual([first, second]);
        expect(within(first + 1, third)).toEqual([second, third]);
        expect(within(first, third - 1)).toEqual([first, second]);
      }),
    );
  });
});

/** The rule in its plainest form: at each minute, is there a matching wall time that the clock shows or passes now? */
function scanWallClock(fields: Cases, timezone: string, from: number, to: number): number[] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  const wallOf = (at: number) => {
    const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(format.format(at)) ?? [];
    return at + (sign === '-' ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
  };
  const fires: number[] = [];
  let reached = Number.NEGATIVE_INFINITY;
  for (let at = from - 1_500 * 60_000; at <= to; at += 60_000) {
    const wall = wallOf(at);
    const passed = Number.isFinite(reached) ? reached : wall;
    let due = false;
    for (let time = passed + 60_000; time <= wall && !due; time += 60_000) due = matches(fields, new Date(time));
    if (due && at > from) fires.push(at);
    reached = Math.max(reached, wall);
  }
  return fires;
}

describe('fields that are not given', () => {
  it('stand at their minimum when finer than the finest given, week and weekday at any, the coarser at any', () => {
    expect(completeFields({ month: '6' })).toEqual({
      year: '*',
      month: '6',
      day: '1',
      week: '*',
      dayOfWeek: '*',
      hour: '0',
      minute: '0',
      second: '0',
    });
    expect(completeFields({ dayOfWeek: 'mon', minute: '5' })).toMatchObject({ day: '*', hour: '*', second: '0' });
    expect(completeFields({ year: '2030' })).toMatchObject({ month: '1', day: '1', week: '*', hour: '0' });
    expect(completeFields({ second: '7' })).toMatchObject({ day: '*', hour: '*', minute: '*' });
  });
});

describe('dates that are rare or never come', () => {
  const from = Date.UTC(2026, 0, 1);

  it('finds leap days from 2099 on', () => {
    const { schedule } = cronSchedule({ year: '2099-9999', month: 2, day: 29 });
    expect(nextFires(schedule, from, 2)).toEqual([Date.UTC(2104, 1, 29), Date.UTC(2108, 1, 29)]);
  });

  it('skips 2100, which is no leap year', () => {
    const { schedule } = cronSchedule({ month: 'feb', day: 29, timezone: 'Asia/Tokyo' });
    const years = nextFires(schedule, Date.UTC(2092, 5, 1), 2).map((at) =>
      new Date(at + 9 * 3_600_000).getUTCFullYear(),
    );
    expect(years).toEqual([2096, 2104]);
  });

  it.each([
    ['30 February', { month: 2, day: 30 }],
    ['a leap day in 2099', { year: 2099, month: 2, day: 29 }],
    ['week 53 in June', { month: 6, week: 53 }],
    ['Monday 1 January in week 2', { month: 1, day: 1, week: 2, dayOfWeek: 'mon' }],
    ['a year gone by', { year: '2015-2020' }],
  ])('knows that %s never comes', (_, fields) => {
    const { schedule } = cronSchedule(fields);
    expect(nextFire(schedule, from)).toBeNull();
    expect(isExhausted(schedule, from)).toBe(true);
  });

  it('ends with the year 9999', () => {
    const { schedule } = cronSchedule({ year: '*', month: 12, day: 30 });
    expect(nextFires(schedule, Date.UTC(9998, 0, 1), 5)).toHaveLength(2);
  });
});
