import type { JobHead } from '../entities/job.js';
import type { JobRunRow } from '../entities/run.js';
import { isPlanned } from './command-table.js';
import { ON_TIME } from './fire-plan.js';
import type { ReasonCode } from './reasons.js';

/** What of a job's oldest open run the answer depends on. */
export type OpenRun = Pick<JobRunRow, 'state'>;

/**
 * Why a job does not run at `now`: one reason. Null while a run of it is under way. `failing`: the scheduler could not
 * fire it. Pure.
 */
export function whyNot(job: JobHead, open: OpenRun | null, failing: boolean, now: number): ReasonCode | null {
  if (open?.state === 'RUNNING') return null;
  if (open?.state === 'WAITING') return 'WAITING_FOR_CLIENT';
  if (open?.state === 'BUFFERED') return 'BUFFERED';
  if (job.status === 'REMOVED') return 'JOB_REMOVED';
  if (job.status === 'COMPLETED') return 'SCHEDULE_EXHAUSTED';
  if (job.status === 'STOPPED') return 'JOB_STOPPED';
  if (job.nextRunAt === null || !isPlanned(job)) return 'RUN_OPEN';
  if (failing) return 'FIRING_FAILED';
  return now - job.nextRunAt > ON_TIME ? 'SERVER_DOWN' : 'NOT_DUE';
}
