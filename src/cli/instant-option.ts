import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const LENGTH = /^(\d{1,9})([smhdw])$/;

/** A length of time such as `90s`, `30m`, `12h`, `7d`, `2w`, in milliseconds; null when it is none. */
export function lengthOf(text: string): number | null {
  const [, count, unit] = LENGTH.exec(text) ?? [];
  const size = unit === undefined ? undefined : UNITS[unit];
  return count === undefined || size === undefined ? null : Number(count) * size;
}

function date(text: string): string {
  const at = new Date(text);
  if (!/^\d{4}-\d\d/.test(text) || Number.isNaN(at.getTime())) {
    throw new InvalidArgumentError('It is a date such as 2026-11-21T08:00 or a length of time such as 30m, 12h, 7d.');
  }
  return at.toISOString();
}

/** A moment in the past: a date (naive ones are local), or how long ago. In ISO 8601. Throws InvalidArgumentError. */
export function past(text: string): string {
  const length = lengthOf(text);
  return length === null ? date(text) : new Date(Date.now() - length).toISOString();
}

/** A moment to come: a date (naive ones are local), or in how long. In ISO 8601. Throws InvalidArgumentError. */
export function future(text: string): string {
  const length = lengthOf(text);
  return length === null ? date(text) : new Date(Date.now() + length).toISOString();
}

/** A length of time in whole seconds: `90s`, `30m`, `12h`, `7d`, `2w`. Throws InvalidArgumentError. */
export function seconds(text: string): number {
  const length = lengthOf(text);
  if (length === null) throw new InvalidArgumentError('It is a length of time such as 90s, 30m, 12h, 7d.');
  return length / 1_000;
}
