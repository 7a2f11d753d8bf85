import type { ReasonCode } from './reasons.js';

/** COMING lies ahead; DUE has come and is not fired yet. LATE ran, but began more than a minute after its time. */
export type DueOutcome = 'RAN' | 'LATE' | 'WAITING' | 'SKIPPED' | 'MISSED' | 'LOST' | 'FAILED' | 'DUE' | 'COMING';

/** A due instant of a job, or a stretch of consecutive missed ones. Instants are epoch milliseconds. */
export interface DueTime {
  /** With `at` the place in the list. */
  id: string;
  jobId: string;
  at: number;
  /** The last instant of a stretch; null for a single one. */
  until: number | null;
  count: number;
  outcome: DueOutcome;
  reason: ReasonCode | null;
  runId: string | null;
  firedAt: number | null;
  /** When its run began; null while it has not, and for runs that an older server began. */
  startedAt: number | null;
}

/** Which due times; what is left out or null does not narrow. */
export interface DueTimeFilter {
  /** Global ids or keys. */
  jobs?: readonly string[] | null | undefined;
  clientIds?: readonly string[] | null | undefined;
  outcomes?: readonly DueOutcome[] | null | undefined;
}

/** The stretch of time that is looked at; both ends are included. Left out: a day back, a day ahead. */
export interface DueWindow {
  from?: number | null | undefined;
  to?: number | null | undefined;
}

/** A place in the list. */
export interface DuePlace {
  readonly at: number;
  readonly id: string;
}

/** What is read of due times: everything in the window between two places, at most `limit`. */
export interface DueQuery {
  filter: DueTimeFilter;
  from: number;
  to: number;
  /** Only what stands behind this place. */
  after: DuePlace | null;
  /** Only what stands before this place. */
  before: DuePlace | null;
  limit: number;
  now: number;
}

/** The order of the list: by instant, then by id. */
export function compareDue(a: DuePlace, b: DuePlace): number {
  return a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** The instants of the window from one place to the other; both ends are included. */
export function stretchOf({ from, to, after, before }: DueQuery): { from: number; to: number } {
  return { from: Math.max(from, after?.at ?? from), to: Math.min(to, before?.at ?? to) };
}
