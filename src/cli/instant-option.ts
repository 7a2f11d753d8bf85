import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const LENGTH = /^(\d{1,9})([smhdw])$/;

/** A length of time such as `90s`, `30m`, `12h`, `7d`, `2w`, in milliseconds; null when it is none. */
export function lengthOf(text: string): number | null {
  const [, count, unit] = LENGTH.exec(text) ?? [];
  const size = unit === undefined ? undefined : UNITS[unit];
  return count === undefined || size === undefined ? null : Number(count) * size;
}

const DATE =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|z|[+-]\d{2}(?::?\d{2})?)?)?$/;

/** An offset such as `Z`, `+02` or `-05:30` in milliseconds; null when there is none such. */
function offsetOf(text: string): number | null {
  if (/^z$/i.test(text)) return 0;
  const digits = text.slice(1).replace(':', '').padEnd(4, '0');
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 23 || minutes > 59) return null;
  return (text.startsWith('-') ? -1 : 1) * (hours * 3_600_000 + minutes * 60_000);
}

/**
 * The instant of an ISO 8601 date in epoch milliseconds; without an offset it is what this host's clock shows, and a
 * date alone means midnight. Throws InvalidArgumentError for what is no date, or is not in the calendar.
 */
function instantOf(text: string): number {
  const match = DATE.exec(text.trim());
  if (!match) {
    throw new InvalidArgumentError('It is a date such as 2026-11-21T08:00 or a length of time such as 30m, 12h, 7d.');
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const milliseconds = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  const wall = new Date(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds));
  const real = wall.getUTCFullYear() === year && wall.getUTCMonth() === month - 1 && wall.getUTCDate() === day;
  if (!real || hour > 23 || minute > 59 || second > 59) {
    throw new InvalidArgumentError(`"${text}" is not in the calendar.`);
  }
  if (match[8] === undefined) return new Date(year, month - 1, day, hour, minute, second, milliseconds).getTime();
  const offset = offsetOf(match[8]);
  if (offset === null) throw new InvalidArgumentError(`"${text}" has no valid offset.`);
  return wall.getTime() - offset;
}

const iso = (at: number): string => new Date(at).toISOString();

/** A moment in the past: a date (naive ones are local), or how long ago. In ISO 8601. Throws InvalidArgumentError. */
export function past(text: string): string {
  const length = lengthOf(text);
  return iso(length === null ? instantOf(text) : Date.now() - length);
}

/** A moment to come: a date (naive ones are local), or in how long. In ISO 8601. Throws InvalidArgumentError. */
export function future(text: string): string {
  const length = lengthOf(text);
  return iso(length === null ? instantOf(text) : Date.now() + length);
}

/** A date as it was written, or the moment after a length of time in ISO 8601. Throws InvalidArgumentError. */
export function dateText(text: string): string {
  if (lengthOf(text) !== null) return future(text);
  instantOf(text);
  return text;
}

/** A length of time in whole seconds: `90s`, `30m`, `12h`, `7d`, `2w`. Throws InvalidArgumentError. */
export function seconds(text: string): number {
  const length = lengthOf(text);
  if (length === null) throw new InvalidArgumentError('It is a length of time such as 90s, 30m, 12h, 7d.');
  return length / 1_000;
}
