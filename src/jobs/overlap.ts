import type { OverlapPolicy } from '../entities/job.js';
import type { JobRunRow } from '../entities/run.js';

/** RUN: at once. BUFFER: made, and waits for the open ones. CANCEL: the open ones are aborted for it. SKIP: not at all. */
export type OverlapDecision = 'RUN' | 'BUFFER' | 'CANCEL' | 'SKIP';

type OpenRun = Pick<JobRunRow, 'state'>;

/**
 * Whether another run of a job may begin beside its open ones (a run that waits for its client is open). While an
 * abort is under way one run may wait for its end, whatever the policy.
 */
export function overlapDecision(policy: OverlapPolicy, open: readonly OpenRun[], aborting = false): OverlapDecision {
  if (open.length === 0) return 'RUN';
  const buffer = open.some((run) => run.state === 'BUFFERED') ? 'SKIP' : 'BUFFER';
  if (aborting) return buffer;
  switch (policy) {
    case 'SKIP':
      return 'SKIP';
    case 'BUFFER_ONE':
      return buffer;
    case 'CANCEL_OTHER':
      return 'CANCEL';
    case 'ALLOW_ALL':
      return 'RUN';
  }
}
