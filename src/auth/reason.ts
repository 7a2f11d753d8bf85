import { clip } from '../lib/clip.js';
import { InvalidInputError } from '../lib/errors.js';

/** What a column for a reason holds, in characters. */
const LONGEST_REASON = 255;

/**
 * The reason that came with a command; null when none did. Throws InvalidInputError when it is longer than is kept.
 */
export function checkReason(reason: string | null | undefined): string | null {
  if (reason == null || reason === '') return null;
  if (reason.length <= LONGEST_REASON) return reason;
  const message = `A reason has at most ${LONGEST_REASON} characters, not ${reason.length}.`;
  throw new InvalidInputError([{ path: ['reason'], message }]);
}

/** The reason that stands where none was given. */
export const byWhom = (name: string): string => clip(`by ${name}`, LONGEST_REASON);
