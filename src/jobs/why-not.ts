import type { JobHead } from '../entities/job.js';
import type { JobRunRow, RunState } from '../entities/run.js';
import { isExhausted } from '../schedule/next.js';
import type { ClientState } from './client-presence.js';
import { isPlanned } from './command-table.js';
import { ON_TIME } from './fire-plan.js';
import type { ReasonCode } from './reasons.js';
import { ofReadable } from './schedule-of.js';

/** Where the client of a run stands. */
export interface ClientStanding {
  state: ClientState;
  /** The runs that its agent holds. */
  held: number;
  /** The most that it takes at once; null: its agent did not say. */
  most: number | null;
}

/** Why a run does not run yet: one reason; null when it runs or has ended. `standing` counts for one that WAITs. Pure. */
export function waitReason(state: RunState, standing: ClientStanding | null): ReasonCode | null {
  if (state === 'BUFFERED') return 'BUFFERED';
  if (state !== 'WAITING') return null;
  if (standing === null) return 'WAITING_FOR_CLIENT';
  if (standing.state === 'UNKNOWN') return 'CLIENT_UNKNOWN';
  if (standing.state === 'OFFLINE') return 'CLIENT_OFFLINE';
  // An agent that does not say how many it takes is busy with the first.
  return standing.held >= (standing.most ?? 1) ? 'CLIENT_BUSY' : 'WAITING_FOR_CLIENT';
}

/** What of a job's oldest open run the answer depends on. */
export type OpenRun = Pick<JobRunRow, 'state'>;

/** Whether a completed job would be due again if it were started: one that runs once has had its run. */
function hasMore(job: JobHead, now: number): boolean {
  return ofReadable(job, (schedule) => !isExhausted(schedule, now) && schedule.kind !== 'none', false);
}

/**
 * Why a job does not run at `now`: one reason. Null while a run of it is under way. `standing`: of the client of the
 * open run, where that waits for it; `failing`: the scheduler could not fire the job. Pure.
 */
export function whyNot(
  job: JobHead,
  open: OpenRun | null,
  standing: ClientStanding | null,
  failing: boolean,
  now: number,
): ReasonCode | null {
  if (open) return waitReason(open.state, standing);
  if (job.status === 'REMOVED') return 'JOB_REMOVED';
  if (job.status === 'COMPLETED') return hasMore(job, now) ? 'JOB_COMPLETED' : 'SCHEDULE_EXHAUSTED';
  if (job.status === 'STOPPED') return 'JOB_STOPPED';
  if (job.nextRunAt === null || !isPlanned(job)) return 'RUN_OPEN';
  if (failing) return 'FIRING_FAILED';
  return now - job.nextRunAt > ON_TIME ? 'SERVER_DOWN' : 'NOT_DUE';
}
