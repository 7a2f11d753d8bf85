import type { Ctx } from '../../auth/actor.js';
import { byWhom, checkReason } from '../../auth/reason.js';
import type { Tx } from '../../db/transaction.js';
import type { JobRow } from '../../entities/job.js';
import type { JobRunRow } from '../../entities/run.js';
import { StateError } from '../../lib/errors.js';
import { type Command, type CommandOutcome, type Effect, type Transition, transitionOf } from '../command-table.js';
import { JOB_RUN_KIND, type JobsDeps } from '../deps.js';
import { changeJob, type JobName, lockJob, lockNamedJob } from '../job-store.js';
import { requestAbort } from '../run-end.js';
import { openRuns } from '../run-store.js';
import { firstDue, hasNothingAhead, scheduleOf } from '../schedule-of.js';

/** A command to a job, with why it is given. */
export interface CommandInput extends JobName {
  reason?: string | null | undefined;
}

/** What a command came to. */
export interface CommandPayload {
  job: JobRow;
  outcome: CommandOutcome;
  /** The run it made or waits for; null where there is none. */
  run: JobRunRow | null;
}

/** A command under way: the job locked, its open runs, its cell of the table. */
export interface Underway {
  tx: Tx;
  ctx: Ctx;
  job: JobRow;
  open: JobRunRow[];
  cell: Transition;
  now: number;
  reason: string | null;
}

export const removed = (job: Pick<JobRow, 'key'>): StateError =>
  new StateError('JOB_REMOVED', `The job "${job.key}" was removed.`);

const exhausted = (job: JobRow): StateError =>
  new StateError('SCHEDULE_EXHAUSTED', `The schedule of "${job.key}" has no due time ahead: change it first.`);

/**
 * Finds and locks the job, reads its cell of the command table, does `work`, and keeps who did it, in one transaction.
 * Throws NotFoundError,
 * InvalidInputError for a reason that is too long, and StateError where the table refuses the command.
 */
export async function underTable<Payload extends CommandPayload>(
  deps: JobsDeps,
  ctx: Ctx,
  command: Command,
  action: string,
  input: CommandInput,
  work: (underway: Underway) => Promise<Payload>,
): Promise<Payload> {
  const reason = checkReason(input.reason);
  return deps.db.transaction(async (tx) => {
    const job = await lockNamedJob(tx, ctx, input);
    const cell = transitionOf(command, job);
    if (cell.outcome === 'JOB_REMOVED') throw removed(job);
    const open = await openRuns(tx, [job.id]);
    const payload = await work({ tx, ctx, job, open, cell, now: await tx.now(), reason });
    const { outcome } = payload;
    const detail = { command: outcome, ...(reason === null ? {} : { reason }) };
    await deps.activity(tx, ctx, { action, subject: job.id, project: job.project, outcome: 'OK', detail });
    return payload;
  });
}

/** Which open runs an effect ends, those that have not begun first: what is behind them must not take their place. */
function doomed(effect: Effect, open: readonly JobRunRow[]): JobRunRow[] {
  const unbegun = open.filter((run) => run.state !== 'RUNNING');
  const buffered = unbegun.filter((run) => run.state === 'BUFFERED');
  const waiting = unbegun.filter((run) => run.state === 'WAITING');
  if (effect === 'ABORT_WAITING') return [...buffered, ...waiting];
  if (effect === 'DROP_SCHEDULED') return [...buffered, ...waiting].filter((run) => run.scheduledFor !== null);
  if (effect !== 'ABORT') return [];
  return [...buffered, ...waiting, ...open.filter((run) => run.state === 'RUNNING')];
}

/** Writes the cell's new status and event, and the plan that goes with them. */
async function changeControl(deps: JobsDeps, { tx, ctx, job, open, cell, now, reason }: Underway): Promise<JobRow> {
  const change: Partial<JobRow> = {};
  if (cell.status) change.status = cell.status;
  if (cell.event !== undefined) change.event = cell.event;
  if (cell.thenScheduled) change.statusBefore = null;
  if (cell.status === 'REMOVED') change.slot = job.id;
  const schedule = scheduleOf(job);
  const starts = cell.effects.includes('PLAN') || cell.event === 'START';
  if (starts && hasNothingAhead(schedule, now)) throw exhausted(job);
  if (cell.effects.includes('PLAN')) change.nextRunAt = firstDue(schedule, now, open.length > 0);
  if (cell.effects.includes('UNPLAN')) change.nextRunAt = null;
  if (Object.keys(change).length === 0) return job;
  const after = await changeJob(tx, deps, job, change, { reason: reason ?? byWhom(ctx.actor.name) });
  const { id: subject, project, nextRunAt } = after;
  if (nextRunAt === null) await deps.planner.unplan(tx, JOB_RUN_KIND, subject);
  else if ('nextRunAt' in change) await deps.planner.plan(tx, JOB_RUN_KIND, { subject, project, nextRunAt });
  return after;
}

/**
 * Does what the cell of a command says, but for making runs: status, event, plan, and the runs that it ends. Throws
 * StateError with SCHEDULE_EXHAUSTED when a start has nothing ahead.
 */
export async function applyCell(deps: JobsDeps, underway: Underway): Promise<CommandPayload> {
  const { tx, ctx, job, open, cell } = underway;
  await changeControl(deps, underway);
  const runs = cell.effects.flatMap((effect) => doomed(effect, open));
  const reason = underway.reason ?? byWhom(ctx.actor.name);
  for (const run of runs) await requestAbort(tx, deps, [run], reason);
  const idle = cell.outcome === 'NOTHING_TO_DO' && runs.length > 0;
  const outcome = idle || cell.outcome === 'JOB_REMOVED' ? 'ACCEPTED' : cell.outcome;
  return { job: await lockJob(tx, job.id), outcome, run: null };
}
