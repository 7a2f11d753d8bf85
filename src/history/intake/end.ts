import type { Ctx } from '../../auth/actor.js';
import { TransactionEntity, type TransactionRow } from '../../entities/ledger.js';
import { ConflictError, InvalidInputError, StateError } from '../../lib/errors.js';
import { storable } from '../../lib/names.js';
import { apply } from '../apply.js';
import { isOver } from '../statuses.js';
import type { IntakeDeps } from './deps.js';
import { type DeploymentRef, findDeployment } from './find-deployment.js';
import { reportedTime, TIME_FORM } from './reported-time.js';

export const DEPLOYMENT_ENDS = ['READY', 'ERROR', 'STOPPED'] as const;

/** How a deployment ended. */
export interface DeploymentEnd extends DeploymentRef {
  readonly status: (typeof DEPLOYMENT_ENDS)[number];
  readonly reason?: string | null | undefined;
  /** When, by the reporter's clock; left out: now. */
  readonly time?: unknown;
  /** Which of the deployment's attempts ended; left out: that of its time. */
  readonly attempt?: number | null | undefined;
}

export interface Ended {
  readonly transaction: TransactionRow;
  readonly outcome: 'ENDED' | 'ALREADY_ENDED';
}

const LONGEST_REASON = 4_000;

function timeOf(time: unknown, now: number): number {
  const at = reportedTime(time, now);
  if (at === null || typeof at === 'number') return at ?? now;
  const message =
    at.fault === 'NO_TIME' ? `"time" is ${TIME_FORM}.` : '"time" is more than an hour ahead of this server.';
  throw new InvalidInputError([{ path: ['time'], message }]);
}

/**
 * Whether an end is of an attempt that a reset has left behind. Throws ConflictError for an attempt that there is not.
 */
function isOfBefore({ attempts, resetAt }: TransactionRow, { time, attempt }: DeploymentEnd, at: number): boolean {
  if (attempt == null) return time != null && resetAt !== null && at < resetAt;
  if (attempt >= 1 && attempt <= attempts) return attempt < attempts;
  throw new ConflictError(`The deployment is in its attempt ${attempts}, not ${attempt}.`, ['attempt']);
}

/**
 * Ends a deployment: every task that waits is SKIPPED, every one under way LOST (STOPPED where the deployment was
 * stopped). One that has ended stays as it is, and so does one that a reset has begun anew since. Throws InvalidInputError, NotFoundError, ConflictError, StateError.
 */
export async function endDeployment(deps: IntakeDeps, ctx: Ctx, end: DeploymentEnd): Promise<Ended> {
  const { status } = end;
  const reason = end.reason == null ? null : storable(end.reason);
  if (reason !== null && reason.length > LONGEST_REASON) {
    const message = `A reason has at most ${LONGEST_REASON} characters.`;
    throw new InvalidInputError([{ path: ['reason'], message }]);
  }
  const found = await findDeployment(deps, end);
  return deps.db.transaction(async (tx) => {
    const at = timeOf(end.time, await tx.now());
    const now = await tx.manager.getRepository(TransactionEntity).findOneBy({ id: found.id });
    if (!now) throw new StateError('NOT_FOUND', `The deployment ${found.id} was deleted meanwhile.`);
    if (isOfBefore(now, end, at) || isOver(now.status)) return { transaction: now, outcome: 'ALREADY_ENDED' };
    const running = status === 'STOPPED' ? 'STOPPED' : 'LOST';
    const { transactions } = await apply(tx, deps, [
      { transactionId: found.id, reportId: null, end: { status, reason, running, at } },
    ]);
    const detail = { status, ...(reason === null ? {} : { reason }) };
    await deps.activity(tx, ctx, { action: 'transactionEnd', subject: found.id, project: null, outcome: 'OK', detail });
    return { transaction: transactions.get(found.id) ?? now, outcome: 'ENDED' };
  });
}
