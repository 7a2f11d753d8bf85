import { type InputIssue, InvalidInputError } from '../lib/errors.js';
import { isWeekdayNames, readCronField } from './cron-grammar.js';
import { isInstant, readInstant } from './date-text.js';
import { readInterval } from './interval-text.js';
import {
  CRON_FIELDS,
  type CronFieldName,
  type CronSchedule,
  type DateSchedule,
  type IntervalSchedule,
  type NoSchedule,
  type ParsedSchedule,
} from './types.js';
import { findZone, unknownZone, type Zone, zoneOf } from './zone.js';

/** An instant as epoch milliseconds, or as ISO 8601 text that is wall time in the schedule's zone when it has no offset. */
type InstantInput = number | string;

export interface ZoneInput {
  /** IANA name; UTC when it is missing. */
  readonly timezone?: string | null | undefined;
}

interface SpanInput extends ZoneInput {
  /** Inclusive. */
  readonly start?: InstantInput | null | undefined;
  /** Inclusive. */
  readonly end?: InstantInput | null | undefined;
}

export interface DateInput extends ZoneInput {
  readonly at: InstantInput;
}

export interface IntervalInput extends SpanInput {
  /** `continuous`, `N weeks|days|hours|minutes|seconds`, or a short form such as `1d` or `2h30m`. */
  readonly every: string;
}

export type CronInput = SpanInput & { readonly [Name in CronFieldName]?: string | number | null | undefined };

/** How the input calls its keys, for faults and warnings; a key that is not in it is called by its own name. */
export type KeyNames = { readonly [key: string]: string };

/** Gathers faults and warnings, so that the author of a schedule hears of all of them at once. */
class Reader {
  readonly #keys: KeyNames;
  readonly issues: InputIssue[] = [];
  readonly warnings: string[] = [];
  readonly #zone: Zone;

  constructor(timezone: string | null | undefined, keys: KeyNames) {
    this.#keys = keys;
    const name = timezone?.trim() || 'UTC';
    const zone = findZone(name);
    // With an unknown zone the dates are still read, in UTC, so that their faults are told as well.
    this.#zone = zone ?? zoneOf('UTC');
    const key = this.keyOf('timezone');
    if (zone === null) this.issues.push({ path: [key], message: unknownZone(key, name) });
  }

  keyOf(key: string): string {
    return this.#keys[key] ?? key;
  }

  fault(key: string, problem: string): void {
    this.issues.push({ path: [this.keyOf(key)], message: `${this.keyOf(key)}: ${problem}` });
  }

  instant(key: string, input: InstantInput | null | undefined): number | null {
    if (input === undefined || input === null) return null;
    if (typeof input === 'number') {
      if (isInstant(input)) return input;
      this.fault(key, `${input} is not an instant: whole epoch milliseconds from the years 1970 to 9999.`);
      return null;
    }
    const reading = readInstant(input, this.#zone);
    if (reading.fault !== undefined) {
      this.fault(key, reading.fault);
      return null;
    }
    if (reading.warning !== null) this.warnings.push(`${this.keyOf(key)}: ${reading.warning}`);
    return reading.at;
  }

  interval(key: string, text: string): IntervalSchedule['every'] | null {
    const reading = readInterval(text);
    if (reading.fault !== undefined) this.fault(key, reading.fault);
    return reading.every ?? null;
  }

  span({ start, end }: SpanInput): { start: number | null; end: number | null } {
    const span = { start: this.instant('start', start), end: this.instant('end', end) };
    if (span.start !== null && span.end !== null && span.end < span.start) {
      this.fault('end', `lies before ${this.keyOf('start')}; it must be later, or the same.`);
    }
    return span;
  }

  /** The zone's name. @throws InvalidInputError with every fault found, if there was one */
  finish(): string {
    if (this.issues.length > 0) throw new InvalidInputError(this.issues);
    return this.#zone.name;
  }
}

/** No due times: the job runs when it is started. @throws InvalidInputError */
export function noSchedule(input: ZoneInput = {}, keys: KeyNames = {}): ParsedSchedule<NoSchedule> {
  const reader = new Reader(input.timezone, keys);
  return { schedule: { kind: 'none', timezone: reader.finish() }, warnings: [] };
}

/** Once, at an instant. @throws InvalidInputError that lists every fault */
export function dateSchedule(input: DateInput, keys: KeyNames = {}): ParsedSchedule<DateSchedule> {
  const reader = new Reader(input.timezone, keys);
  const at = reader.instant('at', input.at);
  const timezone = reader.finish();
  if (at === null) throw new InvalidInputError(reader.issues);
  return { schedule: { kind: 'date', timezone, at }, warnings: reader.warnings };
}

/**
 * Again and again from the start, or else from `createdAt` (epoch milliseconds), which then fixes the phase for good.
 * @throws InvalidInputError that lists every fault
 */
export function intervalSchedule(
  input: IntervalInput,
  options: { readonly createdAt: number },
  keys: KeyNames = {},
): ParsedSchedule<IntervalSchedule> {
  const reader = new Reader(input.timezone, keys);
  const every = reader.interval('every', input.every);
  const { start, end } = reader.span(input);
  const timezone = reader.finish();
  if (every === null) throw new InvalidInputError(reader.issues);
  const anchor = start ?? options.createdAt;
  return {
    schedule: { kind: 'interval', timezone, every, anchor, start, end },
    warnings: reader.warnings,
  };
}

/** Whenever the wall clock matches all fields. @throws InvalidInputError that lists every fault */
export function cronSchedule(input: CronInput, keys: KeyNames = {}): ParsedSchedule<CronSchedule> {
  const reader = new Reader(input.timezone, keys);
  const fields: { [Name in CronFieldName]?: string } = {};
  for (const name of CRON_FIELDS) {
    const value = input[name];
    if (value === undefined || value === null) continue;
    const text = String(value).trim();
    fields[name] = text;
    if (name === 'day' && isWeekdayNames(text)) {
      reader.fault('day', `"${text}" names weekdays; they go into ${reader.keyOf('dayOfWeek')}.`);
      continue;
    }
    for (const fault of readCronField(name, text).faults) reader.fault(name, fault);
  }
  if (Object.keys(fields).length === 0) {
    reader.issues.push({
      path: [],
      message: `A cron schedule needs at least one of its fields: ${CRON_FIELDS.map((name) => reader.keyOf(name)).join(', ')}.`,
    });
  }
  const { start, end } = reader.span(input);
  const timezone = reader.finish();
  return { schedule: { kind: 'cron', timezone, fields, start, end }, warnings: reader.warnings };
}
