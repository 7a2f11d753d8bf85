import type { StoredAction } from '../entities/job.js';
import type { TaskRow } from '../entities/ledger.js';
import type { JobRunRow } from '../entities/run.js';
import type { RunResult } from '../history/statuses.js';
import { SECOND } from '../lib/time.js';
import { effectiveAction } from './effective-action.js';

type Planned = Pick<JobRunRow, 'actions' | 'actionDefaults'>;
type Attempt = Pick<TaskRow, 'id' | 'graphTaskId' | 'attempt' | 'status' | 'reason' | 'timeEnd'>;

/** What one action does, its defaults merged in. */
export function resolvedAction(run: Planned, action: StoredAction): Record<string, unknown> {
  return effectiveAction(run.actionDefaults, action.freezerAction);
}

/** The name of an action's task: `<index>-<action>`, so that two backups in one job differ. */
export function actionName(run: Planned, index: number): string {
  const action = run.actions[index];
  const verb = action ? resolvedAction(run, action).action : undefined;
  return `${index}-${typeof verb === 'string' ? verb : 'action'}`;
}

/** What is to be done next in a run. */
export type RunStep<T extends Attempt = TaskRow> =
  /** The attempt waits to be started. */
  | { kind: 'START'; index: number; task: T }
  /** The attempt failed and the action has retries left: another one, not before `notBefore` (epoch milliseconds). */
  | { kind: 'RETRY'; index: number; task: T; notBefore: number }
  /** The attempt is under way. */
  | { kind: 'UNDER_WAY'; index: number; task: T }
  /** Nothing is left to do. */
  | { kind: 'END'; result: RunResult; reason: string | null };

export interface RunPlan<T extends Attempt = TaskRow> {
  step: RunStep<T>;
  /** Tasks that are not executed, because an action before them failed. */
  skipped: { task: T; reason: string }[];
}

function lastAttempts<T extends Attempt>(run: Planned, tasks: readonly T[]): (T | undefined)[] {
  const last = new Map<string, T>();
  for (const task of tasks) {
    const other = last.get(task.graphTaskId);
    if (!other || task.attempt > other.attempt) last.set(task.graphTaskId, task);
  }
  return run.actions.map((_action, index) => last.get(actionName(run, index)));
}

const OVER: ReadonlySet<string> = new Set(['READY', 'SKIPPED']);

/** What an action whose last attempt failed still allows. */
function retryOf<T extends Attempt>(action: StoredAction, index: number, task: T, now: number): RunStep<T> | null {
  if (task.attempt > action.maxRetries) return null;
  return { kind: 'RETRY', index, task, notBefore: (task.timeEnd ?? now) + action.maxRetriesInterval * SECOND };
}

function endOf(failed: Attempt | null, last: Attempt | null, actions: number): RunStep<never> {
  if (!failed) return { kind: 'END', result: 'SUCCESS', reason: actions === 0 ? 'The job has no actions.' : null };
  const reason = failed.reason ? `${failed.graphTaskId}: ${failed.reason}` : `${failed.graphTaskId} failed.`;
  return { kind: 'END', result: last?.status === 'LOST' ? 'LOST' : 'FAIL', reason };
}

/**
 * What comes next in a run, from its actions and the attempts there are: actions run in order; a failed one is tried
 * again as often as it allows; after a failure later ones are skipped, unless they are mandatory; an abort lets what is
 * under way end and starts nothing more. Pure: an agent that lost the answer asks again.
 */
export function planRun<T extends Attempt>(
  run: Planned & Pick<JobRunRow, 'abortRequestedAt' | 'abortReason'>,
  tasks: readonly T[],
  now: number,
): RunPlan<T> {
  const skipped: RunPlan<T>['skipped'] = [];
  let failed: T | null = null;
  let last: T | null = null;
  const aborting = run.abortRequestedAt !== null;
  for (const [index, task] of lastAttempts(run, tasks).entries()) {
    const action = run.actions[index];
    if (!task || !action) continue;
    if (task.status === 'RUNNING') return { step: { kind: 'UNDER_WAY', index, task }, skipped };
    if (task.status === 'READY') last = task;
    if (aborting || OVER.has(task.status)) continue;
    if (task.status === 'PENDING') {
      if (!failed || action.mandatory) return { step: { kind: 'START', index, task }, skipped };
      skipped.push({ task, reason: `${failed.graphTaskId} failed.` });
      continue;
    }
    const retry = failed && !action.mandatory ? null : retryOf(action, index, task, now);
    if (retry) return { step: retry, skipped };
    failed ??= task;
    last = task;
  }
  if (aborting) return { step: { kind: 'END', result: 'ABORTED', reason: run.abortReason }, skipped };
  return { step: endOf(failed, last, run.actions.length), skipped };
}
