import type { RunOutputAttemptRow } from '../entities/run.js';

/** The counts of a run's output, and of one attempt's. */
export interface OutputMeter {
  /** The last position given in the run. */
  readonly position: number;
  /** All that came in the run, kept or not. */
  readonly bytes: number;
  readonly lines: number;
  readonly attempt: RunOutputAttemptRow;
}

/** The line ends in a text. */
function lineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** The counts after one more piece of the attempt. Pieces up to `headLimit` bytes of it are the head, kept for good. */
export function afterPiece(meter: OutputMeter, text: string, headLimit: number): OutputMeter {
  const bytes = meter.bytes + Buffer.byteLength(text);
  const position = meter.position + 1;
  const { attempt } = meter;
  const lines = meter.lines + lineEnds(text);
  const isHead = bytes - attempt.bytesBefore <= headLimit && attempt.headPosition === meter.position;
  const lastSequence = attempt.lastSequence + 1;
  const head = isHead ? { headPosition: position, headBytes: bytes, headLines: lines, tailFrom: bytes } : {};
  return { position, bytes, lines, attempt: { ...attempt, lastSequence, ...head } };
}

/**
 * From where on the tail is kept, as a count of the run's bytes: pieces of the tail that begin before it go. Nothing
 * goes until the tail is full; then an eighth of it goes at once, so that not every piece costs a deletion.
 */
export function keptTailFrom(meter: OutputMeter, tailLimit: number): number {
  const { tailFrom } = meter.attempt;
  if (meter.bytes - tailFrom <= tailLimit) return tailFrom;
  return meter.bytes - Math.floor((tailLimit * 7) / 8);
}
