import type { JobDefinition } from '../entities/job.js';
import { isContinuous, nextFire } from '../schedule/next.js';
import type { Schedule } from '../schedule/types.js';

const KINDS: readonly unknown[] = ['none', 'date', 'interval', 'cron'] satisfies Schedule['kind'][];

function isSchedule(value: Record<string, unknown>): value is Record<string, unknown> & Schedule {
  return KINDS.includes(value.kind) && typeof value.timezone === 'string';
}

/** The schedule as it is kept in a job or a revision. Throws an Error when the column holds something else. */
export function scheduleOf(job: Pick<JobDefinition, 'schedule'>): Schedule {
  if (!isSchedule(job.schedule)) throw new Error('The stored schedule is not one.');
  return job.schedule;
}

/**
 * What `read` makes of a job's schedule; `otherwise` when the stored one cannot be read (its time zone is gone from the
 * platform, say): for answers about many jobs, which one poison job must not spoil.
 */
export function ofReadable<T>(job: Pick<JobDefinition, 'schedule'>, read: (schedule: Schedule) => T, otherwise: T): T {
  try {
    return read(scheduleOf(job));
  } catch {
    return otherwise;
  }
}

/** A schedule as it goes into the column. */
export function storedSchedule(schedule: Schedule): Record<string, unknown> {
  return { ...schedule };
}

/**
 * The first due time of a job that is started at `now` (epoch milliseconds): now itself for a schedule of kind `none`;
 * null when nothing lies ahead, and for a continuous one with a run open, whose next instant is known at that run's end.
 */
export function firstDue(schedule: Schedule, now: number, hasOpenRun: boolean): number | null {
  if (schedule.kind === 'none') return now;
  if (isContinuous(schedule) && hasOpenRun) return null;
  return nextFire(schedule, now);
}

/** Whether a job of this schedule that is started at `now` would never run. */
export function hasNothingAhead(schedule: Schedule, now: number): boolean {
  return firstDue(schedule, now, false) === null;
}
