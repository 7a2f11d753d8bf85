import type { Ctx } from '../auth/actor.js';
import { seesClient } from '../auth/scope.js';
import { RowQuery } from '../db/row-query.js';
import type { Reader, Tx } from '../db/transaction.js';
import { JobRunEntity, type JobRunRow } from '../entities/run.js';
import { NotFoundError, StateError } from '../lib/errors.js';
import type { JobsDeps } from './deps.js';
import { lockJob } from './job-store.js';

/** What every write of an agent carries: its run, its session, and the number of its claim. */
export interface Hold {
  runId: string;
  sessionId: string;
  fence: number;
}

/** The run with this id. Throws NotFoundError when the caller may see none. */
export async function findRun(reader: Reader, ctx: Ctx, id: string, path = 'id'): Promise<JobRunRow> {
  const [run] = await new RowQuery(reader, JobRunEntity, 'run').andWhere('run.id = :id', { id }).rows(null, [], 1);
  if (!run || !seesClient(ctx, run.project, run.clientKey)) throw new NotFoundError('run', id, [path]);
  return run;
}

/** The run as it is now, locked until the transaction ends. */
export async function lockRun(tx: Tx, id: string): Promise<JobRunRow> {
  const query = new RowQuery(tx, JobRunEntity, 'run').andWhere('run.id = :id', { id }).lock('write');
  const [run] = await query.rows(null, [], null);
  if (!run) throw new Error(`The run ${id} is gone.`);
  return run;
}

/** The lease is another's, or nobody's: the agent must stop what it does for this run. */
export function leaseLost(run: JobRunRow): StateError {
  const why = run.state === 'ENDED' ? `has ended (${run.result})` : 'is not held under this session and fence any more';
  return new StateError('LEASE_LOST', `The run "${run.id}" ${why}: end what you do for it.`, ['fence']);
}

/**
 * Renews the lease of a run that the transaction has locked, right before the commit: the transaction may wait for other
 * rows as long as it must, and would commit a lease that is over.
 */
export function renewAtCommit(tx: Tx, { db, settings }: JobsDeps, { runId, sessionId, fence }: Hold): void {
  tx.beforeCommit(() => {
    const sql = `UPDATE job_runs SET lease_until = ${db.nowSql()} + ${settings.runLease}
      WHERE id = ? AND state = 'RUNNING' AND lease_owner = ? AND fence = ?`;
    return tx.execute(sql, [runId, sessionId, fence]);
  });
}

/**
 * The run that an agent says it holds, locked, and whether it does; then its lease is renewed: whoever writes is alive.
 * A lease that has run out and that nobody has ended yet is as good as before: the fence tells. `withJob` locks the
 * run's job first, for writes that may end the run (the order in which everybody locks).
 *
 * Throws NotFoundError when the caller may not see the run.
 */
export async function lockedRun(
  tx: Tx,
  deps: JobsDeps,
  ctx: Ctx,
  hold: Hold,
  withJob: boolean,
): Promise<{ run: JobRunRow; isHeld: boolean }> {
  const seen = await findRun(tx, ctx, hold.runId, 'runId');
  if (withJob) await lockJob(tx, seen.jobId);
  const run = await lockRun(tx, hold.runId);
  const isHeld = run.state === 'RUNNING' && run.leaseOwner === hold.sessionId && run.fence === hold.fence;
  if (!isHeld) return { run, isHeld };
  renewAtCommit(tx, deps, hold);
  // Asked now, not before the wait for the row: what comes of the report happened later than that.
  return { run: { ...run, leaseUntil: (await tx.now()) + deps.settings.runLease }, isHeld };
}

/** The run that an agent holds, as `lockedRun` says; besides throws StateError LEASE_LOST when it does not hold it. */
export async function heldRun(tx: Tx, deps: JobsDeps, ctx: Ctx, hold: Hold, withJob: boolean): Promise<JobRunRow> {
  const { run, isHeld } = await lockedRun(tx, deps, ctx, hold, withJob);
  if (!isHeld) throw leaseLost(run);
  return run;
}
