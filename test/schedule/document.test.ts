import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type InputIssue, InvalidInputError } from '../../src/lib/errors.js';
import { toScheduleDocument } from '../../src/schedule/document.js';
import { nextFires } from '../../src/schedule/next.js';
import { parseScheduleDocument } from '../../src/schedule/parse.js';
import { anySchedule } from './arbitraries.js';

const createdAt = Date.UTC(2026, 0, 1, 12);
const parse = (raw: Record<string, unknown>) => parseScheduleDocument(raw, { createdAt });

function issuesOf(raw: Record<string, unknown>): readonly InputIssue[] {
  try {
    parse(raw);
  } catch (error) {
    if (error instanceof InvalidInputError) return error.issues;
    throw error;
  }
  throw new Error('The document was taken.');
}

describe("the seed's documents", () => {
  it('read a date', () => {
    const raw = { time_created: 1234, time_ended: 0, status: 'stop', schedule_date: '2015-06-02T16:20:00' };
    expect(parse(raw)).toEqual({
      schedule: { kind: 'date', timezone: 'UTC', at: Date.UTC(2015, 5, 2, 16, 20) },
      warnings: [],
    });
  });

  it('read an interval with its start', () => {
    const raw = {
      status: 'stop',
      event: 'start',
      schedule_interval: '1 days',
      schedule_start_date: '2015-06-02T16:20:00',
    };
    const start = Date.UTC(2015, 5, 2, 16, 20);
    expect(parse(raw)).toEqual({
      schedule: {
        kind: 'interval',
        timezone: 'UTC',
        every: { count: 1, unit: 'day' },
        anchor: start,
        start,
        end: null,
      },
      warnings: [],
    });
  });

  it('read weekday names in schedule_day as day_of_week, with a warning', () => {
    const { schedule, warnings } = parse({
      status: 'scheduled',
      schedule_month: '1-6, 9-12',
      schedule_day: 'mon, wed, fri',
      schedule_hour: '03',
      schedule_minute: '25',
    });
    expect(schedule).toMatchObject({
      kind: 'cron',
      fields: { month: '1-6, 9-12', dayOfWeek: 'mon, wed, fri', hour: '03', minute: '25' },
    });
    expect(warnings).toEqual(['schedule_day: "mon, wed, fri" names weekdays; it is read as schedule_day_of_week.']);
    const texts = nextFires(schedule, Date.UTC(2026, 5, 28), 3).map((at) => new Date(at).toISOString().slice(0, 16));
    expect(texts).toEqual(['2026-06-29T03:25', '2026-09-02T03:25', '2026-09-04T03:25']);
  });

  it('read a document without times as no schedule, its history ignored', () => {
    const raw = {
      time_created: 1234,
      status: 'stop',
      event: '',
      result: 'success',
      schedule_time: '2015-06-02T16:20:00',
    };
    expect(parse(raw)).toEqual({ schedule: { kind: 'none', timezone: 'UTC' }, warnings: [] });
  });

  it.each(['continuous', '2 weeks', '3 days', '4 hours', '5 minutes', '6 seconds'])(
    'read the interval "%s"',
    (text) => {
      expect(parse({ schedule_interval: text }).schedule).toMatchObject({ kind: 'interval', anchor: createdAt });
    },
  );
});

