import { CRON_FIELD_RULES, type CronFieldRule, WEEKDAY_NAMES } from './cron-fields.js';
import type { CronFieldName } from './types.js';

/** One element of a field's list. */
export type CronTerm =
  /** first, first + step, ... up to last. */
  | { readonly kind: 'range'; readonly first: number; readonly last: number; readonly step: number }
  /** The last day of the month. */
  | { readonly kind: 'lastDay' }
  /** The nth (1 to 5) such weekday (0 = Monday) of the month, or the last one. */
  | { readonly kind: 'weekdayOfMonth'; readonly nth: number | 'last'; readonly weekday: number };

/** What a field's text says: its terms, and what is wrong with it (then the terms are not to be used). */
export interface CronFieldReading {
  readonly terms: readonly CronTerm[];
  readonly faults: readonly string[];
}

const MAX_TEXT = 500;
const ALL = /^\*(?:\/(\d{1,9}))?$/;
const NUMBERS = /^(\d{1,9})(?:-(\d{1,9}))?(?:\/(\d{1,9}))?$/;
const NAMES = /^([a-z]+)(?:-([a-z]+))?$/;
const WEEKDAY_OF_MONTH = /^(1st|2nd|3rd|4th|5th|last)\s+(\w+)$/;

/**
 * Reads one field in the grammar of APScheduler 3.9 (`apscheduler/triggers/cron/expressions.py`). It is stricter in
 * one thing: what follows a name is an error here, where APScheduler stops reading and drops the rest.
 */
export function readCronField(name: CronFieldName, text: string): CronFieldReading {
  if (text.length > MAX_TEXT) return { terms: [], faults: [`is longer than ${MAX_TEXT} characters.`] };
  const terms: CronTerm[] = [];
  const faults: string[] = [];
  for (const part of text
    .trim()
    .toLowerCase()
    .split(/\s*,\s*/)) {
    const term = readTerm(name, CRON_FIELD_RULES[name], part);
    if (typeof term === 'string') faults.push(term);
    else terms.push(term);
  }
  return { terms, faults };
}

/** Whether every element of a list is a weekday name or a range of them: the seed writes these in the day field. */
export function isWeekdayNames(text: string): boolean {
  return text
    .trim()
    .toLowerCase()
    .split(/\s*,\s*/)
    .every((part) => {
      const [, first, last] = NAMES.exec(part) ?? [];
      return first !== undefined && isWeekdayName(first) && (last === undefined || isWeekdayName(last));
    });
}

function isWeekdayName(text: string): boolean {
  return WEEKDAY_NAMES.some((name) => name === text);
}

function readTerm(name: CronFieldName, rule: CronFieldRule, part: string): CronTerm | string {
  if (part === '') return 'has an empty place in its list; write values separated by single commas.';
  const all = ALL.exec(part);
  if (all !== null) return rangeTerm(rule, part, rule.min, rule.max, all[1], rule.max - rule.min);
  const numbers = NUMBERS.exec(part);
  if (numbers !== null) return numberTerm(name, rule, part, numbers);
  if (name === 'day') {
    if (part === 'last') return { kind: 'lastDay' };
    const position = WEEKDAY_OF_MONTH.exec(part);
    if (position !== null) return weekdayOfMonthTerm(part, position[1] ?? '', position[2] ?? '');
  }
  const names = NAMES.exec(part);
  if (names !== null && rule.names.length > 0) return nameTerm(rule, part, names[1] ?? '', names[2]);
  return `"${part}" is not understood; write ${formsOf(name, rule)}.`;
}

function numberTerm(name: CronFieldName, rule: CronFieldRule, part: string, match: RegExpExecArray): CronTerm | string {
  const first = Number(match[1]);
  const last = match[2] === undefined ? (match[3] === undefined ? first : rule.max) : Number(match[2]);
  const wrong = [first, last].find((value) => value < rule.min || value > rule.max);
  if (wrong !== undefined) {
    const monday = name === 'dayOfWeek' ? ' (0 = Monday, 6 = Sunday)' : '';
    return `"${part}" is out of range: ${rule.label}s are ${rule.min} to ${rule.max}${monday}.`;
  }
  if (first > last) return `"${part}" runs backwards; write two values, such as ${splitRange(rule, first, last)}.`;
  // APScheduler measures a range that ends in 0 as one without an end.
  return rangeTerm(rule, part, first, last, match[3], (last || rule.max) - first);
}

function nameTerm(rule: CronFieldRule, part: string, firstName: string, lastName: string | undefined) {
  const first = rule.names.indexOf(firstName) + rule.min;
  const last = lastName === undefined ? first : rule.names.indexOf(lastName) + rule.min;
  if (first < rule.min || last < rule.min) {
    return `"${part}" is not a ${rule.label}; the names are ${rule.names.join(', ')}.`;
  }
  if (first > last) return `"${part}" runs backwards; write two values, such as ${splitRange(rule, first, last)}.`;
  return { kind: 'range', first, last, step: 1 } as const;
}

function rangeTerm(
  rule: CronFieldRule,
  part: string,
  first: number,
  last: number,
  stepText: string | undefined,
  width: number,
): CronTerm | string {
  const step = Number(stepText ?? 1);
  if (step === 0) return `"${part}" has a step of 0; a step is 1 or more.`;
  if (stepText !== undefined && step > width) {
    return `"${part}" has a step that is wider than its range of ${rule.label}s; the most it can be is ${width}.`;
  }
  return { kind: 'range', first, last, step };
}

function weekdayOfMonthTerm(part: string, place: string, dayName: string): CronTerm | string {
  const weekday = CRON_FIELD_RULES.dayOfWeek.names.indexOf(dayName);
  if (weekday < 0) return `"${part}" needs the name of a weekday after ${place}: ${WEEKDAY_NAMES.join(', ')}.`;
  return { kind: 'weekdayOfMonth', nth: place === 'last' ? 'last' : Number(place[0]), weekday };
}

/** A backward range as the two forward ones that its author may have meant. */
function splitRange(rule: CronFieldRule, first: number, last: number): string {
  const nameOf = (value: number) => rule.names[value - rule.min] ?? String(value);
  const span = (from: number, to: number) => (from === to ? nameOf(from) : `${nameOf(from)}-${nameOf(to)}`);
  return `"${span(first, rule.max)},${span(rule.min, last)}"`;
}

function formsOf(name: CronFieldName, rule: CronFieldRule): string {
  const { min, max } = rule;
  const numbers = `"*", "*/n", or numbers from ${min} to ${max} as "a", "a-b", "a-b/n" or a list of them`;
  if (name === 'day')
    return `${numbers}, "last", "2nd fri" or "last fri" (weekday names alone go into the weekday field)`;
  return rule.names.length > 0 ? `${numbers}, or names (${rule.names.join(', ')})` : numbers;
}
