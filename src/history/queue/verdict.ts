import { isConflict, isConnectionLost } from '../../db/failures.js';
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
 */
export type Verdict = { readonly kind: 'DEAD' | 'LATER'; readonly reason: Reason } | { readonly kind: 'OURS' };

/** What becomes of a message whose taking in failed so. */
export function verdictOf(error: unknown): Verdict {
  if (error instanceof ExpectedError) {
    if (error.code === 'UNAVAILABLE') return { kind: 'OURS' };
    const issues =
      error instanceof InvalidInputError ? error.issues : [{ path: error.inputPath, message: error.message }];
    const reason = { code: error.code, message: error.message, issues };
    return { kind: error.code === 'NOT_FOUND' ? 'LATER' : 'DEAD', reason };
  }
  if (isConnectionLost(error) || isConflict(error)) return { kind: 'OURS' };
  const message = 'The server failed over this message: its log says how.';
  return { kind: 'LATER', reason: { code: 'INTERNAL', message, issues: [] } };
}
