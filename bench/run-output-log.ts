/** A line of a log as a backup writes it: 100 bytes, numbered. */
export function logLine(index: number): string {
  return `${`${String(index).padStart(7, '0')} copied /srv/data/customers/2026/11/volume-${index % 97}/`.padEnd(99, 'x')}\n`;
}

/** A part of a log, as one piece of output carries it. */
export interface Piece {
  sequence: number;
  text: string;
}

/** UTF-8 bytes of a piece and of a batch, and pieces of a batch: what an agent sends at most. */
const LARGEST_PIECE = 32 * 1024;
const LARGEST_BATCH = 256 * 1024;
const MOST_PIECES = 500;

/** A log in batches of pieces: its first line, then pieces as full as an agent's, or of one line each. */
export function* batches(lines: number, shape: 'full' | 'single'): Generator<Piece[]> {
  yield [{ sequence: 1, text: logLine(0) }];
  const whole = shape === 'full' ? Math.floor(LARGEST_PIECE / logLine(0).length) : 1;
  const inBatch = Math.min(MOST_PIECES, Math.floor(LARGEST_BATCH / (whole * logLine(0).length)));
  let batch: Piece[] = [];
  let sequence = 1;
  for (let from = 1; from < lines; from += whole) {
    sequence += 1;
    const count = Math.min(whole, lines - from);
    batch.push({ sequence, text: Array.from({ length: count }, (_, index) => logLine(from + index)).join('') });
    if (batch.length < inBatch && from + whole < lines) continue;
    yield batch;
    batch = [];
  }
}

/** Checks that a log comes complete and in order, whatever its pieces are. */
export class LogCheck {
  #next = 0;

  /** Takes the next piece of the log. Throws when a line is missing, doubled or out of its place. */
  take(text: string): void {
    for (const line of text.split('\n').slice(0, -1)) {
      if (`${line}\n` !== logLine(this.#next)) throw new Error(`Line ${this.#next} was expected, not "${line}".`);
      this.#next += 1;
    }
  }

  get lines(): number {
    return this.#next;
  }
}
