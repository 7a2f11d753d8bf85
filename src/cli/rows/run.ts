import type { RunLineFragment, TaskLineFragment } from '@orrery/sdk';
import { instant, type Row } from '../output/cell.js';

/** What a list of runs shows. */
export const RUN_COLUMNS = [
  'number',
  'job',
  'state',
  'result',
  'trigger',
  'timeStart',
  'timeEnd',
  'seconds',
  'client',
  'reason',
];

/** Seconds between two instants of the API; null while one is missing. */
export function secondsBetween(start: string | null, end: string | null): number | null {
  return start === null || end === null ? null : (Date.parse(end) - Date.parse(start)) / 1_000;
}

/** A run as a row. */
export function runRow(run: RunLineFragment): Row {
  return {
    number: run.number,
    id: run.id,
    job: run.name,
    project: run.project,
    state: run.state,
    status: run.status,
    result: run.result,
    reason: run.reason ?? run.waitMessage,
    waitReason: run.waitReason,
    progress: run.progress,
    message: run.message,
    trigger: run.trigger,
    requestedBy: run.requestedBy,
    scheduledFor: instant(run.scheduledFor),
    createdAt: instant(run.createdAt),
    timeStart: instant(run.timeStart),
    timeEnd: instant(run.timeEnd),
    seconds: secondsBetween(run.timeStart, run.timeEnd),
    client: run.clientKey,
    clientState: run.clientState,
    waitUntil: instant(run.waitUntil),
    jobRevision: run.jobRevision,
  };
}

/** What a list of a run's tasks shows. */
export const TASK_COLUMNS = ['task', 'attempt', 'status', 'exitCode', 'timeStart', 'seconds', 'reason'];

/** An attempt of a task as a row. */
export function taskRow(task: TaskLineFragment): Row {
  return {
    task: task.name,
    id: task.id,
    number: task.number,
    node: task.nodeId,
    attempt: task.attempt,
    status: task.status,
    exitCode: task.exitCode,
    timeStart: instant(task.timeStart),
    timeEnd: instant(task.timeEnd),
    seconds: task.duration === null ? null : Math.round(task.duration * 1_000) / 1_000,
    reason: task.reason,
  };
}
