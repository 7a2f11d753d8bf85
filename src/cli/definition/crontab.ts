import type { CronScheduleInput } from '@orrery/sdk';
import { InvalidArgumentError } from 'commander';

const DAYS: readonly string[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const FIELDS: Readonly<Record<string, keyof CronScheduleInput>> = {
  year: 'year',
  month: 'month',
  day: 'day',
  week: 'week',
  day_of_week: 'dayOfWeek',
  dayOfWeek: 'dayOfWeek',
  hour: 'hour',
  minute: 'minute',
  second: 'second',
};

function wrong(text: string): InvalidArgumentError {
  return new InvalidArgumentError(
    `"${text}" is neither five fields of a crontab ("25 3 * * mon-fri") nor named fields ("hour=3 minute=25").`,
  );
}

/** The number of a weekday as crontab counts: 0 and 7 are Sunday. */
function dayNumber(text: string): number {
  const named = DAYS.indexOf(text.slice(0, 3).toLowerCase());
  const number = /^[0-7]$/.test(text) ? Number(text) % 7 : named;
  if (number < 0)
    throw new InvalidArgumentError(`"${text}" is no day of the week: 0-7 with 0 and 7 = Sunday, or sun-sat.`);
  return number;
}

/** The days of one item of a list: `1`, `mon-fri`, `5-7`, a step such as `1-5/2`. */
function daysOf(item: string): number[] {
  const [range = '', step = '1'] = item.split('/');
  const size = Number(step);
  if (!Number.isSafeInteger(size) || size < 1) throw new InvalidArgumentError(`"${item}" has no whole step.`);
  const [first = '', last = item.includes('/') ? 'sat' : first] = range === '*' ? ['sun', 'sat'] : range.split('-');
  const from = dayNumber(first);
  const count =
    ((dayNumber(last) - from + 7) % 7) + (range !== '*' && first !== last && dayNumber(last) === from ? 7 : 0);
  return Array.from({ length: Math.floor(count / size) + 1 }, (_, index) => (from + index * size) % 7);
}

/**
 * The weekdays of a crontab by name, since crontab counts from Sunday and APScheduler, whose grammar the API speaks,
 * from Monday.
 */
export function crontabDays(field: string): string {
  if (field === '*') return field;
  const days = new Set(field.split(',').flatMap(daysOf));
  return DAYS.filter((_, index) => days.has(index)).join(',');
}

function fromCrontab([
  minute = '',
  hour = '',
  day = '',
  month = '',
  weekday = '',
]: readonly string[]): CronScheduleInput {
  if (day !== '*' && weekday !== '*') {
    throw new InvalidArgumentError(
      'A crontab with both a day and a weekday runs on either; here all fields must match. Make two jobs, or write named fields.',
    );
  }
  const coarser = { hour, day, month, dayOfWeek: crontabDays(weekday) };
  // Every minute must be said; what is coarser than a field that is given is free anyway.
  return { minute, ...Object.fromEntries(Object.entries(coarser).filter(([, value]) => value !== '*')) };
}

function fromNames(text: string): CronScheduleInput {
  const fields: Partial<Record<keyof CronScheduleInput, string>> = {};
  // A value may hold blanks ("day=last fri"): it reaches to the next name.
  for (const [, name = '', value = ''] of text.matchAll(/(\w+)\s*=\s*([^=]*?)(?=\s+\w+\s*=|$)/g)) {
    const field = FIELDS[name];
    if (!field) throw new InvalidArgumentError(`"${name}" is no field: ${Object.keys(FIELDS).join(', ')}.`);
    fields[field] = value.trim();
  }
  return fields;
}

/** A cron schedule from the command line: a crontab's five fields, or named fields. Throws InvalidArgumentError. */
export function cronFields(text: string): CronScheduleInput {
  if (text.includes('=')) return fromNames(text);
  const fields = text.trim().split(/\s+/);
  if (fields.length !== 5) throw wrong(text);
  return fromCrontab(fields);
}
