import { RowQuery } from '../db/row-query.js';
import type { Tx } from '../db/transaction.js';
import { updateRows } from '../db/write.js';
import { TaskEntity, type TaskRow } from '../entities/ledger.js';
import { JobRunEntity, type JobRunRow } from '../entities/run.js';
import { apply } from '../history/apply.js';
import type { TaskReport } from '../history/report.js';
import type { JobsDeps } from './deps.js';
import { endRun } from './run-end.js';
import { planRun, type RunStep, resolvedAction } from './run-plan.js';
import { tellRun } from './run-tell.js';

/** What an agent may be told to do. */
export type InstructionKind = 'START' | 'CONTINUE' | 'ABORT' | 'ENDED';

/** What the agent that holds a run does next: the server decides, the agent carries it out. */
export interface Instruction {
  kind: InstructionKind;
  /** The attempt it is about; null when the run has ended. */
  task: TaskRow | null;
  /** For START: what to execute. */
  action: Record<string, unknown> | null;
  /** For START: the seconds it may take; null = no limit. */
  timeout: number | null;
  /** For START: milliseconds to wait before; relative, so that the agent's clock does not matter. */
  delay: number;
}

/** A run and what its agent does next. */
export interface Advanced {
  run: JobRunRow;
  instruction: Instruction;
}

const ENDED: Instruction = { kind: 'ENDED', task: null, action: null, timeout: null, delay: 0 };

/** Every attempt of the run's actions. */
export async function attemptsOf(tx: Tx, runId: string): Promise<TaskRow[]> {
  const query = new RowQuery(tx, TaskEntity, 'task').andWhere('task.transactionId = :runId', { runId });
  return query.rows(null, [{ property: 'number', ascending: true }], null);
}

/** How an attempt is named in a report to the ledger. */
export function reportOf(task: TaskRow, status: TaskReport['status'], rest: Partial<TaskReport> = {}): TaskReport {
  const { graphTaskId, taskName, nodeId, attempt, announced } = task;
  return { graphTaskId, taskName, nodeId, attempt, announced, status, ...rest };
}

/** Makes the next attempt of an action, to be started once its interval is over. */
async function makeRetry(
  tx: Tx,
  deps: JobsDeps,
  run: JobRunRow,
  step: Extract<RunStep, { kind: 'RETRY' }>,
): Promise<{ run: JobRunRow; step: Extract<RunStep, { kind: 'START' }> }> {
  const report = { ...reportOf(step.task, 'PENDING'), attempt: step.task.attempt + 1 };
  const { tasks } = await apply(tx, deps, [{ transactionId: run.id, reportId: null, tasks: [report] }]);
  const [task] = tasks;
  if (!task) throw new Error(`The next attempt of ${report.graphTaskId} was not made.`);
  const change = { nextAttemptAt: step.notBefore, progressSequence: 0 };
  await updateRows(tx, JobRunEntity, { id: run.id }, change);
  const after = { ...run, ...change };
  const reason = `${report.graphTaskId} is tried again: attempt ${report.attempt}.`;
  await tellRun(tx, deps, [{ run: after, jobKey: null, reason, progress: null }]);
  return { run: after, step: { kind: 'START', index: step.index, task } };
}

function instructionOf(run: JobRunRow, step: Extract<RunStep, { task: TaskRow }>, now: number): Instruction {
  if (step.kind === 'UNDER_WAY') {
    const kind = run.abortRequestedAt === null ? 'CONTINUE' : 'ABORT';
    return { ...ENDED, kind, task: step.task };
  }
  const action = run.actions[step.index];
  return {
    kind: 'START',
    task: step.task,
    action: action ? resolvedAction(run, action) : null,
    timeout: action?.timeout ?? null,
    delay: Math.max(0, (run.nextAttemptAt ?? now) - now),
  };
}

/**
 * Brings a run to its next step: marks what is skipped, makes the next attempt of what is tried again, ends the run
 * when nothing is left. The run and its job must be locked; `tasks` are its attempts, where they are known.
 */
export async function advance(
  tx: Tx,
  deps: JobsDeps,
  run: JobRunRow,
  tasks: readonly TaskRow[] | null = null,
): Promise<Advanced> {
  if (run.state === 'ENDED') return { run, instruction: ENDED };
  const now = await tx.now();
  const { step, skipped } = planRun(run, tasks ?? (await attemptsOf(tx, run.id)), now);
  if (step.kind === 'END') return { run: await endRun(tx, deps, run, step.result, step.reason), instruction: ENDED };
  const skips = skipped.map(({ task, reason }) => reportOf(task, 'SKIPPED', { reason }));
  if (skips.length > 0) await apply(tx, deps, [{ transactionId: run.id, reportId: null, tasks: skips }]);
  if (step.kind !== 'RETRY') return { run, instruction: instructionOf(run, step, now) };
  const retried = await makeRetry(tx, deps, run, step);
  return { run: retried.run, instruction: instructionOf(retried.run, retried.step, now) };
}
