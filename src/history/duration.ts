/** When something began and ended, in epoch milliseconds. */
interface Span {
  readonly timeStart: number | null;
  readonly timeEnd: number | null;
}

/**
 * Milliseconds from the beginning to the end; null where one of them is not known, and where reporters say that it ended
 * before it began: clocks differ, or reports came from two of them, and nobody knows how long it took.
 */
export function durationOf({ timeStart, timeEnd }: Span): number | null {
  return timeStart === null || timeEnd === null || timeEnd < timeStart ? null : timeEnd - timeStart;
}
