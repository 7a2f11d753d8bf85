import { durationOf } from '../../history/duration.js';
import { csvText } from '../../lib/csv.js';
import { isoText } from '../../lib/iso-text.js';

/** An instant as exports show it: ISO 8601 in UTC. */
export const timeOf = (at: number | null): string | null => (at === null ? null : isoText(at));

/** A text as a field of CSV; nothing for null. */
export const csvOf = (value: string | null | undefined): string => (value == null ? '' : csvText(value));

/** Seconds from the beginning to the end; null where nobody knows. */
export function secondsOf(row: Parameters<typeof durationOf>[0]): number | null {
  const duration = durationOf(row);
  return duration === null ? null : duration / 1_000;
}
