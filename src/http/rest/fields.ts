import { csvText } from '../../lib/csv.js';
import { isoText } from '../../lib/iso-text.js';

/** An instant as exports show it: ISO 8601 in UTC. */
export const timeOf = (at: number | null): string | null => (at === null ? null : isoText(at));

/** A text as a field of CSV; nothing for null. */
export const csvOf = (value: string | null | undefined): string => (value == null ? '' : csvText(value));

/** Seconds from the beginning to the end; null where one is not known. */
export const durationOf = ({ timeStart, timeEnd }: { timeStart: number | null; timeEnd: number | null }) =>
  timeStart === null || timeEnd === null ? null : (timeEnd - timeStart) / 1_000;
