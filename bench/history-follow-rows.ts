import { createHash } from 'node:crypto';

/** A row of a task, as a dashboard shows it. */
export interface ShownRow {
  readonly id: string;
  readonly name: string;
  readonly nodeId?: string | null;
  readonly status: string;
  readonly timeStart?: string | null;
  readonly timeEnd?: string | null;
}

/** One text for a set of rows, whatever their order: two sets with the same text are the same. */
export function digestOf(rows: Iterable<ShownRow>): string {
  const hash = createHash('sha256');
  const shown = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const { id, name, nodeId, status, timeStart, timeEnd } of shown) {
    hash.update(JSON.stringify([id, name, nodeId, status, timeStart, timeEnd]));
  }
  return hash.digest('hex');
}

/** What the dashboards of one process have seen of one deployment. */
export interface Followed {
  /** One of each dashboard. */
  readonly digests: readonly string[];
  /** What came to every dashboard, as position in the log, and when: epoch milliseconds. */
  readonly arrivals: readonly (readonly [position: number, at: number])[];
  /** How often a dashboard lost its stream and resumed it. */
  readonly resumed: number;
  /** Epoch milliseconds when the last dashboard had every row. */
  readonly at: number;
}
