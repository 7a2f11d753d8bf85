import type { Tx } from '../db/transaction.js';
import { updateRows } from '../db/write.js';
import { JobRunEntity, type JobRunRow } from '../entities/run.js';
import { outputChannel } from '../events/outbox.js';
import { apply } from '../history/apply.js';
import { type RunResult, statusOfResult } from '../history/statuses.js';
import { clip } from '../lib/clip.js';
import type { JobsDeps } from './deps.js';
import { onRunEnded } from './lifecycle.js';
import { tellAssigned, tellRun } from './run-tell.js';

/**
 * Ends a run: closes its transaction (a task that waits is SKIPPED, one under way LOST) and tells its job. The run and
 * its job must be locked.
 */
export async function endRun(
  tx: Tx,
  deps: JobsDeps,
  run: JobRunRow,
  result: RunResult,
  reason: string | null,
): Promise<JobRunRow> {
  const status = statusOfResult(result);
  const end = { status, reason, running: 'LOST' } as const;
  const { transactions } = await apply(tx, deps, [{ transactionId: run.id, reportId: null, end }]);
  const row = transactions.get(run.id);
  const lease = { leaseOwner: null, leaseUntil: null, waitUntil: null, nextAttemptAt: null };
  const change = { ...lease, state: 'ENDED' as const, status, result, endedAt: await tx.now() };
  await updateRows(tx, JobRunEntity, { id: run.id }, change);
  const ended = { ...run, ...change };
  const known = { jobKey: row?.name ?? null, progress: row?.progress ?? null };
  await tellRun(tx, deps, [{ run: ended, ...known, reason, statusBefore: run.status }]);
  // Who follows the output learns that nothing more comes.
  deps.outbox.ringAfterCommit(tx, outputChannel(run.id));
  await onRunEnded(tx, deps, run.jobId, ended, result, reason);
  return ended;
}

/**
 * Asks for the end of open runs. One that an agent holds is ended by it: the order is pushed, and remembered for its
 * next renewal; with the agent away it takes effect when the lease ends. One that nobody has claimed ends at once. The
 * runs and their job must be locked. Returns the runs as they are now.
 */
export async function requestAbort(
  tx: Tx,
  deps: JobsDeps,
  runs: readonly JobRunRow[],
  reason: string | null,
): Promise<JobRunRow[]> {
  const abortRequestedAt = await tx.now();
  const abortReason = reason === null ? null : clip(reason, 255);
  const after: JobRunRow[] = [];
  const held: JobRunRow[] = [];
  for (const run of runs) {
    if (run.state === 'ENDED' || run.abortRequestedAt !== null) {
      after.push(run);
      continue;
    }
    const change = { abortRequestedAt, abortReason };
    await updateRows(tx, JobRunEntity, { id: run.id }, change);
    const asked = { ...run, ...change };
    if (run.state === 'RUNNING') held.push(asked);
    after.push(run.state === 'RUNNING' ? asked : await endRun(tx, deps, asked, 'ABORTED', abortReason));
  }
  await tellAssigned(tx, deps, held, true);
  await tellRun(
    tx,
    deps,
    held.map((run) => ({ run, jobKey: null, reason: abortReason, progress: null })),
  );
  return after;
}
