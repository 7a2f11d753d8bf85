import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { scheduleOf } from '../../src/cli/definition/schedule-flags.js';
import { dateText, future, past } from '../../src/cli/instant-option.js';

beforeEach(() => void vi.stubEnv('TZ', 'America/New_York'));
afterEach(() => void vi.unstubAllEnvs());

describe('a date on the command line', () => {
  it('without an offset is what the clock shows here, and alone means midnight', () => {
    expect(past('2026-11-20')).toBe('2026-11-20T05:00:00.000Z');
    expect(past('2026-07-01')).toBe('2026-07-01T04:00:00.000Z');
    expect(future('2027-01-02 03:04')).toBe('2027-01-02T08:04:00.000Z');
    expect(future('2027-01-02T03:04:05.678')).toBe('2027-01-02T08:04:05.678Z');
  });

  it('keeps its offset', () => {
    expect(past('2026-11-20T08:00Z')).toBe('2026-11-20T08:00:00.000Z');
    expect(past('2026-11-20T08:00+09:00')).toBe('2026-11-19T23:00:00.000Z');
    expect(past('2026-11-20T08:00-0330')).toBe('2026-11-20T11:30:00.000Z');
  });

  it.each([
    '2027-02-31',
    '2027-02-29',
    '2027-13-01',
    '2027-12',
    '2027',
    '2027-01-01T24:00',
    '2027-01-01T10:60',
    'soon',
  ])('%s is refused', (text) => {
    for (const read of [past, future, dateText]) expect(() => read(text)).toThrow(/It is a date|not in the calendar/);
  });

  it('is read exactly when the calendar has it', () => {
    const part = (max: number) => fc.integer({ min: 0, max });
    fc.assert(
      fc.property(fc.integer({ min: 1970, max: 9999 }), part(14), part(33), (year, month, day) => {
        const pad = (value: number): string => String(value).padStart(2, '0');
        const text = `${year}-${pad(month)}-${pad(day)}`;
        const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
        const real = month >= 1 && month <= 12 && day >= 1 && day <= last;
        if (real) expect(past(`${text}T00:00Z`)).toBe(`${text}T00:00:00.000Z`);
        else expect(() => past(text)).toThrow('not in the calendar');
      }),
    );
  });
});

describe('the dates of a schedule', () => {
  it('go as written to the server, which reads them in the zone said', () => {
    const timezone = 'Asia/Tokyo';
    const at = dateText('2030-06-02T16:20:00');
    expect(scheduleOf({ at, timezone })).toEqual({ date: { at: '2030-06-02T16:20:00', timezone } });
    expect(scheduleOf({ every: '1d', starting: dateText('2030-06-02'), timezone })).toMatchObject({
      interval: { start: '2030-06-02', timezone },
    });
  });

  it('mean the clock here when no zone is said, and keep their offsets', () => {
    expect(scheduleOf({ at: dateText('2030-06-02T16:20:00') })).toMatchObject({
      date: { at: '2030-06-02T20:20:00.000Z' },
    });
    expect(scheduleOf({ at: dateText('2030-06-02T16:20:00+09:00') })).toMatchObject({
      date: { at: '2030-06-02T07:20:00.000Z' },
    });
    expect(scheduleOf({ cron: { hour: '3' }, starting: '2030-06-02', ending: '2030-07-02' })).toMatchObject({
      cron: { hour: '3', start: '2030-06-02T04:00:00.000Z', end: '2030-07-02T04:00:00.000Z' },
    });
  });

  it('are refused where they would mean nothing', () => {
    expect(() => scheduleOf({ timezone: 'Asia/Tokyo' })).toThrow('--timezone goes with');
    expect(() => scheduleOf({ at: '2030-06-02', starting: '2030-06-01' })).toThrow('go with --every or --cron');
  });
});
