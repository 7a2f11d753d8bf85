import { DAY, SECOND } from '../lib/time.js';
import { nextWallSecond } from './cron-search.js';
import { cronTables } from './cron-tables.js';
import { formatInstant } from './date-text.js';
import { UNIT_LENGTHS } from './interval-text.js';
import { keepsWallClock } from './occurrences.js';
import type { Schedule } from './types.js';
import { type Zone, zoneOf } from './zone.js';

/** The clock of a zone is put forward or back. Offsets are wall clock minus UTC; all values are milliseconds. */
export interface ClockChange {
  readonly at: number;
  readonly offsetBefore: number;
  readonly offsetAfter: number;
}

/** One due time as its schedule's wall clock shows it. */
export interface FireDescription {
  /** Epoch milliseconds. */
  readonly at: number;
  /** ISO 8601 with the zone's offset. */
  readonly local: string;
  /**
   * MOVED: the wall time meant is skipped by a clock change, and this is the moment right after it. REPEATED: the wall
   * time comes twice, and this is the first. Null when no clock change touches this due time.
   */
  readonly effect: 'MOVED' | 'REPEATED' | null;
  /** The clock change behind the effect. */
  readonly change: ClockChange | null;
}

// A look further ahead says nothing: no zone's rules are known for so long.
const LONGEST_LOOK = 36_525 * DAY;

/**
 * The clock changes of a zone in (from, to], in order, at most `limit` of them and no more than 100 years ahead. Epoch
 * milliseconds.
 */
export function clockChangesBetween(timezone: string, from: number, to: number, limit = 100): ClockChange[] {
  const zone = zoneOf(timezone);
  const changes: ClockChange[] = [];
  let segment = zone.segmentAt(from);
  const last = Math.min(to, from + LONGEST_LOOK);
  while (segment.end <= last && changes.length < limit) {
    const next = zone.segmentAt(segment.end);
    if (next.offset !== segment.offset) {
      changes.push({ at: segment.end, offsetBefore: segment.offset, offsetAfter: next.offset });
    }
    segment = next;
  }
  return changes;
}

/** How a due time of a schedule looks on its wall clock, and whether a clock change touches it. */
export function describeFire(schedule: Schedule, at: number): FireDescription {
  const zone = zoneOf(schedule.timezone);
  const touched = touch(schedule, zone, at);
  return { at, local: formatInstant(at, zone), effect: touched?.effect ?? null, change: touched?.change ?? null };
}

function touch(schedule: Schedule, zone: Zone, at: number): Pick<FireDescription, 'effect' | 'change'> | null {
  const segment = zone.segmentAt(at);
  const { offset, offsetBefore } = segment;
  if (at === segment.start && offset > offsetBefore && matchesWithin(schedule, zone, at + offsetBefore, at + offset)) {
    return { effect: 'MOVED', change: { at, offsetBefore, offsetAfter: offset } };
  }
  const next = zone.segmentAt(segment.end);
  if (followsWallClock(schedule) && segment.end + next.offset <= at + offset) {
    return { effect: 'REPEATED', change: { at: segment.end, offsetBefore: offset, offsetAfter: next.offset } };
  }
  return null;
}

function followsWallClock(schedule: Schedule): boolean {
  if (schedule.kind === 'interval') return schedule.every !== 'continuous' && keepsWallClock(schedule.every);
  return schedule.kind === 'cron';
}

/** Whether the schedule means a wall time in [from, to), the stretch that a clock change skips. */
function matchesWithin(schedule: Schedule, zone: Zone, from: number, to: number): boolean {
  if (schedule.kind === 'cron') {
    const wall = nextWallSecond(cronTables(schedule.fields), Math.ceil(from / SECOND));
    return wall !== null && wall * SECOND < to;
  }
  if (schedule.kind !== 'interval' || schedule.every === 'continuous' || !keepsWallClock(schedule.every)) return false;
  const anchorWall = zone.wallOf(schedule.anchor);
  const length = schedule.every.count * UNIT_LENGTHS[schedule.every.unit];
  return anchorWall + Math.ceil((from - anchorWall) / length) * length < to;
}
