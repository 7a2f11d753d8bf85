import { civilDate, DAY_SECONDS, dayNumber, isLeapYear, isoWeek, MAX_YEAR, monthLength, weekday } from './civil.js';
import { type CronTables, NONE, type WeekdayOfMonth } from './cron-tables.js';

const NO_DAY = Number.NaN;

const UNKNOWN = 0;
const BARREN = 1;
const FERTILE = 2;

/**
 * The first wall time from `from` on that matches every field, or null when there is none up to the year 9999. Both
 * are whole seconds on the wall clock, counted as if it were in UTC.
 *
 * The search goes from coarse to fine and never looks at a second, minute or hour that cannot match. Years come in 28
 * kinds (leap or not, after a leap year or not, weekday of 1 January) that fix all months, weekdays and ISO weeks in
 * them; a kind without any matching day is remembered, so that even a date that never comes costs a short loop over
 * the years.
 */
export function nextWallSecond(tables: CronTables, from: number): number | null {
  const startDay = Math.floor(from / DAY_SECONDS);
  const { year, month, day } = civilDate(startDay);
  let found = nextDay(tables, year, month, day);
  if (found === startDay) {
    const second = nextSecondOfDay(tables, from - startDay * DAY_SECONDS);
    if (second >= 0) return startDay * DAY_SECONDS + second;
    const after = civilDate(startDay + 1);
    found = nextDay(tables, after.year, after.month, after.day);
  }
  return Number.isNaN(found) ? null : found * DAY_SECONDS + tables.firstSecond;
}

/** The first matching second of a day from `from` (0 to 86,399) on, or -1. */
function nextSecondOfDay(tables: CronTables, from: number): number {
  const hour = Math.floor(from / 3600);
  const minute = Math.floor(from / 60) % 60;
  const nextHour = tables.nextHour[hour] ?? NONE;
  if (nextHour === NONE) return -1;
  if (nextHour > hour) return nextHour * 3600 + (tables.firstSecond % 3600);
  const nextMinute = tables.nextMinute[minute] ?? NONE;
  if (nextMinute === minute) {
    const second = tables.nextSecond[from % 60] ?? NONE;
    if (second !== NONE) return hour * 3600 + minute * 60 + second;
  }
  const laterMinute = nextMinute === minute ? (tables.nextMinute[minute + 1] ?? NONE) : nextMinute;
  if (laterMinute !== NONE) return hour * 3600 + laterMinute * 60 + (tables.firstSecond % 60);
  const laterHour = tables.nextHour[hour + 1] ?? NONE;
  return laterHour === NONE ? -1 : laterHour * 3600 + (tables.firstSecond % 3600);
}

/** The number of the first matching day from this date on, or NO_DAY. */
function nextDay(tables: CronTables, fromYear: number, fromMonth: number, fromDay: number): number {
  let year = nextYear(tables, fromYear);
  if (year === fromYear) {
    const found = dayInYear(tables, year, fromMonth, fromDay);
    if (!Number.isNaN(found)) return found;
    year = nextYear(tables, year + 1);
  }
  for (; year <= MAX_YEAR; year = nextYear(tables, year + 1)) {
    const kind = yearKind(year);
    const known = tables.yearKinds[kind];
    if (known === BARREN) continue;
    const found = dayInYear(tables, year, 1, 1);
    if (known === UNKNOWN) tables.yearKinds[kind] = Number.isNaN(found) ? BARREN : FERTILE;
    if (!Number.isNaN(found)) return found;
  }
  return NO_DAY;
}

function yearKind(year: number): number {
  return (isLeapYear(year) ? 14 : 0) + (isLeapYear(year - 1) ? 7 : 0) + weekday(dayNumber(year, 1, 1));
}

/** The first matching year from `from` on; beyond MAX_YEAR when there is none. */
function nextYear(tables: CronTables, from: number): number {
  let best = MAX_YEAR + 1;
  for (const { first, last, step } of tables.years) {
    const year = from <= first ? first : first + Math.ceil((from - first) / step) * step;
    if (year <= last && year < best) best = year;
  }
  return best;
}

function dayInYear(tables: CronTables, year: number, fromMonth: number, fromDay: number): number {
  let month = tables.nextMonth[fromMonth] ?? NONE;
  let skipped = month === fromMonth ? fromDay - 1 : 0;
  while (month !== NONE) {
    const first = dayNumber(year, month, 1);
    const bits = (matchingDays(tables, first, monthLength(year, month)) >> skipped) << skipped;
    if (bits !== 0) return first + 31 - Math.clz32(bits & -bits);
    month = tables.nextMonth[month + 1] ?? NONE;
    skipped = 0;
  }
  return NO_DAY;
}

/** The matching days of a month: bit 0 is the 1st, whose day number is `first`. */
function matchingDays(tables: CronTables, first: number, length: number): number {
  const weekdayOfFirst = weekday(first);
  let bits = tables.days;
  if (tables.lastDay) bits |= 1 << (length - 1);
  for (const term of tables.weekdaysOfMonth) {
    const place = weekdayOfMonth(term, weekdayOfFirst, length);
    if (place < length) bits |= 1 << place;
  }
  bits &= (tables.weekdays[weekdayOfFirst] ?? 0) & (0x7fffffff >> (31 - length));
  if (tables.weeks === null) return bits;
  for (let left = bits; left !== 0; left &= left - 1) {
    const day = 31 - Math.clz32(left & -left);
    if (tables.weeks[isoWeek(first + day)] !== 1) bits &= ~(1 << day);
  }
  return bits;
}

/** Where in the month (0 is the 1st) that weekday falls; a fifth one may lie beyond the month's end. */
function weekdayOfMonth(term: WeekdayOfMonth, weekdayOfFirst: number, length: number): number {
  const firstOne = (term.weekday - weekdayOfFirst + 7) % 7;
  return term.nth === 'last' ? firstOne + Math.floor((length - 1 - firstOne) / 7) * 7 : firstOne + (term.nth - 1) * 7;
}
