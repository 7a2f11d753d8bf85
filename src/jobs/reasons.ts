/**
 * Why something did not happen, or not yet: the code is kept, the text is for people. Codes are only added, because
 * the rows of an older server are read by a newer one.
 */
export const REASONS = {
  OVERLAP: 'A run of the job was still open, and its overlap policy did not allow another.',
  BUFFERED: 'It waits for the run before it to end.',
  CLIENT_AWAY: 'The client did not take the run in time.',
  WAITING_FOR_CLIENT: 'The run waits for its client to take it.',
  CLIENT_UNKNOWN: 'The run waits: no client is registered under the key it is for.',
  CLIENT_OFFLINE: 'The run waits: its client was not heard of for over a minute.',
  CLIENT_BUSY: 'The run waits: its client is at its limit of runs at once.',
  CLIENT_LATE: 'The client took the run late.',
  HELD_UP: 'The run before it had to end first.',
  SERVER_DOWN: 'No server was there to start it in time.',
  LEASE_EXPIRED: 'The agent that had it was not heard of any more.',
  ABORTED: 'It was aborted before it began.',
  JOB_STOPPED: 'The job is stopped: start it to plan it again.',
  JOB_COMPLETED: 'The job is completed, though due times lie ahead: start it to plan it again.',
  JOB_REMOVED: 'The job was removed.',
  SCHEDULE_EXHAUSTED: 'The schedule is used up: no due time lies ahead.',
  RUN_OPEN: 'The next due time is known when the open run has ended.',
  NOT_DUE: 'The next due time has not come yet.',
  FIRING_FAILED: 'The server could not start it; the log has the cause.',
} as const;

export type ReasonCode = keyof typeof REASONS;

const KNOWN: ReadonlySet<string> = new Set(Object.keys(REASONS));

/** A stored reason for people: the sentence of a code; what a person wrote stays. */
export function reasonText(stored: string | null): string | null {
  return stored !== null && Object.hasOwn(REASONS, stored) ? REASONS[stored as ReasonCode] : stored;
}

/** The code in a stored reason; null when there is none. What is not of this table was a failure of the firing. */
export function reasonCode(stored: string | null): ReasonCode | null {
  if (stored === null) return null;
  return KNOWN.has(stored) ? (stored as ReasonCode) : 'FIRING_FAILED';
}
