import type { JobDefinition } from '../entities/job.js';
import { MINUTE, SECOND } from '../lib/time.js';
import { countFires, firesBetween, isContinuous, lastFire, nextFire } from '../schedule/next.js';
import { scheduleOf } from './schedule-of.js';

/** How late an instant may be and still count as on time: the time that another engine takes to step in, and more. */
export const ON_TIME = MINUTE;
/** Missed instants that come at varying distances are counted up to here: a stretch that says so many has at least as many. */
export const MOST_COUNTED = 10_000;
/** Runs made by one firing; more are made by the next, which follows at once. */
export const MOST_RUNS = 100;

/** What a due job is to do. All instants are epoch milliseconds. */
export interface FirePlan {
  /** The instants that get a run, in order. */
  run: number[];
  /** The instants that do not, as one stretch up to the last of them; null when there are none. */
  missed: { from: number; until: number; count: number } | null;
  /** The instant it is due at next; null when none is known. */
  next: number | null;
}

type Rules = Pick<JobDefinition, 'schedule' | 'catchup' | 'catchupWindow'>;

/** The due instants from `from` to `to`, both included and `from` being one, at most `limit`. */
function instants(rules: Rules, from: number, to: number, limit: number): number[] {
  return [from, ...firesBetween(scheduleOf(rules), from, to, limit - 1)];
}

/** The stretch of missed instants in [from, to], `from` being one: to the last of them, however many they are. */
function stretch(rules: Rules, from: number, to: number): FirePlan['missed'] {
  const schedule = scheduleOf(rules);
  const until = lastFire(schedule, from, to);
  return { from, until, count: countFires(schedule, from, until, MOST_COUNTED) };
}

/** The instants that get a run: LATEST and NONE: the last one, if it is in time; ALL: every one that is. */
function chosen(rules: Rules, scheduledFor: number, now: number): { run: number[]; more: number | null } {
  const window = rules.catchup === 'NONE' ? ON_TIME : Math.max(rules.catchupWindow * SECOND, ON_TIME);
  const oldest = now - window;
  if (rules.catchup !== 'ALL') {
    const last = lastFire(scheduleOf(rules), scheduledFor, now);
    return { run: last >= oldest ? [last] : [], more: null };
  }
  const first = scheduledFor >= oldest ? scheduledFor : nextFire(scheduleOf(rules), oldest - 1);
  if (first === null || first > now) return { run: [], more: null };
  const found = instants(rules, first, now, MOST_RUNS + 1);
  return { run: found.slice(0, MOST_RUNS), more: found[MOST_RUNS] ?? null };
}

/**
 * What becomes of a job that was due at `scheduledFor`, at `now`: which of the instants since then get a run, which
 * are missed, and what is next. Pure. A continuous schedule has one instant and is never too late for it; what comes
 * after it is known when its run has ended.
 */
export function planFire(rules: Rules, scheduledFor: number, now: number): FirePlan {
  const schedule = scheduleOf(rules);
  if (isContinuous(schedule)) return { run: [scheduledFor], missed: null, next: null };
  const { run, more } = chosen(rules, scheduledFor, now);
  const next = more ?? nextFire(schedule, Math.max(now, scheduledFor));
  const [first] = run;
  if (first === scheduledFor) return { run, missed: null, next };
  return { run, missed: stretch(rules, scheduledFor, first === undefined ? now : first - 1), next };
}
