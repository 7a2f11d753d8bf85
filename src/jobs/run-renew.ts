import type { Ctx } from '../auth/actor.js';
import { touchClient } from './client-presence.js';
import type { JobsDeps } from './deps.js';
import { type Advanced, advance } from './run-advance.js';
import { type Hold, heldRun } from './run-lock.js';

/**
 * Renews an agent's lease, and answers what it does next: ABORT when it is asked to. An aborted run of which nothing is
 * under way ends here.
 *
 * Throws NotFoundError, StateError LEASE_LOST.
 */
export async function renewRun(deps: JobsDeps, ctx: Ctx, hold: Hold): Promise<Advanced> {
  const renewed = await deps.db.transaction(async (tx) => {
    const run = await heldRun(tx, deps, ctx, hold, false);
    await touchClient(tx, run.project, run.clientKey);
    return run.abortRequestedAt === null ? advance(tx, deps, run) : null;
  });
  // Only an abort may end the run, and needs its job: rare enough for a transaction of its own.
  return renewed ?? deps.db.transaction(async (tx) => advance(tx, deps, await heldRun(tx, deps, ctx, hold, true)));
}
