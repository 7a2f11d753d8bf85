import type { TaskRow } from '../entities/ledger.js';
import { durationOf } from './duration.js';

export const TASK_CHANGES = ['NEW', 'GONE', 'STATUS_CHANGED', 'DURATION_CHANGED', 'UNCHANGED'] as const;
export type TaskChange = (typeof TASK_CHANGES)[number];

/** One side of a comparison: the newest attempt of a task on a node. */
export type ComparedTask = Pick<
  TaskRow,
  'id' | 'graphTaskId' | 'taskName' | 'nodeId' | 'status' | 'timeStart' | 'timeEnd'
>;

/** A task on a node in two transactions; null on the side that does not have it. */
export interface TaskDifference {
  readonly before: ComparedTask | null;
  readonly after: ComparedTask | null;
  readonly change: TaskChange;
  /** Milliseconds that it took more than before; null where one side's duration is not known. */
  readonly durationChange: number | null;
}

/** From when on a duration has changed: by both, so that neither short nor long tasks are always told of. */
export interface DurationThreshold {
  /** Milliseconds. */
  readonly least: number;
  /** A share of the duration before. */
  readonly share: number;
}

export const DEFAULT_THRESHOLD: DurationThreshold = { least: 1_000, share: 0.1 };

function changeOf(
  before: ComparedTask | null,
  after: ComparedTask | null,
  durationChange: number | null,
  { least, share }: DurationThreshold,
): TaskChange {
  if (before === null) return 'NEW';
  if (after === null) return 'GONE';
  if (before.status !== after.status) return 'STATUS_CHANGED';
  if (durationChange === null || durationChange === 0) return 'UNCHANGED';
  const size = Math.abs(durationChange);
  return size >= least && size >= share * (durationOf(before) ?? 0) ? 'DURATION_CHANGED' : 'UNCHANGED';
}

/** What became of a task from one transaction to another; at least one side has it. */
export function compareTasks(
  before: ComparedTask | null,
  after: ComparedTask | null,
  threshold: DurationThreshold,
): TaskDifference {
  const [long, longer] = [before && durationOf(before), after && durationOf(after)];
  const durationChange = long === null || longer === null ? null : longer - long;
  return { before, after, durationChange, change: changeOf(before, after, durationChange, threshold) };
}
