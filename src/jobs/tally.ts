import type { JobResult, JobRow } from '../entities/job.js';
import { SECOND } from '../lib/time.js';

type Tally = Pick<
  JobRow,
  | 'result'
  | 'successCount'
  | 'failureCount'
  | 'missedCount'
  | 'skippedCount'
  | 'consecutiveFailures'
  | 'lastSuccessAt'
  | 'staleAt'
>;

/** When a job becomes stale that succeeded (or began to be watched) at `since`; epoch milliseconds, null = never. */
export function staleFrom(staleAfter: number | null, since: number): number | null {
  return staleAfter === null ? null : since + staleAfter * SECOND;
}

/**
 * What a run's result changes of the job's figures. FAIL and LOST count as failures; ABORTED and MISSED are results
 * but neither success nor failure; SKIPPED leaves the result before.
 */
export function tally(job: Tally & Pick<JobRow, 'staleAfter'>, result: JobResult, now: number): Partial<Tally> {
  switch (result) {
    case 'SUCCESS':
      return {
        result,
        successCount: job.successCount + 1,
        consecutiveFailures: 0,
        lastSuccessAt: now,
        staleAt: staleFrom(job.staleAfter, now),
      };
    case 'FAIL':
    case 'LOST':
      return { result, failureCount: job.failureCount + 1, consecutiveFailures: job.consecutiveFailures + 1 };
    case 'MISSED':
      return { result, missedCount: job.missedCount + 1 };
    case 'ABORTED':
      return { result };
    case 'SKIPPED':
      return { skippedCount: job.skippedCount + 1 };
  }
}

/** The part of the ended runs that succeeded, 0..1; null before the first. Runs aborted or missed do not count. */
export function successRate(job: Pick<JobRow, 'successCount' | 'failureCount'>): number | null {
  const ended = job.successCount + job.failureCount;
  return ended === 0 ? null : job.successCount / ended;
}
