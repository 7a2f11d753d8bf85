import type { Ctx } from '../auth/actor.js';
import { checkReason } from '../auth/reason.js';
import type { JobRunRow } from '../entities/run.js';
import type { JobsDeps } from './deps.js';
import { type Hold, heldRun } from './run-lock.js';
import { takeBack } from './run-lost.js';

/**
 * An agent that shuts down gives a run back. Nothing of it may run any more. Between two attempts the run waits for its
 * client again; an attempt that was under way is LOST, and its retry rule applies.
 *
 * Throws NotFoundError, InvalidInputError, StateError LEASE_LOST.
 */
export async function releaseRun(deps: JobsDeps, ctx: Ctx, hold: Hold, reason: string | null): Promise<JobRunRow> {
  const why = checkReason(reason);
  return deps.db.transaction(async (tx) => {
    const run = await heldRun(tx, deps, ctx, hold, true);
    const { id: subject, project } = run;
    const detail = why === null ? {} : { reason: why };
    await deps.activity(tx, ctx, { action: 'runRelease', subject, project, outcome: 'OK', detail });
    return takeBack(tx, deps, run, why ?? 'Its agent gave it back.');
  });
}
