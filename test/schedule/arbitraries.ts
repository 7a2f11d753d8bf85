import fc from 'fast-check';
import { type CronInput, cronSchedule, dateSchedule, intervalSchedule, noSchedule } from '../../src/schedule/build.js';
import type { CronFieldName, Schedule } from '../../src/schedule/types.js';

/** Zones with every habit: none, whole and half hours of daylight saving, Ramadan, odd offsets, midnight changes. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'America/Sao_Paulo',
  'Pacific/Apia',
] as const;

export const zone = fc.constantFrom(...ZONES);

/** An instant (epoch milliseconds) of the years 2000 to 2036, to the millisecond. */
export const instant = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2036, 11, 31) });

/** Clock changes of all sorts (UTC), each with its zone. */
const CHANGES: readonly (readonly [timezone: string, at: number])[] = [
  ['Europe/Berlin', Date.UTC(2025, 2, 30, 1)], // forward
  ['Europe/Berlin', Date.UTC(2025, 9, 26, 1)], // back
  ['America/New_York', Date.UTC(2026, 2, 8, 7)],
  ['America/New_York', Date.UTC(2026, 10, 1, 6)],
  ['America/Sao_Paulo', Date.UTC(2017, 9, 15, 3)], // forward at midnight
  ['America/Sao_Paulo', Date.UTC(2018, 1, 18, 2)], // back at midnight
  ['Australia/Lord_Howe', Date.UTC(2027, 3, 3, 15)], // back by half an hour
  ['Australia/Lord_Howe', Date.UTC(2027, 9, 2, 15, 30)], // forward by half an hour
  ['Pacific/Auckland', Date.UTC(2027, 8, 25, 14)],
  ['Pacific/Auckland', Date.UTC(2027, 3, 3, 14)],
  ['Africa/Casablanca', Date.UTC(2025, 1, 23, 2)], // back for Ramadan
  ['Pacific/Apia', Date.UTC(2011, 11, 30, 10)], // leaves out a whole day
];

/** A zone with an instant near one of its clock changes. */
export const nearChange = fc
  .tuple(
    fc.constantFrom(...CHANGES),
    fc.oneof(fc.integer({ min: -90, max: 90 }), fc.integer({ min: -1800, max: 1800 })),
  )
  .map(([[timezone, at], minutes]) => ({ timezone, at: at + minutes * 60_000 }));

/** One field: its text, and what it means, told without the code under test. `date` holds the wall time as if in UTC. */
export interface FieldCase {
  readonly text: string;
  readonly matches: (date: Date) => boolean;
}

const NAMES: { readonly [field: string]: readonly string[] } = {
  month: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  dayOfWeek: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
};

/** The value of a field in a wall time; the ISO week by the textbook: that of the week's Thursday. */
export function fieldValue(field: CronFieldName, date: Date): number {
  switch (field) {
    case 'year':
      return date.getUTCFullYear();
    case 'month':
      return date.getUTCMonth() + 1;
    case 'day':
      return date.getUTCDate();
    case 'week': {
      const thursday = new Date(date.getTime());
      thursday.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
      const dayOfYear = (thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / 86_400_000;
      return Math.floor(dayOfYear / 7) + 1;
    }
    case 'dayOfWeek':
      return (date.getUTCDay() + 6) % 7;
    case 'hour':
      return date.getUTCHours();
    case 'minute':
      return date.getUTCMinutes();
    case 'second':
      return date.getUTCSeconds();
  }
}

function rangeCase(field: CronFieldName, min: number, max: number): fc.Arbitrary<FieldCase> {
  const value = fc.integer({ min, max });
  const of = (test: (value: number) => boolean) => (date: Date) => test(fieldValue(field, date));
  const star = fc.constant<FieldCase>({ text: '*', matches: () => true });
  const starStep = fc
    .integer({ min: 1, max: Math.min(max - min, 20) })
    .map((n): FieldCase => ({ text: `*/${n}`, matches: of((v) => (v - min) % n === 0) }));
  const single = value.map((a): FieldCase => ({ text: String(a).padStart(2, '0'), matches: of((v) => v === a) }));
  const range = fc.tuple(value, value).map(([x, y]): FieldCase => {
    const [a, b] = [Math.min(x, y), Math.max(x, y)];
    return { text: `${a}-${b}`, matches: of((v) => v >= a && v <= b) };
  });
  const rangeStep = fc
    .tuple(value, value, fc.nat())
    .filter(([x, y]) => x !== y)
    .map(([x, y, seed]): FieldCase => {
      const [a, b] = [Math.min(x, y), Math.max(x, y)];
      const n = 1 + (seed % (b - a));
      return { text: `${a}-${b}/${n}`, matches: of((v) => v >= a && v <= b && (v - a) % n === 0) };
    });
  const openStep = fc.tuple(fc.integer({ min, max: max - 1 }), fc.nat()).map(([a, seed]): FieldCase => {
    const n = 1 + (seed % (max - a));
    return { text: `${a}/${n}`, matches: of((v) => v >= a && (v - a) % n === 0) };
  });
  const names = NAMES[field];
  const named =
    names === undefined
      ? []
      : [
          fc.tuple(value, value).map(([x, y]): FieldCase => {
            const [a, b] = [Math.min(x, y), Math.max(x, y)];
            const text = a === b ? `${names[a]}` : `${names[a]}-${names[b]?.toUpperCase()}`;
            return { text, matches: of((v) => v >= a && v <= b) };
          }),
        ];
  return fc.oneof(star, starStep, single, range, rangeStep, openStep, ...named);
}

const daysOfMonth = (date: Date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();

const specialDay = fc.oneof(
  fc.constant<FieldCase>({ text: 'last', matches: (date) => date.getUTCDate() === daysOfMonth(date) }),
  fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 0, max: 6 })).map(
    ([nth, weekday]): FieldCase => ({
      text: `${['1st', '2nd', '3rd', '4th', '5th'][nth - 1]} ${NAMES.dayOfWeek?.[weekday]}`,
      matches: (date) =>
        fieldValue('dayOfWeek', date) === weekday && Math.floor((date.getUTCDate() - 1) / 7) === nth - 1,
    }),
  ),
  fc.integer({ min: 0, max: 6 }).map(
    (weekday): FieldCase => ({
      text: `last ${NAMES.dayOfWeek?.[weekday]}`,
      matches: (date) => fieldValue('dayOfWeek', date) === weekday && date.getUTCDate() + 7 > daysOfMonth(date),
    }),
  ),
);

