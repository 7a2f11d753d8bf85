import { rfc3339Instant } from '../../lib/rfc3339.js';
import { MINUTE } from '../../lib/time.js';

/** How far a reporter's clock may be ahead of ours: an hour, which is what a wrong time zone makes. */
const LARGEST_LEAD = 60 * MINUTE;
/** 2200-01-01, in epoch seconds: larger numbers are milliseconds by mistake. */
const LAST_SECOND = 7_258_118_400;

/** An instant as reporters write it, in epoch milliseconds; null: nobody said; otherwise what is wrong with it. */
export type ReportedTime = number | null | { fault: 'NO_TIME' | 'IN_FUTURE' };

/** Reads an instant of a report: RFC 3339 with an offset, or epoch seconds (as astute reports them). */
export function reportedTime(value: unknown, now: number): ReportedTime {
  if (value === null || value === undefined) return null;
  const at = epochOf(value);
  if (at === null) return { fault: 'NO_TIME' };
  return at > now + LARGEST_LEAD ? { fault: 'IN_FUTURE' } : at;
}

function epochOf(value: unknown): number | null {
  if (value instanceof Date) return Number.isFinite(value.getTime()) ? value.getTime() : null;
  if (typeof value === 'number') return value >= 0 && value < LAST_SECOND ? Math.round(value * 1_000) : null;
  const at = typeof value === 'string' ? rfc3339Instant(value) : null;
  return at !== null && at >= 0 ? at : null;
}

export const TIME_FORM = 'an instant such as "2026-11-21T08:00:00Z", or epoch seconds';
