import { isConflict, isConnectionLost, isDiskFull } from '../../db/failures.js';
import { ExpectedError, type InputIssue, InvalidInputError } from '../../lib/errors.js';

/** Why a message lies among the dead: a code of the mutations' errors, or of a message that is none. */
export interface Reason {
  readonly code: string;
  readonly message: string;
  /** Each fault of the input by its place. */
  readonly issues: readonly InputIssue[];
}

/**
 * What becomes of a message that was not taken in. `DEAD`: it can never be. `LATER`: it may be once something else has
 * come in (or was a bug, which may be of one moment). `OURS`: nothing is wrong with it, and it stays in the queue.
 * `DOUBTFUL`: the store failed over it, which is ours, unless the store answers and fails over this message each time.
 */
export type Verdict =
  | { readonly kind: 'DEAD' | 'LATER' | 'DOUBTFUL'; readonly reason: Reason }
  | { readonly kind: 'OURS' };

const ofStore = (code: string, what: string): Verdict => ({
  kind: 'DOUBTFUL',
  reason: { code, message: `${what} each time that this message was taken in: the log says how.`, issues: [] },
});

/** What becomes of a message whose taking in failed so. */
export function verdictOf(error: unknown): Verdict {
  if (error instanceof ExpectedError) {
    if (error.code === 'UNAVAILABLE') return { kind: 'OURS' };
    const issues =
      error instanceof InvalidInputError ? error.issues : [{ path: error.inputPath, message: error.message }];
    const reason = { code: error.code, message: error.message, issues };
    return { kind: error.code === 'NOT_FOUND' ? 'LATER' : 'DEAD', reason };
  }
  if (isDiskFull(error)) return { kind: 'OURS' };
  if (isConflict(error)) return ofStore('STORE_CONFLICT', 'Another transaction was in the way');
  if (isConnectionLost(error)) return ofStore('STORE_BROKE_OFF', 'The connection to the database broke');
  const message = 'The server failed over this message: its log says how.';
  return { kind: 'LATER', reason: { code: 'INTERNAL', message, issues: [] } };
}
