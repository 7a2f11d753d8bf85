import type { Doorbell } from '../events/doorbell/doorbell.js';
import { outputChannel } from '../events/outbox.js';
import type { OutputLog } from '../events/output-log.js';
import { InvalidInputError } from '../lib/errors.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { type ItemFacts, LiveStream } from './stream.js';

/** A piece of a run's output, as it is stored. */
export type OutputPiece = Awaited<ReturnType<OutputLog['page']>>[number];

export interface OutputStreamOptions {
  outputs: OutputLog;
  doorbell: Doorbell;
  runId: string;
  /** Whether the run has ended: then nothing is added any more. Who ends a run rings its output's channel. */
  isEnded: () => Promise<boolean>;
}

/** Pieces read at once, at least and at most; a piece has at most 32 KiB. */
const FEWEST = 8;
const MOST = 64;

/** What the pieces read at once should come to, in UTF-16 units: each reader that is behind holds as much. */
const PAGE_SIZE = 256 * 1024;

/** How many pieces like these to read at once. */
function pieceCount(like: readonly OutputPiece[]): number {
  const size = like.reduce((sum, { text }) => sum + text.length, 0);
  return Math.max(FEWEST, Math.min(MOST, Math.floor((PAGE_SIZE * like.length) / Math.max(1, size))));
}

/** The position that a client's cursor stands for; 0 (the start) without one. Throws InvalidInputError. */
export function outputPosition(runId: string, cursor: string | null): number {
  if (cursor === null) return 0;
  const { of, position } = decodeCursor(cursor, 'output');
  if (of === runId) return position;
  throw new InvalidInputError([{ path: ['after'], message: `This cursor belongs to the output of "${of}".` }]);
}

/** A run's output from a position on. Always pulled from the table: the reader sets the pace. */
export class OutputStream extends LiveStream<OutputPiece> {
  readonly overflow = 'PULL';
  readonly #options: OutputStreamOptions;
  #reached: number;
  #stopListening: (() => void) | undefined;
  #rung = false;
  #wake: (() => void) | undefined;
  #closed = false;
  #count = FEWEST;

  constructor(options: OutputStreamOptions, after: number, signal: AbortSignal) {
    super();
    this.#options = options;
    this.#reached = after;
    if (signal.aborted) this.close();
    else signal.addEventListener('abort', () => this.close(), { once: true });
  }

  get reached(): number {
    return this.#reached;
  }

  async pull(): Promise<readonly OutputPiece[] | null> {
    const page = await this.#options.outputs.page(this.#options.runId, this.#reached, this.#count);
    const last = page.at(-1);
    if (!last || this.#closed) return null;
    this.#reached = last.position;
    this.#count = pieceCount(page);
    return page;
  }

  async more(): Promise<readonly OutputPiece[] | null> {
    // Listening comes before the first look at the table, so no ring after that look is missed.
    this.#listen();
    while (!this.#closed) {
      this.#rung = false;
      const page = await this.pull();
      if (page) return page;
      // Nothing comes after the end: what is not there on a look after it never will be.
      if (await this.#options.isEnded()) return await this.pull();
      await this.#ring();
    }
    return null;
  }

  factsOf(piece: OutputPiece): ItemFacts {
    return { position: piece.position, mergeKey: null };
  }

  cursorAt(position: number): string {
    return encodeCursor({ kind: 'output', of: this.#options.runId }, position);
  }

  from(position: number, signal: AbortSignal): OutputStream {
    return new OutputStream(this.#options, position, signal);
  }

  close(): void {
    this.#closed = true;
    this.#stopListening?.();
    this.#wake?.();
  }

  #listen(): void {
    if (this.#stopListening || this.#closed) return;
    this.#stopListening = this.#options.doorbell.listen(outputChannel(this.#options.runId), () => {
      this.#rung = true;
      this.#wake?.();
    });
  }

  async #ring(): Promise<void> {
    if (this.#rung || this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
