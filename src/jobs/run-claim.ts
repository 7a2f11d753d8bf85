import type { Ctx } from '../auth/actor.js';
import { RowQuery } from '../db/row-query.js';
import type { Tx } from '../db/transaction.js';
import { ClientEntity } from '../entities/client.js';
import type { JobRunRow } from '../entities/run.js';
import { apply } from '../history/apply.js';
import { ConflictError, NotFoundError, StateError } from '../lib/errors.js';
import type { JobsDeps } from './deps.js';
import { lockJob } from './job-store.js';
import { onRunStarted } from './lifecycle.js';
import { type Advanced, advance } from './run-advance.js';
import { findRun, lockRun, renewAtCommit } from './run-lock.js';
import { tellRun } from './run-tell.js';

/** Throws unless this session is the one that the run's client registered last: two agents with one client id do not both run. */
async function requireSession(tx: Tx, run: JobRunRow, sessionId: string): Promise<void> {
  const query = new RowQuery(tx, ClientEntity, 'client').andWhere("client.slot = ''");
  query.andWhere('client.project = :project AND client.key = :key', { project: run.project, key: run.clientKey });
  const [client] = await query.rows(['sessionId', 'hostname'], [], 1);
  if (!client) throw new NotFoundError('client', run.clientKey, ['sessionId']);
  if (client.sessionId === sessionId) return;
  const message = `Another agent has registered as "${run.clientKey}" (on ${client.hostname}): only the last one gets work.`;
  throw new ConflictError(message, ['sessionId']);
}

const CLAIM = `UPDATE job_runs SET state = 'RUNNING', status = 'RUNNING', lease_owner = ?, lease_until = ?,
  wait_until = NULL, fence = fence + 1, started_at = COALESCE(started_at, ?)
  WHERE id = ? AND state = 'WAITING' AND (wait_until IS NULL OR wait_until > ?)`;

function notClaimable(run: JobRunRow, sessionId: string): StateError {
  if (run.state === 'ENDED')
    return new StateError('LEASE_LOST', `The run "${run.id}" has ended (${run.result}).`, ['runId']);
  if (run.state === 'WAITING')
    return new StateError('LEASE_LOST', `The run "${run.id}" was not taken in time.`, ['runId']);
  const who = run.leaseOwner === sessionId ? 'this session' : 'another session';
  const message = run.state === 'BUFFERED' ? 'waits for the run before it' : `is held by ${who}`;
  return new StateError('LEASE_LOST', `The run "${run.id}" ${message}.`, ['runId']);
}

/**
 * Gives a waiting run to an agent's session, by one conditional write: of many that ask, one gets it. Asked again by
 * the session that holds it (its answer was lost), it answers the same. Answers what to do first.
 *
 * Throws NotFoundError, ConflictError when another agent has registered for the client since, StateError LEASE_LOST
 * when the run is not to be had.
 */
export async function claimRun(deps: JobsDeps, ctx: Ctx, runId: string, sessionId: string): Promise<Advanced> {
  return deps.db.transaction(async (tx) => {
    const seen = await findRun(tx, ctx, runId, 'runId');
    await requireSession(tx, seen, sessionId);
    const job = await lockJob(tx, seen.jobId);
    const now = await tx.now();
    const count = await tx.execute(CLAIM, [sessionId, now + deps.settings.runLease, now, runId, now]);
    const run = await lockRun(tx, runId);
    // Also of a claim that is made again: the agent counts from the moment it asked.
    renewAtCommit(tx, deps, { runId, sessionId, fence: run.fence });
    if (count === 0) {
      if (run.state === 'RUNNING' && run.leaseOwner === sessionId) return advance(tx, deps, run);
      throw notClaimable(run, sessionId);
    }
    const { transactions } = await apply(tx, deps, [{ transactionId: run.id, reportId: null, startedAt: now }]);
    if (run.fence === 1) await onRunStarted(tx, deps, job, run);
    const statusBefore = run.fence === 1 ? 'PENDING' : run.status;
    const progress = transactions.get(run.id)?.progress ?? null;
    await tellRun(tx, deps, [{ run, jobKey: job.key, reason: null, progress, statusBefore }]);
    return advance(tx, deps, run);
  });
}
