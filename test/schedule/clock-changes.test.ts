import { describe, expect, it } from 'vitest';
import { cronSchedule, dateSchedule, intervalSchedule } from '../../src/schedule/build.js';
import { clockChangesBetween, describeFire } from '../../src/schedule/clock-changes.js';
import { nextFires } from '../../src/schedule/next.js';
import type { Schedule } from '../../src/schedule/types.js';

const SPRING = Date.UTC(2025, 2, 30, 1);
const AUTUMN = Date.UTC(2025, 9, 26, 1);
const timezone = 'Europe/Berlin';

/** Due times as local text with the effect of a clock change. */
function told(schedule: Schedule, after: number, count: number): string[] {
  return nextFires(schedule, after, count).map((at) => {
    const { local, effect } = describeFire(schedule, at);
    return effect === null ? local : `${local} ${effect}`;
  });
}

describe('a spring gap', () => {
  const before = Date.UTC(2025, 2, 29, 12);

  it('moves a cron time to the moment right after it', () => {
    const { schedule } = cronSchedule({ hour: 2, minute: 30, timezone });
    expect(told(schedule, before, 2)).toEqual(['2025-03-30T03:00:00+02:00 MOVED', '2025-03-31T02:30:00+02:00']);
  });

  it('makes one due time of several cron times in it', () => {
    const { schedule } = cronSchedule({ hour: '2,3', minute: '*/20', timezone });
    expect(told(schedule, before, 4)).toEqual([
      '2025-03-30T03:00:00+02:00 MOVED',
      '2025-03-30T03:20:00+02:00',
      '2025-03-30T03:40:00+02:00',
      '2025-03-31T02:00:00+02:00',
    ]);
  });

  it('leaves a cron time right after it as it is', () => {
    const { schedule } = cronSchedule({ hour: 3, timezone });
    expect(told(schedule, before, 1)).toEqual(['2025-03-30T03:00:00+02:00']);
  });

  it('moves the midnight that a zone leaves out', () => {
    const { schedule } = cronSchedule({ day: '*', hour: 0, timezone: 'America/Sao_Paulo' });
    expect(told(schedule, Date.UTC(2018, 10, 3, 12), 2)).toEqual([
      '2018-11-04T01:00:00-02:00 MOVED',
      '2018-11-05T00:00:00-02:00',
    ]);
  });

  it('of a whole day moves the times of that day to the next', () => {
    const { schedule } = cronSchedule({ hour: 12, timezone: 'Pacific/Apia' });
    expect(told(schedule, Date.UTC(2011, 11, 29), 3)).toEqual([
      '2011-12-29T12:00:00-10:00',
      '2011-12-31T00:00:00+14:00 MOVED',
      '2011-12-31T12:00:00+14:00',
    ]);
  });

  it('moves an occurrence of a daily interval, and not those after it', () => {
    const { schedule } = intervalSchedule({ every: '1 day', start: '2025-03-28T02:30:00', timezone }, { createdAt: 0 });
    expect(told(schedule, before, 2)).toEqual(['2025-03-30T03:00:00+02:00 MOVED', '2025-03-31T02:30:00+02:00']);
  });

  it('does not touch hours, which are exact durations', () => {
    const { schedule } = intervalSchedule(
      { every: '1 hour', start: '2025-03-30T00:00:00', timezone },
      { createdAt: 0 },
    );
    expect(told(schedule, SPRING - 7_200_000, 3)).toEqual([
      '2025-03-30T01:00:00+01:00',
      '2025-03-30T03:00:00+02:00',
      '2025-03-30T04:00:00+02:00',
    ]);
  });

  it('moves a naive date, and says so', () => {
    const { schedule, warnings } = dateSchedule({ at: '2025-03-30T02:30:00', timezone });
    expect(schedule.at).toBe(SPRING);
    expect(warnings).toEqual([
      'at: "2025-03-30T02:30:00" is skipped by a clock change in Europe/Berlin; it is read as 2025-03-30T03:00:00+02:00.',
    ]);
  });
});

