import { MAX_YEAR, MIN_YEAR } from './civil.js';
import { CRON_FIELDS, type CronFieldName, type CronFieldTexts } from './types.js';

/** What the grammar allows in a field. */
export interface CronFieldRule {
  readonly min: number;
  readonly max: number;
  /** What the field holds when it was not given and a coarser one was. */
  readonly finerDefault: string;
  /** Names for the values from `min` on; empty when the field knows none. */
  readonly names: readonly string[];
  /** How a message calls the field. */
  readonly label: string;
}

export const WEEKDAY_NAMES = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
const MONTH_NAMES = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const;

/** Ranges, names and defaults of APScheduler 3.9 (`apscheduler/triggers/cron/fields.py`). */
export const CRON_FIELD_RULES: { readonly [Name in CronFieldName]: CronFieldRule } = {
  year: { min: MIN_YEAR, max: MAX_YEAR, finerDefault: '*', names: [], label: 'year' },
  month: { min: 1, max: 12, finerDefault: '1', names: MONTH_NAMES, label: 'month' },
  day: { min: 1, max: 31, finerDefault: '1', names: [], label: 'day' },
  week: { min: 1, max: 53, finerDefault: '*', names: [], label: 'week' },
  dayOfWeek: { min: 0, max: 6, finerDefault: '*', names: WEEKDAY_NAMES, label: 'weekday' },
  hour: { min: 0, max: 23, finerDefault: '0', names: [], label: 'hour' },
  minute: { min: 0, max: 59, finerDefault: '0', names: [], label: 'minute' },
  second: { min: 0, max: 59, finerDefault: '0', names: [], label: 'second' },
};

/**
 * All eight fields: those finer than the finest one given are at their minimum (week and weekday always at `*`),
 * the other missing ones at `*`.
 */
export function completeFields(given: CronFieldTexts): Record<CronFieldName, string> {
  const finest = CRON_FIELDS.findLastIndex((name) => given[name] !== undefined);
  const textOf = (name: CronFieldName) =>
    given[name] ?? (CRON_FIELDS.indexOf(name) > finest ? CRON_FIELD_RULES[name].finerDefault : '*');
  return {
    year: textOf('year'),
    month: textOf('month'),
    day: textOf('day'),
    week: textOf('week'),
    dayOfWeek: textOf('dayOfWeek'),
    hour: textOf('hour'),
    minute: textOf('minute'),
    second: textOf('second'),
  };
}
