import { DAY } from '../lib/time.js';
import { dayNumber } from './civil.js';

/** A stretch of time in which a zone's offset from UTC does not change. All values are milliseconds. */
export interface ZoneSegment {
  /** First instant, inclusive. It may be earlier than the last change when the table was cut there. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Wall clock minus UTC. */
  readonly offset: number;
  /** The offset just before `start`. */
  readonly offsetBefore: number;
  /** The latest wall time that was reached before `start`: greater than the first one here when the clock was put back. */
  readonly wallReached: number;
}

/** Tells a zone's offset from UTC, in milliseconds, at an instant. */
export type OffsetReader = (instant: number) => number;

const OFFSET_TEXT = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/**
 * Reads offsets from the platform's time-zone data, about a microsecond each: a source for tables, not for each call.
 * @throws RangeError when the platform does not know the zone
 */
export function offsetReader(timezone: string): OffsetReader {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, timeZoneName: 'longOffset' });
  return (instant) => {
    const [, sign, hours, minutes, seconds] = OFFSET_TEXT.exec(format.format(instant)) ?? [];
    const size = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
    return (sign === '-' ? -size : size) * 1000;
  };
}

// The closest pair of changes in the time-zone database since 1970 is twelve days apart (America/Argentina/Tucuman, 2004).
const SAMPLE_STEP = 3 * DAY;
// Longer than any clock was ever put back, so that a table knows of a change just before its year.
const LEAD = 2 * DAY;

/** The segments that cover one UTC year, in order. They may reach a little before it. */
export function yearSegments(year: number, offsetAt: OffsetReader): ZoneSegment[] {
  const begin = dayNumber(year, 1, 1) * DAY;
  const end = dayNumber(year + 1, 1, 1) * DAY;
  const segments: ZoneSegment[] = [];
  let start = begin - LEAD;
  let offset = offsetAt(start);
  let offsetBefore = offset;
  let wallReached = Number.NEGATIVE_INFINITY;
  const closeAt = (at: number) => {
    if (at > begin) segments.push({ start, end: at, offset, offsetBefore, wallReached });
    wallReached = Math.max(wallReached, at + offset - 1);
  };
  // The latest instant known to have `offset`: the search below needs both of its ends known.
  let known = start;
  while (known < end - 1000) {
    const probe = Math.min(known + SAMPLE_STEP, end - 1000);
    if (offsetAt(probe) !== offset) {
      const change = firstWithOtherOffset(known, probe, offset, offsetAt);
      closeAt(change);
      start = change;
      offsetBefore = offset;
      offset = offsetAt(start);
      known = start;
    } else {
      known = probe;
    }
  }
  closeAt(end);
  return segments;
}

/** The first instant in (low, high] whose offset is not `offset`; all are whole seconds, as all changes are. */
function firstWithOtherOffset(low: number, high: number, offset: number, offsetAt: OffsetReader): number {
  let same = low / 1000;
  let other = high / 1000;
  while (other - same > 1) {
    const middle = Math.floor((same + other) / 2);
    if (offsetAt(middle * 1000) === offset) same = middle;
    else other = middle;
  }
  return other * 1000;
}
