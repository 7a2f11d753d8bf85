import { DAY, HOUR, MINUTE, SECOND } from '../lib/time.js';
import type { IntervalLength, IntervalUnit } from './types.js';

/** Milliseconds in a unit; a day and a week are those of a day without a clock change. */
export const UNIT_LENGTHS: { readonly [Unit in IntervalUnit]: number } = {
  week: 7 * DAY,
  day: DAY,
  hour: HOUR,
  minute: MINUTE,
  second: SECOND,
};

const UNIT_NAMES: { readonly [name: string]: IntervalUnit } = {
  w: 'week',
  wk: 'week',
  week: 'week',
  weeks: 'week',
  d: 'day',
  day: 'day',
  days: 'day',
  h: 'hour',
  hr: 'hour',
  hour: 'hour',
  hours: 'hour',
  m: 'minute',
  min: 'minute',
  minute: 'minute',
  minutes: 'minute',
  s: 'second',
  sec: 'second',
  second: 'second',
  seconds: 'second',
};

const MAX_LENGTH = 36_525 * DAY;
const WHOLE = /^(?:\d{1,12}\s*[a-z]{1,7}\s*){1,3}$/;
const PART = /(\d{1,12})\s*([a-z]{1,7})/g;
const FORMS = 'write "continuous", or a whole number and a unit, such as "1 day", "6 hours", "90m" or "2h30m"';

/** What an interval's text says, or what is wrong with it. */
export type IntervalReading =
  | { readonly every: IntervalLength | 'continuous'; readonly fault?: never }
  | { readonly fault: string; readonly every?: never };

/** Reads `continuous`, `N units` or a short form such as `2h30m`. A sum of units is counted in the finest of them. */
export function readInterval(text: string): IntervalReading {
  const plain = text.trim().toLowerCase();
  if (plain === 'continuous') return { every: plain };
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  if (plain.length > 60 || !WHOLE.test(plain)) return { fault: `"${shown}" is not an interval; ${FORMS}.` };
  const parts = [...plain.matchAll(PART)].map(([, count, name]) => ({ count: Number(count), name: name ?? '' }));
  const lengths: IntervalLength[] = [];
  for (const { count, name } of parts) {
    const unit = UNIT_NAMES[name];
    if (unit === undefined) {
      return { fault: `"${name}" is not a unit; use weeks, days, hours, minutes or seconds (w, d, h, m, s).` };
    }
    lengths.push({ count, unit });
  }
  return sumOf(lengths, shown);
}

function sumOf(lengths: readonly IntervalLength[], shown: string): IntervalReading {
  const total = lengths.reduce((sum, { count, unit }) => sum + count * UNIT_LENGTHS[unit], 0);
  if (total < SECOND) return { fault: `"${shown}" is no time at all; the shortest interval is 1 second.` };
  if (total > MAX_LENGTH) return { fault: `"${shown}" is too long; the longest interval is 36525 days.` };
  const finest = lengths.reduce((a, b) => (UNIT_LENGTHS[b.unit] < UNIT_LENGTHS[a.unit] ? b : a)).unit;
  const wall = lengths.filter(({ unit }) => unit === 'day' || unit === 'week').length;
  if (wall > 0 && wall < lengths.length) {
    return {
      fault: `"${shown}" mixes days, which follow the wall clock, with exact durations; write one of them alone, such as "36 hours".`,
    };
  }
  return { every: { count: total / UNIT_LENGTHS[finest], unit: finest } };
}

/** The interval in the words of the job document: `continuous`, `1 days`, `90 minutes`. */
export function formatInterval(every: IntervalLength | 'continuous'): string {
  return every === 'continuous' ? every : `${every.count} ${every.unit}s`;
}
