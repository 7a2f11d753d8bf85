import type { Tx } from '../../db/transaction.js';
import type { JobRow } from '../../entities/job.js';
import type { JobRunRow } from '../../entities/run.js';
import type { JobsDeps } from '../deps.js';
import { changeJob } from '../job-store.js';
import { requestAbort } from '../run-end.js';

const REASON = 'another run of the job takes its place';

/**
 * Aborts the open runs of a job for another one (overlap policy CANCEL_OTHER). True when none is left, so that the new
 * one need not wait: those that had not begun end at once, the others when their agent says so.
 */
export async function makeRoom(tx: Tx, deps: JobsDeps, job: JobRow, open: readonly JobRunRow[]): Promise<boolean> {
  const running = open.filter((run) => run.state === 'RUNNING');
  const unbegun = open.filter((run) => run.state !== 'RUNNING');
  if (running.length > 0 && job.status === 'RUNNING') {
    await changeJob(tx, deps, job, { status: 'ABORTING' }, { reason: REASON });
  }
  // The last made first: ending one must not let another of them go.
  for (const run of unbegun.toReversed()) await requestAbort(tx, deps, [run], REASON);
  await requestAbort(
    tx,
    deps,
    running.filter((run) => run.abortRequestedAt === null),
    REASON,
  );
  return running.length === 0;
}
