import { BoundedCache } from './bounded-cache.js';
import { CRON_FIELD_RULES, completeFields } from './cron-fields.js';
import { type CronTerm, readCronField } from './cron-grammar.js';
import { CRON_FIELDS, type CronFieldName, type CronFieldTexts } from './types.js';

/** In a next-value table: no such value. */
export const NONE = 255;

type RangeTerm = Extract<CronTerm, { kind: 'range' }>;
export type WeekdayOfMonth = Extract<CronTerm, { kind: 'weekdayOfMonth' }>;

/** The fields of a cron schedule in the form that the search reads. */
export interface CronTables {
  readonly years: readonly RangeTerm[];
  /** For each month 0 to 12: the first month that matches from there on, or NONE. Those below read alike. */
  readonly nextMonth: Uint8Array;
  readonly nextHour: Uint8Array;
  readonly nextMinute: Uint8Array;
  readonly nextSecond: Uint8Array;
  /** Days of the month by number: bit 0 is the 1st. */
  readonly days: number;
  readonly lastDay: boolean;
  readonly weekdaysOfMonth: readonly WeekdayOfMonth[];
  /** By the weekday of the month's 1st: the days of the month (bit 0 is the 1st) whose weekday matches. */
  readonly weekdays: readonly number[];
  /** By ISO week: 1 where it matches; null when all do. */
  readonly weeks: Uint8Array | null;
  /** The first matching second of a day. */
  readonly firstSecond: number;
  /** By kind of year (see the search): whether it holds a matching day. Filled in by the search. */
  readonly yearKinds: Uint8Array;
}

const TABLES_KEPT = 4096;
const cache = new BoundedCache<string, CronTables>(TABLES_KEPT);

/**
 * The tables of these fields, from the cache where the same texts were used before.
 * @throws Error when a field breaks the grammar: schedules are checked when they are made
 */
export function cronTables(fields: CronFieldTexts): CronTables {
  let key = '';
  for (const name of CRON_FIELDS) key += `${fields[name] ?? ''}|`;
  return cache.get(key) ?? cache.add(key, compile(fields));
}

function compile(fields: CronFieldTexts): CronTables {
  const texts = completeFields(fields);
  const termsOf = (name: CronFieldName): readonly CronTerm[] => {
    const { terms, faults } = readCronField(name, texts[name]);
    if (faults.length > 0) throw new Error(`Stored cron field ${name} is not valid: ${faults.join(' ')}`);
    return terms;
  };
  const flags = (name: CronFieldName) => valueFlags(termsOf(name), CRON_FIELD_RULES[name].max);
  const nextHour = nextTable(flags('hour'));
  const nextMinute = nextTable(flags('minute'));
  const nextSecond = nextTable(flags('second'));
  const dayTerms = termsOf('day');
  const weeks = flags('week');
  return {
    years: termsOf('year').filter(isRange),
    nextMonth: nextTable(flags('month')),
    nextHour,
    nextMinute,
    nextSecond,
    days: dayBits(valueFlags(dayTerms, 31)),
    lastDay: dayTerms.some((term) => term.kind === 'lastDay'),
    weekdaysOfMonth: dayTerms.filter((term) => term.kind === 'weekdayOfMonth'),
    weekdays: weekdayBits(flags('dayOfWeek')),
    weeks: weeks.subarray(1).every((flag) => flag === 1) ? null : weeks,
    firstSecond: (nextHour[0] ?? 0) * 3600 + (nextMinute[0] ?? 0) * 60 + (nextSecond[0] ?? 0),
    yearKinds: new Uint8Array(28),
  };
}

function isRange(term: CronTerm): term is RangeTerm {
  return term.kind === 'range';
}

/** For each value from 0 to max, 1 where a range holds it. */
function valueFlags(terms: readonly CronTerm[], max: number): Uint8Array {
  const flags = new Uint8Array(max + 1);
  for (const term of terms.filter(isRange)) {
    for (let value = term.first; value <= term.last; value += term.step) flags[value] = 1;
  }
  return flags;
}

/** For each value, and one beyond: the first flagged value from there on, or NONE. */
function nextTable(flags: Uint8Array): Uint8Array {
  const table = new Uint8Array(flags.length + 1).fill(NONE);
  for (let value = flags.length - 1; value >= 0; value--) {
    table[value] = flags[value] === 1 ? value : (table[value + 1] ?? NONE);
  }
  return table;
}

function dayBits(flags: Uint8Array): number {
  let bits = 0;
  for (let day = 1; day <= 31; day++) if (flags[day] === 1) bits |= 1 << (day - 1);
  return bits;
}

function weekdayBits(flags: Uint8Array): number[] {
  return Array.from({ length: 7 }, (_, weekdayOfFirst) => {
    let bits = 0;
    for (let day = 0; day < 31; day++) if (flags[(weekdayOfFirst + day) % 7] === 1) bits |= 1 << day;
    return bits;
  });
}
