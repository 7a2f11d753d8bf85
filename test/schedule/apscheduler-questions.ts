import fc from 'fast-check';
import { CRON_FIELD_KEYS } from '../../src/schedule/document-keys.js';
import { CRON_FIELDS, type IntervalUnit } from '../../src/schedule/types.js';
import { cronTexts, FIELD_CASES, nearChange } from './arbitraries.js';

/** Eight zones whose rules of 2015 to 2036 both time-zone databases tell alike. */
export const ORACLE_ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Asia/Kolkata',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
] as const;

/** One schedule as a job document's keys and as APScheduler's arguments, and the instant that is asked about first. */
export interface OracleCase {
  readonly kind: 'cron' | 'interval' | 'date';
  readonly document: Readonly<Record<string, string>>;
  readonly argument: {
    readonly fields?: Readonly<Record<string, string>>;
    readonly every?: { readonly [unit: string]: number };
    readonly date?: string;
    readonly start?: string;
    readonly end?: string;
  };
  readonly timezone: string;
  readonly createdAt: number;
  readonly after: number;
}

const zone = fc.constantFrom(...ORACLE_ZONES);
// APScheduler's time zones (pytz) know no clock changes after 2037.
const instant = fc.integer({ min: Date.UTC(2015, 0, 1), max: Date.UTC(2034, 0, 1) });
const LAST = '2036-12-01T00:00:00Z';

/** A date's text in each form that APScheduler reads as well. */
const dateText = fc
  .tuple(instant, fc.constantFrom('', '', 'Z', '+02:00', '-09:30'), fc.constantFrom('T', ' '))
  .map(([at, offset, separator]) => new Date(at).toISOString().slice(0, 19).replace('T', separator) + offset);

const span = fc
  .tuple(fc.option(dateText, { nil: undefined }), fc.option(dateText, { nil: undefined, freq: 3 }))
  .filter(([start, end]) => start === undefined || end === undefined || start.slice(0, 8) < end.slice(0, 8))
  .map(([start, end]) => ({ ...(start === undefined ? {} : { start }), end: end ?? LAST }));

const base = fc.record({ timezone: zone, createdAt: instant, after: instant });

function spanKeys({ start, end }: { readonly start?: string; readonly end: string }): Record<string, string> {
  return { ...(start === undefined ? {} : { schedule_start_date: start }), schedule_end_date: end };
}

export const cronCase: fc.Arbitrary<OracleCase> = fc.tuple(base, cronTexts, span).map(([shared, texts, dates]) => {
  const fields: Record<string, string> = {};
  for (const name of CRON_FIELDS) {
    const text = texts[name];
    if (text !== undefined && text !== null) fields[CRON_FIELD_KEYS[name]] = String(text);
  }
  const names = Object.entries(fields).map(([key, text]) => [key.replace('schedule_', ''), text]);
  const document = { ...fields, ...spanKeys(dates), schedule_timezone: shared.timezone };
  return { ...shared, kind: 'cron', document, argument: { fields: Object.fromEntries(names), ...dates } };
});

const length = fc.tuple(
  fc.integer({ min: 1, max: 500 }),
  fc.constantFrom<IntervalUnit>('second', 'minute', 'hour', 'day', 'week'),
);

export const intervalCase: fc.Arbitrary<OracleCase> = fc
  .tuple(base, length, span)
  .map(([shared, [count, unit], dates]) => ({
    ...shared,
    kind: 'interval',
    document: { schedule_interval: `${count} ${unit}s`, ...spanKeys(dates), schedule_timezone: shared.timezone },
    argument: { every: { [`${unit}s`]: count }, ...dates },
  }));

export const dateCase: fc.Arbitrary<OracleCase> = fc.tuple(base, dateText).map(([shared, date]) => ({
  ...shared,
  kind: 'date',
  document: { schedule_date: date, schedule_timezone: shared.timezone },
  argument: { date },
}));

/** The wall time at an instant, as text: an approximation will do, near a change. */
function nearText(at: number, hours: number): string {
  return new Date(at + hours * 3_600_000).toISOString().slice(0, 19);
}

const oracleNight = nearChange.filter(({ timezone }) => ORACLE_ZONES.some((name) => name === timezone));
const end = new Date(LAST).toISOString().slice(0, 19);

/** Often enough to meet the hours that a clock change skips or repeats: random schedules hardly ever do. */
export const nightlyCase: fc.Arbitrary<OracleCase> = fc
  .tuple(oracleNight, FIELD_CASES.hour, FIELD_CASES.minute)
  .map(([{ timezone, at }, hour, minute]) => ({
    kind: 'cron',
    document: {
      schedule_hour: `${hour.text},0-3`,
      schedule_minute: minute.text,
      schedule_end_date: end,
      schedule_timezone: timezone,
    },
    argument: { fields: { hour: `${hour.text},0-3`, minute: minute.text }, end },
    timezone,
    createdAt: at,
    after: at,
  }));

/** Naive dates in the nights of clock changes. */
export const nightDateCase: fc.Arbitrary<OracleCase> = fc
  .tuple(oracleNight, fc.constantFrom(-5, -3, -2, 1, 2, 10, 11, 12, 13))
  .map(([{ timezone, at }, hours]) => {
    const date = nearText(at, hours);
    const document = { schedule_date: date, schedule_timezone: timezone };
    return { kind: 'date', document, argument: { date }, timezone, createdAt: at, after: at - 172_800_000 };
  });
