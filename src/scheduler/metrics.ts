/** What the scheduler counts; main gives it the registry's counters. */
export interface SchedulerMetrics {
  /** One background job of a kind was fired, so many milliseconds after its instant. */
  fired(kind: string, latenessMs: number): void;
  /** So many due instants of a kind were missed. */
  missed(kind: string, count: number): void;
  /** An instant that was fired already came up again, and was not fired twice. */
  refusedTwice(kind: string): void;
  /** A firing threw; the background job backs off. */
  failed(kind: string): void;
  /** A shard was taken from an owner that had not let go of it. */
  tookOver(): void;
  /** The reconciler, or the making of lock entries, found and mended so many differences. */
  mended(what: 'missing' | 'surplus' | 'moved' | 'entry', count: number): void;
  /** A write was refused because its shard, or its work, has another owner. */
  fenceRefused(): void;
  /** Something became of leased work of a kind. */
  work(kind: string, what: WorkEvent): void;
}

/**
 * What becomes of leased work: taken by this engine; finished, handed back, failed or lost by it (`refused`: it noticed
 * by a write); ended by this engine for one that is gone (`lost`), and parked when that came too often.
 */
export type WorkEvent = 'taken' | 'finished' | 'handed back' | 'failed' | 'refused' | 'lost' | 'parked';

const nothing = (): void => {};

export const NO_METRICS: SchedulerMetrics = {
  fired: nothing,
  missed: nothing,
  refusedTwice: nothing,
  failed: nothing,
  tookOver: nothing,
  mended: nothing,
  fenceRefused: nothing,
  work: nothing,
};

/** Where the scheduler says what went wrong and went on. */
export interface SchedulerLog {
  warn(message: string, error?: unknown): void;
}
