import type { Ctx } from '../auth/actor.js';
import { seesClient } from '../auth/scope.js';
import type { JobStatus } from '../entities/job.js';
import type { LoggedEvent } from '../events/topics.js';

/** Which changes of status a subscriber wants; what is left out or null does not narrow. */
export interface JobStatusFilter {
  /** Global ids or keys. */
  jobs?: readonly string[] | null | undefined;
  clientIds?: readonly string[] | null | undefined;
  statuses?: readonly JobStatus[] | null | undefined;
}

type Wanted = readonly string[] | null | undefined;

const among = (wanted: Wanted, ...values: string[]): boolean =>
  wanted == null || values.some((value) => wanted.includes(value));

/** Whether the caller may see a change of a job's status, and wants it. */
export function acceptsStatus(ctx: Ctx, filter: JobStatusFilter, event: LoggedEvent<'jobStatusChanged'>): boolean {
  const { key, clientKey, status } = event.payload;
  if (!seesClient(ctx, event.project, clientKey)) return false;
  return among(filter.jobs, event.subject, key) && among(filter.clientIds, clientKey) && among(filter.statuses, status);
}
