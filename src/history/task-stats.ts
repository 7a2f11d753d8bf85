import type { TaskRow, TaskStatus } from '../entities/ledger.js';
import { durationOf } from './duration.js';

/** What the statistics are made of: the rows of one task name, the newest first. */
export type StatsRow = Pick<TaskRow, 'scope' | 'nodeId' | 'graphTaskId' | 'status' | 'timeStart' | 'timeEnd'>;

/** Figures of the attempts of one task name. */
export interface TaskFigures {
  /** How many attempts there were. */
  readonly attempts: number;
  readonly counts: ReadonlyMap<TaskStatus, number>;
  /** Milliseconds that attempts took which ended READY or ERROR and whose beginning is known; null: there are none. */
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /** 0..1; null: no task ended twice. */
  readonly flakyRate: number | null;
}

/**
 * Whether an attempt went well, as far as it says anything about the task: what was skipped or stopped, waits or runs
 * does not.
 */
const WENT_WELL: Readonly<Record<TaskStatus, boolean | null>> = {
  READY: true,
  ERROR: false,
  LOST: false,
  PENDING: null,
  RUNNING: null,
  SKIPPED: null,
  STOPPED: null,
};

/** The value at or below which `share` of the sorted values lie: the nearest rank, so always one that occurred. */
function percentile(sorted: Float64Array, share: number): number | null {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
}

/** A list of numbers that grows, eight bytes each. */
class Numbers {
  #values = new Float64Array(1_024);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  sorted(): Float64Array {
    return this.#values.slice(0, this.#count).sort();
  }
}

/**
 * Counts, percentiles and the flaky rate of one task name, taken in row by row in the order of time (either way).
 *
 * The flaky rate is the flip rate of Kowalczyk et al., "Modeling and Ranking Flaky Tests at Apple" (ICSE-SEIP 2020):
 * of all pairs of neighbouring attempts of one task on one node, the share whose outcomes differ (READY, as against ERROR
 * or LOST). A task that always fails is broken, not flaky: 0; one that fails every other time: 1.
 */
export class TaskFiguresBuilder {
  readonly #counts = new Map<TaskStatus, number>();
  readonly #durations = new Numbers();
  readonly #outcomes = new Map<string, boolean>();
  #attempts = 0;
  #pairs = 0;
  #flips = 0;

  add(row: StatsRow): void {
    const { scope, nodeId, graphTaskId, status } = row;
    this.#attempts += 1;
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + 1);
    const duration = status === 'READY' || status === 'ERROR' ? durationOf(row) : null;
    if (duration !== null) this.#durations.add(duration);
    const well = WENT_WELL[status];
    if (well === null) return;
    const task = `${scope}\n${nodeId}\n${graphTaskId}`;
    const neighbour = this.#outcomes.get(task);
    this.#outcomes.set(task, well);
    if (neighbour === undefined) return;
    this.#pairs += 1;
    if (neighbour !== well) this.#flips += 1;
  }

  /** How many rows were taken in. */
  get attempts(): number {
    return this.#attempts;
  }

  figures(): TaskFigures {
    const sorted = this.#durations.sorted();
    return {
      attempts: this.#attempts,
      counts: this.#counts,
      p50: percentile(sorted, 0.5),
      p95: percentile(sorted, 0.95),
      p99: percentile(sorted, 0.99),
      flakyRate: this.#pairs === 0 ? null : this.#flips / this.#pairs,
    };
  }
}
