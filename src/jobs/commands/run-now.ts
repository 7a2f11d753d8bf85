import type { Ctx } from '../../auth/actor.js';
import type { JobRow } from '../../entities/job.js';
import { SECOND } from '../../lib/time.js';
import { checkOverrides } from '../definition-rules.js';
import type { JobsDeps } from '../deps.js';
import { withOverrides } from '../effective-action.js';
import { Faults } from '../faults.js';
import { lockJob } from '../job-store.js';
import { overlapDecision } from '../overlap.js';
import { createRun } from '../run-store.js';
import { type CommandInput, type CommandPayload, removed, type Underway, underTable } from './apply.js';
import { makeRoom } from './make-room.js';

export interface RunNowInput extends CommandInput {
  /** Keys that replace those of every action's `freezer_action`, but not `action`, for this run only. */
  overrides?: Record<string, unknown> | null | undefined;
}

/** What the command came to, and what is to be said of the overrides. */
export interface RunNowPayload extends CommandPayload {
  warnings: readonly string[];
}

/** What the run is to do, and what is to be said of it. Throws InvalidInputError. */
function actionsOf(job: JobRow, input: RunNowInput): { actions: JobRow['actions']; warnings: readonly string[] } {
  const { overrides } = input;
  if (overrides == null) return { actions: job.actions, warnings: [] };
  const faults = new Faults();
  checkOverrides(faults, overrides, job);
  faults.throwIfAny();
  return { actions: withOverrides(job.actions, overrides), warnings: faults.warnings };
}

/** A run is made at once, unless the job's open runs are in the way: then its overlap policy decides. */
async function makeRun(deps: JobsDeps, underway: Underway, input: RunNowInput): Promise<RunNowPayload> {
  const { tx, ctx, job, open, cell, now } = underway;
  if (job.event === 'REMOVE') throw removed(job);
  const { actions, warnings } = actionsOf(job, input);
  const decision = overlapDecision(job.overlap, open, cell.effects.includes('RUN_AFTER'));
  if (decision === 'SKIP') {
    const buffered = open.find((run) => run.state === 'BUFFERED') ?? null;
    return { job, outcome: buffered ? 'ALREADY_REQUESTED' : 'NOTHING_TO_DO', run: buffered, warnings };
  }
  const free = decision === 'CANCEL' ? await makeRoom(tx, deps, job, open) : decision === 'RUN';
  const run = await createRun(tx, deps, {
    job,
    trigger: 'MANUAL',
    scheduledFor: null,
    actions,
    actionDefaults: job.actionDefaults,
    state: free ? 'WAITING' : 'BUFFERED',
    waitUntil: now + job.catchupWindow * SECOND,
    requestedBy: ctx.actor.name,
  });
  return { job: await lockJob(tx, job.id), outcome: 'ACCEPTED', run, warnings };
}

/**
 * Runs a job once, now; its schedule and its status stay. The run is made in this call and needs no engine. Throws
 * NotFoundError, InvalidInputError (an override that breaks a rule), and StateError: JOB_REMOVED.
 */
export function runJobNow(deps: JobsDeps, ctx: Ctx, input: RunNowInput): Promise<RunNowPayload> {
  return underTable(deps, ctx, 'RUN_NOW', 'jobRunNow', input, (underway) => makeRun(deps, underway, input));
}
