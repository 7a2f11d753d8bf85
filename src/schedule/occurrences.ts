import { DAY, SECOND } from '../lib/time.js';
import { LAST_INSTANT } from './civil.js';
import { nextWallSecond } from './cron-search.js';
import { cronTables } from './cron-tables.js';
import { UNIT_LENGTHS } from './interval-text.js';
import type { CronSchedule, IntervalLength, IntervalSchedule, Schedule } from './types.js';
import { type Zone, zoneOf } from './zone.js';

/** Tells the first due time strictly after an instant, or null; both are epoch milliseconds. */
export type NextOccurrence = (after: number) => number | null;

// A day before the epoch: the wall clocks east of UTC are in 1970 already.
const FIRST_INSTANT = -DAY;

/** The due times of a schedule, with what is fixed about it worked out once. */
export function occurrencesOf(schedule: Schedule): NextOccurrence {
  switch (schedule.kind) {
    case 'none':
      return () => null;
    case 'date':
      return (after) => (schedule.at > after ? schedule.at : null);
    case 'interval':
      return bounded(intervalOccurrences(schedule), schedule.end);
    case 'cron':
      return bounded(cronOccurrences(schedule), schedule.end);
  }
}

/** No due time lies after the end, which is inclusive, nor outside the calendar. */
function bounded(next: NextOccurrence, end: number | null): NextOccurrence {
  const latest = end === null ? LAST_INSTANT : Math.min(end, LAST_INSTANT);
  return (after) => {
    if (after >= latest) return null;
    const at = next(Math.max(after, FIRST_INSTANT));
    return at !== null && at <= latest ? at : null;
  };
}

/** The first matching wall time that the clock has not reached yet, put on the time line. */
function cronOccurrences({ fields, start, timezone }: CronSchedule): NextOccurrence {
  const tables = cronTables(fields);
  const zone = zoneOf(timezone);
  return (after) => {
    const reached = zone.wallReached(start === null ? after : Math.max(after, start - 1));
    const wall = nextWallSecond(tables, Math.floor(reached / SECOND) + 1);
    return wall === null ? null : zone.instantOf(wall * SECOND);
  };
}

function intervalOccurrences(schedule: IntervalSchedule): NextOccurrence {
  const { anchor, every } = schedule;
  if (every === 'continuous') return (after) => Math.max(schedule.start ?? after, after + SECOND);
  const length = every.count * UNIT_LENGTHS[every.unit];
  if (!keepsWallClock(every)) {
    return (after) => (after < anchor ? anchor : anchor + (Math.floor((after - anchor) / length) + 1) * length);
  }
  const zone = zoneOf(schedule.timezone);
  const anchorWall = zone.wallOf(anchor);
  return (after) => (after < anchor ? anchor : zone.instantOf(nextStep(zone, anchorWall, length, after)));
}

/** Whether an interval follows the wall clock across a clock change, as days and weeks do. */
export function keepsWallClock({ unit }: IntervalLength): boolean {
  return unit === 'day' || unit === 'week';
}

/** The milliseconds between any two due times that follow each other; null where they vary. */
export function fixedLength(schedule: Schedule): number | null {
  if (schedule.kind !== 'interval' || schedule.every === 'continuous' || keepsWallClock(schedule.every)) return null;
  return schedule.every.count * UNIT_LENGTHS[schedule.every.unit];
}

/** The first wall time anchorWall + k * length that the clock has not reached by `after`. */
function nextStep(zone: Zone, anchorWall: number, length: number, after: number): number {
  return anchorWall + (Math.floor((zone.wallReached(after) - anchorWall) / length) + 1) * length;
}
