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
  /** A write was refused because its shard has another owner. */
  fenceRefused(): void;
}

const nothing = (): void => {};

export const NO_METRICS: SchedulerMetrics = {
  fired: nothing,
  missed: nothing,
  refusedTwice: nothing,
  failed: nothing,
  tookOver: nothing,
  mended: nothing,
  fenceRefused: nothing,
};

/** Where the scheduler says what went wrong and went on. */
export interface SchedulerLog {
  warn(message: string, error?: unknown): void;
}
