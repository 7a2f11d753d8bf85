import type { Doorbell } from '../events/doorbell/doorbell.js';
import { outputChannel } from '../events/outbox.js';
import type { OutputLog } from '../events/output-log.js';
import { InvalidInputError } from '../lib/errors.js';
import { type CursorArgument, decodeCursor, encodeCursor } from './cursor.js';
import { PulledStream } from './pulled-stream.js';
import type { ItemFacts } from './stream.js';

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
export function outputPosition(runId: string, cursor: string | null, argument: CursorArgument = 'after'): number {
  if (cursor === null) return 0;
  const { of, position } = decodeCursor(cursor, 'output', argument);
  if (of === runId) return position;
  throw new InvalidInputError([{ path: [argument], message: `This cursor belongs to the output of "${of}".` }]);
}

/** A run's output from a position on. */
export class OutputStream extends PulledStream<OutputPiece> {
  readonly #options: OutputStreamOptions;
  #count = FEWEST;

  constructor(options: OutputStreamOptions, after: number, signal: AbortSignal) {
    super({ doorbell: options.doorbell, channels: [outputChannel(options.runId)], signal }, after);
    this.#options = options;
  }

  protected async read(after: number): Promise<readonly OutputPiece[]> {
    const page = await this.#options.outputs.page(this.#options.runId, after, this.#count);
    if (page.length > 0) this.#count = pieceCount(page);
    return page;
  }

  protected hasEnded(): Promise<boolean> {
    return this.#options.isEnded();
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
}
