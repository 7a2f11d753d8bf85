import type { JobRow } from '../entities/job.js';
import { isPlanned } from './command-table.js';

/**
 * What the author of a job's schedule should know when nothing is planned by it; null when it is. A run under way of a
 * stopped job, and one that is the last, change nothing in that. Pure.
 */
export function unplannedWarning(job: Pick<JobRow, 'status' | 'event' | 'statusBefore'>): string | null {
  if (isPlanned(job)) return null;
  const rest = job.event === 'STOP' ? 'STOPPED' : job.event === 'REMOVE' ? 'REMOVED' : (job.statusBefore ?? job.status);
  return `schedule: nothing is planned while the job is ${rest}; start it to plan it.`;
}
