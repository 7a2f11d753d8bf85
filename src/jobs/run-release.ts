import type { Ctx } from '../auth/actor.js';
import type { JobRunRow } from '../entities/run.js';
import type { JobsDeps } from './deps.js';
import { type Hold, heldRun } from './run-lock.js';
import { takeBack } from './run-lost.js';

/**
 * An agent that shuts down gives a run back. Nothing of it may run any more. Between two attempts the run waits for its
 * client again; an attempt that was under way is LOST, and its retry rule applies.
 *
 * Throws NotFoundError, StateError LEASE_LOST.
 */
export async function releaseRun(deps: JobsDeps, ctx: Ctx, hold: Hold, reason: string | null): Promise<JobRunRow> {
  return deps.db.transaction(async (tx) => {
    const run = await heldRun(tx, deps, ctx, hold, true);
    const { id: subject, project } = run;
    const detail = reason === null ? {} : { reason };
    await deps.activity(tx, ctx, { action: 'runRelease', subject, project, outcome: 'OK', detail });
    return takeBack(tx, deps, run, reason ?? 'Its agent gave it back.');
  });
}