describe('an autumn overlap', () => {
  const before = Date.UTC(2025, 9, 25, 12);

  it('lets a cron time come once, the first time', () => {
    const { schedule } = cronSchedule({ hour: 2, minute: 30, timezone });
    expect(told(schedule, before, 2)).toEqual(['2025-10-26T02:30:00+02:00 REPEATED', '2025-10-27T02:30:00+01:00']);
  });

  it('is not run through again by a schedule that was asked in its second half', () => {
    const { schedule } = cronSchedule({ minute: '*/30', timezone });
    expect(told(schedule, AUTUMN - 1_800_000 - 1, 2)).toEqual([
      '2025-10-26T02:30:00+02:00 REPEATED',
      '2025-10-26T03:00:00+01:00',
    ]);
    expect(told(schedule, AUTUMN + 600_000, 1)).toEqual(['2025-10-26T03:00:00+01:00']);
  });

  it('lets a daily interval come once', () => {
    const { schedule } = intervalSchedule({ every: '1 day', start: '2025-10-25T02:30:00', timezone }, { createdAt: 0 });
    expect(told(schedule, before, 2)).toEqual(['2025-10-26T02:30:00+02:00 REPEATED', '2025-10-27T02:30:00+01:00']);
  });

  it('leaves an interval that starts in its second half its start', () => {
    const start = '2025-10-26T02:30:00+01:00';
    const { schedule } = intervalSchedule({ every: '1 day', start, timezone }, { createdAt: 0 });
    expect(told(schedule, 0, 2)).toEqual(['2025-10-26T02:30:00+01:00', '2025-10-27T02:30:00+01:00']);
  });

  it('does not touch minutes, which are exact durations', () => {
    const { schedule } = intervalSchedule({ every: '30m', start: '2025-10-26T00:00:00', timezone }, { createdAt: 0 });
    expect(told(schedule, AUTUMN - 1_800_001, 3)).toEqual([
      '2025-10-26T02:30:00+02:00',
      '2025-10-26T02:00:00+01:00',
      '2025-10-26T02:30:00+01:00',
    ]);
  });

  it('takes the first of the two for a naive date, and says so', () => {
    const { schedule, warnings } = dateSchedule({ at: '2025-10-26T02:30:00', timezone });
    expect(schedule.at).toBe(AUTUMN - 1_800_000);
    expect(warnings[0]).toMatch(/comes twice in Europe\/Berlin .* the first is meant: 2025-10-26T02:30:00\+02:00\.$/);
    expect(dateSchedule({ at: '2025-10-26T02:30:00+01:00', timezone }).schedule.at).toBe(AUTUMN + 1_800_000);
  });
});

describe('the clock changes of a zone', () => {
  const hour = 3_600_000;

  it('are listed between two instants, the first exclusive, the last inclusive', () => {
    const spring = { at: SPRING, offsetBefore: hour, offsetAfter: 2 * hour };
    const autumn = { at: AUTUMN, offsetBefore: 2 * hour, offsetAfter: hour };
    expect(clockChangesBetween(timezone, Date.UTC(2025, 0, 1), Date.UTC(2026, 0, 1))).toEqual([spring, autumn]);
    expect(clockChangesBetween(timezone, SPRING - 1, SPRING)).toEqual([spring]);
    expect(clockChangesBetween(timezone, SPRING, AUTUMN - 1)).toEqual([]);
  });

  it('are as many as asked for, at most', () => {
    expect(clockChangesBetween(timezone, SPRING, Date.UTC(9999, 0, 1), 7)).toHaveLength(7);
    expect(clockChangesBetween(timezone, SPRING, Date.UTC(9999, 0, 1), 1000)).toHaveLength(200);
  });

  it('do not exist in UTC', () => {
    expect(clockChangesBetween('UTC', 0, Date.UTC(2100, 0, 1))).toEqual([]);
  });
});
