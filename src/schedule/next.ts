import { fixedLength, occurrencesOf } from './occurrences.js';
import type { Schedule } from './types.js';

// All instants here are epoch milliseconds. All functions throw InvalidInputError when the platform does not know the
// schedule's time zone (a schedule that was stored under another version of the time-zone data).

/**
 * The first due time strictly after `after`, or null when none is left. A schedule of kind `none` has no due times;
 * for a continuous interval `after` is taken as the end of the last run.
 */
export function nextFire(schedule: Schedule, after: number): number | null {
  return occurrencesOf(schedule)(after);
}

/** Up to `count` due times after `after`, in order. Of a continuous interval only the first can be known. */
export function nextFires(schedule: Schedule, after: number, count: number): number[] {
  return firesBetween(schedule, after, Number.POSITIVE_INFINITY, count);
}

/** The due times in (from, to], in order, at most `limit` of them. Of a continuous interval only the first is known. */
export function firesBetween(schedule: Schedule, from: number, to: number, limit: number): number[] {
  const next = occurrencesOf(schedule);
  const most = isContinuous(schedule) ? Math.min(limit, 1) : limit;
  const fires: number[] = [];
  let at: number | null = from;
  while (fires.length < most) {
    at = next(at);
    if (at === null || at > to) break;
    fires.push(at);
  }
  return fires;
}

/**
 * The last due time in [from, to], `from` being one: found by halving the stretch, so that a year of seconds costs no more
 * than a few dozen looks.
 */
export function lastFire(schedule: Schedule, from: number, to: number): number {
  const next = occurrencesOf(schedule);
  let [last, behind] = [from, to];
  for (let probe = from; ; probe = Math.floor((last + behind) / 2)) {
    const at = next(probe);
    if (at !== null && at <= to) last = at;
    else if (probe === last) return last;
    else behind = probe;
  }
}

/**
 * How many due times lie in [from, to], both of them being one. Those of an interval of fixed length are worked out, and
 * exact; others are counted, up to `most`.
 */
export function countFires(schedule: Schedule, from: number, to: number, most: number): number {
  const length = fixedLength(schedule);
  return length === null ? 1 + firesBetween(schedule, from, to, most - 1).length : 1 + Math.round((to - from) / length);
}

/** When the next run is due after one that ended at `endedAt`: for a continuous interval one second later. */
export function nextAfterEnd(schedule: Schedule, endedAt: number): number | null {
  return nextFire(schedule, endedAt);
}

/** Whether nothing lies ahead of `after`. A schedule of kind `none` is never used up: it runs whenever it is started. */
export function isExhausted(schedule: Schedule, after: number): boolean {
  return schedule.kind !== 'none' && nextFire(schedule, after) === null;
}

/** Whether the due times depend on when the runs end, so that only the next one can be known. */
export function isContinuous(schedule: Schedule): boolean {
  return schedule.kind === 'interval' && schedule.every === 'continuous';
}
