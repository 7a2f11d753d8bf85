import { type InputIssue, InvalidInputError } from '../lib/errors.js';
import { cronSchedule, dateSchedule, intervalSchedule, noSchedule } from './build.js';
import { isWeekdayNames } from './cron-grammar.js';
import { CRON_FIELD_KEYS, DOCUMENT_KEYS, SCHEDULE_DOCUMENT_KEYS } from './document-keys.js';
import { CRON_FIELDS, type CronFieldName, type ParsedSchedule, type Schedule } from './types.js';

const KEY_NAMES = { ...DOCUMENT_KEYS, ...CRON_FIELD_KEYS };

/** The texts of the keys that were given; null, missing and blank ones count as not given, as in Freezer. */
type Texts = ReadonlyMap<string, string>;

/**
 * Reads the keys of a job document's `job_schedule` that say when (SCHEDULE_DOCUMENT_KEYS); it looks at no other.
 * Where several kinds are given, date goes before interval before cron, and a warning says what is ignored.
 *
 * @param options createdAt (epoch milliseconds): the anchor of an interval without a start date
 * @throws InvalidInputError that lists every fault, each with its key as its path
 */
export function parseScheduleDocument(
  raw: Readonly<Record<string, unknown>>,
  options: { readonly createdAt: number },
): ParsedSchedule {
  const issues: InputIssue[] = [];
  const warnings: string[] = [];
  const texts = readTexts(raw, issues);
  moveWeekdays(texts, issues, warnings);
  warnings.push(...ignoredKeys(texts));
  const parsed = withIssues(issues, () => readKind(texts, options));
  return { schedule: parsed.schedule, warnings: [...warnings, ...parsed.warnings] };
}

function readTexts(raw: Readonly<Record<string, unknown>>, issues: InputIssue[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const key of SCHEDULE_DOCUMENT_KEYS) {
    const value = raw[key];
    if (value === undefined || value === null) continue;
    const number = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
    if (typeof value === 'string') {
      if (value.trim() !== '') texts.set(key, value.trim());
    } else if (number && Object.values(CRON_FIELD_KEYS).includes(key)) {
      texts.set(key, String(value));
    } else {
      const wanted = Object.values(CRON_FIELD_KEYS).includes(key) ? 'text or a whole number' : 'text';
      issues.push({ path: [key], message: `${key}: must be ${wanted}, not ${describe(value)}.` });
    }
  }
  return texts;
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list (write its values in one text, separated by commas)';
  return typeof value === 'object' ? 'an object' : String(value);
}

/** The seed writes weekday names in `schedule_day`: they are moved to where they belong. */
function moveWeekdays(texts: Map<string, string>, issues: InputIssue[], warnings: string[]): void {
  const { day: dayKey, dayOfWeek: weekdayKey } = CRON_FIELD_KEYS;
  const day = texts.get(dayKey);
  if (day === undefined || !isWeekdayNames(day)) return;
  texts.delete(dayKey);
  if (texts.has(weekdayKey)) {
    issues.push({
      path: [dayKey],
      message: `${dayKey}: "${day}" names weekdays while ${weekdayKey} is given too; write all of them in ${weekdayKey}.`,
    });
    return;
  }
  texts.set(weekdayKey, day);
  warnings.push(`${dayKey}: "${day}" names weekdays; it is read as ${weekdayKey}.`);
}

function cronKeysOf(texts: Texts): string[] {
  return Object.values(CRON_FIELD_KEYS).filter((key) => texts.has(key));
}

function ignoredKeys(texts: Texts): string[] {
  const winner = [DOCUMENT_KEYS.at, DOCUMENT_KEYS.every].find((key) => texts.has(key));
  const ignored: string[] = winner === undefined ? [] : cronKeysOf(texts);
  if (winner === DOCUMENT_KEYS.at) ignored.unshift(DOCUMENT_KEYS.every, DOCUMENT_KEYS.start, DOCUMENT_KEYS.end);
  if (winner === undefined && cronKeysOf(texts).length === 0) ignored.push(DOCUMENT_KEYS.start, DOCUMENT_KEYS.end);
  const present = ignored.filter((key) => texts.has(key));
  if (present.length === 0) return [];
  const reason = winner === undefined ? 'there is nothing to repeat' : `${winner} goes before it`;
  return present.map((key) => `${key}: is ignored, because ${reason}.`);
}

function readKind(texts: Texts, options: { readonly createdAt: number }): ParsedSchedule<Schedule> {
  const textOf = (key: keyof typeof DOCUMENT_KEYS) => texts.get(DOCUMENT_KEYS[key]);
  const span = { timezone: textOf('timezone'), start: textOf('start'), end: textOf('end') };
  const at = textOf('at');
  if (at !== undefined) return dateSchedule({ timezone: span.timezone, at }, KEY_NAMES);
  const every = textOf('every');
  if (every !== undefined) return intervalSchedule({ ...span, every }, options, KEY_NAMES);
  if (cronKeysOf(texts).length === 0) return noSchedule({ timezone: span.timezone }, KEY_NAMES);
  const fields: { [Name in CronFieldName]?: string | undefined } = {};
  for (const name of CRON_FIELDS) fields[name] = texts.get(CRON_FIELD_KEYS[name]);
  return cronSchedule({ ...span, ...fields }, KEY_NAMES);
}

/** Runs a reader and throws its faults together with those found before. */
function withIssues<Result>(issues: readonly InputIssue[], read: () => Result): Result {
  if (issues.length === 0) return read();
  try {
    read();
  } catch (error) {
    if (error instanceof InvalidInputError) throw new InvalidInputError([...issues, ...error.issues]);
    throw error;
  }
  throw new InvalidInputError(issues);
}
