import type { JobHead } from '../entities/job.js';
import { InvalidInputError } from '../lib/errors.js';
import {
  type ClockChange,
  clockChangesBetween,
  describeFire,
  type FireDescription,
} from '../schedule/clock-changes.js';
import { isContinuous, nextFires } from '../schedule/next.js';
import type { Schedule } from '../schedule/types.js';
import { isPlanned } from './command-table.js';
import { ofReadable } from './schedule-of.js';

const DEFAULT_FIRES = 10;
const MOST_FIRES = 500;

/** How many due times are asked for. Throws InvalidInputError when it is out of bounds. */
export function fireCount(first: number | null | undefined): number {
  const count = first ?? DEFAULT_FIRES;
  if (count >= 1 && count <= MOST_FIRES) return count;
  throw new InvalidInputError([{ path: ['first'], message: `Ask for 1 to ${MOST_FIRES} due times, not ${count}.` }]);
}

/** The next due times of a schedule and the clock changes on the way to the last of them. */
export interface UpcomingFires {
  fires: FireDescription[];
  clockChanges: ClockChange[];
}

/** The due times of a schedule that starts at `now`; of a continuous one, and of none, only the first is known. */
export function upcomingFires(schedule: Schedule, now: number, count: number): UpcomingFires {
  const instants = schedule.kind === 'none' ? [now] : nextFires(schedule, now, count);
  return describeFires(schedule, instants, now);
}

/** Due times of a schedule as they are shown, and the clock changes from `now` to the last of them. */
export function describeFires(schedule: Schedule, instants: readonly number[], now: number): UpcomingFires {
  const last = instants.at(-1);
  const fires = instants.map((at) => describeFire(schedule, at));
  return { fires, clockChanges: last === undefined ? [] : clockChangesBetween(schedule.timezone, now, last) };
}

/** The due times that a job has ahead, the planned one first; none while its schedule makes no runs. */
export function nextRuns(job: JobHead, count: number): FireDescription[] {
  if (job.nextRunAt === null || !isPlanned(job)) return [];
  const { nextRunAt } = job;
  const fires = (schedule: Schedule): FireDescription[] => {
    const single = isContinuous(schedule) || schedule.kind === 'none';
    const later = single ? [] : nextFires(schedule, nextRunAt, count - 1);
    return [nextRunAt, ...later].slice(0, count).map((at) => describeFire(schedule, at));
  };
  return ofReadable(job, fires, []);
}