describe('a document', () => {
  it('takes numbers as well as texts, and blanks and null as not given', () => {
    const { schedule } = parse({
      schedule_hour: 3,
      schedule_minute: ' 25 ',
      schedule_date: '',
      schedule_interval: null,
    });
    expect(schedule).toMatchObject({ kind: 'cron', fields: { hour: '3', minute: '25' } });
  });

  it('with several kinds takes date before interval before cron, and says what is ignored', () => {
    const cron = { schedule_hour: 3 };
    const interval = { schedule_interval: '1 days', schedule_start_date: '2026-01-01', ...cron };
    const both = parse(interval);
    expect(both.schedule.kind).toBe('interval');
    expect(both.warnings).toEqual(['schedule_hour: is ignored, because schedule_interval goes before it.']);
    const all = parse({ schedule_date: '2026-01-01T00:00:00', ...interval });
    expect(all.schedule.kind).toBe('date');
    expect(all.warnings.map((text) => text.split(':')[0])).toEqual([
      'schedule_interval',
      'schedule_start_date',
      'schedule_hour',
    ]);
  });

  it('says when a start has nothing to start', () => {
    expect(parse({ schedule_start_date: '2026-01-01' }).warnings).toEqual([
      'schedule_start_date: is ignored, because there is nothing to repeat.',
    ]);
  });

  it.each<[string, string, number]>([
    ['naive, in the zone', '2026-07-01T12:00:00', Date.UTC(2026, 6, 1, 10)],
    ['naive, with a blank and no seconds', '2026-07-01 12:00', Date.UTC(2026, 6, 1, 10)],
    ['a date alone, at midnight', '2026-07-01', Date.UTC(2026, 5, 30, 22)],
    ['in UTC', '2026-07-01T12:00:00Z', Date.UTC(2026, 6, 1, 12)],
    ['with an offset', '2026-07-01T12:00:00-05:30', Date.UTC(2026, 6, 1, 17, 30)],
    ['with a short offset', '2026-07-01T12:00:00+0200', Date.UTC(2026, 6, 1, 10)],
    ['with microseconds', '2026-07-01T12:00:00.123456', Date.UTC(2026, 6, 1, 10, 0, 0, 123)],
  ])('reads a date %s', (_, text, at) => {
    expect(parse({ schedule_date: text, schedule_timezone: 'Europe/Berlin' }).schedule).toMatchObject({ at });
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['schedule_date', { schedule_date: 'tomorrow' }, /"tomorrow" is not a date; write it as 2030-06-02T16:20:00/],
    ['schedule_date', { schedule_date: '2026-02-30' }, /is not in the calendar/],
    ['schedule_date', { schedule_date: '2026-13-01' }, /is not in the calendar/],
    ['schedule_date', { schedule_date: '2026-01-01T24:00:00' }, /has no valid time of day/],
    ['schedule_date', { schedule_date: '2026-01-01T00:00:00+25:00' }, /has no valid offset/],
    ['schedule_date', { schedule_date: '1969-12-31T00:00:00' }, /lies outside the years 1970 to 9999/],
    ['schedule_date', { schedule_date: 1234 }, /must be text, not 1234/],
    ['schedule_interval', { schedule_interval: '1 fortnight' }, /is not an interval/],
    ['schedule_hour', { schedule_hour: '25' }, /schedule_hour: "25" is out of range: hours are 0 to 23/],
    ['schedule_hour', { schedule_hour: [1, 2] }, /must be text or a whole number, not a list/],
    ['schedule_hour', { schedule_hour: true }, /must be text or a whole number, not true/],
    ['schedule_hour', { schedule_hour: 1.5 }, /must be text or a whole number, not 1.5/],
    ['schedule_day', { schedule_day: 'mon', schedule_day_of_week: 'tue' }, /names weekdays while schedule_day_of_week/],
    ['schedule_day', { schedule_day: 'mon, 15' }, /"mon" is not understood/],
    ['schedule_timezone', { schedule_hour: 1, schedule_timezone: 'CET/Paris' }, /"CET\/Paris" is not a time zone/],
    ['schedule_timezone', { schedule_hour: 1, schedule_timezone: {} }, /must be text, not an object/],
    [
      'schedule_end_date',
      { schedule_interval: '1 days', schedule_start_date: '2026-02-01', schedule_end_date: '2026-01-01' },
      /lies before schedule_start_date/,
    ],
  ])('names the fault of %s', (key, raw, message) => {
    const issues = issuesOf(raw);
    expect(issues.map(({ path }) => path)).toEqual([[key]]);
    expect(issues[0]?.message).toMatch(message);
  });

  it('names every fault with its key', () => {
    const raw = {
      schedule_hour: '25',
      schedule_minute: [],
      schedule_second: 'x,99',
      schedule_start_date: 'soon',
      schedule_timezone: 'Mars/Olympus',
    };
    expect(issuesOf(raw).map(({ path }) => path[0])).toEqual([
      'schedule_minute',
      'schedule_timezone',
      'schedule_hour',
      'schedule_second',
      'schedule_second',
      'schedule_start_date',
    ]);
  });
});

describe('a schedule of the typed API', () => {
  it('written as a document and read again is the same', () => {
    fc.assert(
      fc.property(anySchedule, ({ schedule, createdAt: anchor }) => {
        const document = toScheduleDocument(schedule);
        expect(parseScheduleDocument(document, { createdAt: anchor }).schedule).toEqual(schedule);
      }),
      { numRuns: 500 },
    );
  });

  it("is written in the seed's words", () => {
    const { schedule } = parse({
      schedule_interval: '1d',
      schedule_start_date: '2026-06-02T16:20:00',
      schedule_timezone: 'Europe/Berlin',
    });
    expect(toScheduleDocument(schedule)).toEqual({
      schedule_interval: '1 days',
      schedule_start_date: '2026-06-02T16:20:00+02:00',
      schedule_timezone: 'Europe/Berlin',
    });
  });
});