function listOf(one: fc.Arbitrary<FieldCase>): fc.Arbitrary<FieldCase> {
  return fc
    .tuple(fc.array(one, { minLength: 1, maxLength: 3 }), fc.constantFrom(',', ', ', ' , '))
    .map(([parts, comma]) => ({
      text: parts.map(({ text }) => text).join(comma),
      matches: (date) => parts.some((part) => part.matches(date)),
    }));
}

/** A field with its meaning. */
export const FIELD_CASES: { readonly [Name in CronFieldName]: fc.Arbitrary<FieldCase> } = {
  year: listOf(rangeCase('year', 1970, 2040)),
  month: listOf(rangeCase('month', 1, 12)),
  day: listOf(fc.oneof({ weight: 3, arbitrary: rangeCase('day', 1, 31) }, { weight: 1, arbitrary: specialDay })),
  week: listOf(rangeCase('week', 1, 53)),
  dayOfWeek: listOf(rangeCase('dayOfWeek', 0, 6)),
  hour: listOf(rangeCase('hour', 0, 23)),
  minute: listOf(rangeCase('minute', 0, 59)),
  second: listOf(rangeCase('second', 0, 59)),
};

const texts = (field: CronFieldName) => FIELD_CASES[field].map(({ text }) => text);
const half = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

/** Cron fields as texts, at least one of them. */
export const cronTexts: fc.Arbitrary<CronInput> = fc
  .record({
    year: fc.option(texts('year'), { nil: undefined, freq: 2 }),
    month: half(texts('month')),
    day: half(texts('day')),
    week: half(texts('week')),
    dayOfWeek: half(texts('dayOfWeek')),
    hour: half(texts('hour')),
    minute: half(texts('minute')),
    second: half(texts('second')),
  })
  .filter((fields) => Object.values(fields).some((text) => text !== undefined));

const span = fc.tuple(fc.option(instant), fc.option(instant)).map(([a, b]) => ({
  start: a !== null && b !== null ? Math.min(a, b) : a,
  end: a !== null && b !== null ? Math.max(a, b) : b,
}));

const every = fc.oneof(
  fc.constant('continuous'),
  fc
    .tuple(fc.integer({ min: 1, max: 100 }), fc.constantFrom('second', 'minutes', 'hour', 'days', 'weeks'))
    .map(([count, unit]) => `${count} ${unit}`),
);

/** A schedule of any kind. Intervals without a start are anchored at the instant that goes with it. */
export const anySchedule: fc.Arbitrary<{ schedule: Schedule; createdAt: number }> = fc
  .tuple(fc.constantFrom('none', 'date', 'interval', 'cron'), zone, cronTexts, span, every, instant)
  .map(([kind, timezone, fields, { start, end }, length, createdAt]) => {
    if (kind === 'none') return { schedule: noSchedule({ timezone }).schedule, createdAt };
    if (kind === 'date') return { schedule: dateSchedule({ timezone, at: createdAt }).schedule, createdAt };
    if (kind === 'interval') {
      return { schedule: intervalSchedule({ timezone, every: length, start, end }, { createdAt }).schedule, createdAt };
    }
    return { schedule: cronSchedule({ ...fields, timezone, start, end }).schedule, createdAt };
  });
