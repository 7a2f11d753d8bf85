import type { OutputStream } from './executors/executor.js';
import { pause, type Timers } from './timers.js';

/** UTF-8 bytes that a piece has at most: what the server takes. */
const LARGEST_PIECE = 32 * 1024;

/** Milliseconds between two pieces that are not full, so that a slow trickle of lines does not become as many pieces. */
const PIECE_INTERVAL = 200;

/** UTF-8 bytes that may wait; more hold the child back. */
const MOST_WAITING = 256 * 1024;

interface Piece {
  readonly stream: OutputStream;
  text: string;
  bytes: number;
}

/** Cuts a text into parts of at most so many UTF-8 bytes, none in the middle of a character. */
export function cutText(text: string, limit: number): string[] {
  if (Buffer.byteLength(text) <= limit) return [text];
  const bytes = Buffer.from(text);
  const parts: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    let to = Math.min(bytes.length, from + limit);
    // Bytes 10xxxxxx go on with a character.
    while (to < bytes.length && ((bytes[to] ?? 0) & 0xc0) === 0x80) to -= 1;
    parts.push(bytes.toString('utf8', from, to));
    from = to;
  }
  return parts;
}

/**
 * Gathers an attempt's lines into pieces: the first goes at once, then one each fifth of a second or when it is full.
 * Pieces are written one after the other, in the order of the lines.
 */
export class OutputPieces {
  readonly #write: (stream: OutputStream, text: string) => Promise<void>;
  readonly #timers: Timers;
  readonly #onFailure: (error: unknown) => void;
  readonly #waiting: Piece[] = [];
  #bytes = 0;
  #writing: Promise<void> | null = null;
  #hurry = new AbortController();
  #ended = false;
  #hasFailed = false;

  /** `onFailure` is told at once when writing fails, which is once. */
  constructor(
    write: (stream: OutputStream, text: string) => Promise<void>,
    timers: Timers,
    onFailure: (error: unknown) => void,
  ) {
    this.#write = write;
    this.#timers = timers;
    this.#onFailure = onFailure;
  }

  /** Takes lines. A promise asks the caller to wait. After a failure they are thrown away. */
  push(stream: OutputStream, text: string): void | Promise<void> {
    if (this.#hasFailed) return;
    for (const part of cutText(text, LARGEST_PIECE)) this.#add(stream, part);
    this.#writing ??= this.#writeAll();
    if (this.#waiting.length > 1) this.#hurry.abort();
    return this.#bytes > MOST_WAITING ? this.#writing : undefined;
  }

  /** Writes what waits. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#hurry.abort();
    await this.#writing;
  }

  #add(stream: OutputStream, text: string): void {
    const bytes = Buffer.byteLength(text);
    this.#bytes += bytes;
    const last = this.#waiting.at(-1);
    if (last?.stream === stream && last.bytes + bytes <= LARGEST_PIECE) {
      last.text += text;
      last.bytes += bytes;
    } else {
      this.#waiting.push({ stream, text, bytes });
    }
  }

  async #writeAll(): Promise<void> {
    try {
      for (let piece = this.#waiting.shift(); piece; piece = this.#waiting.shift()) {
        await this.#write(piece.stream, piece.text);
        this.#bytes -= piece.bytes;
        // What came meanwhile may still grow; a full piece, another stream or the end does not wait.
        if (this.#waiting.length > 1 || this.#ended) continue;
        await pause(this.#timers, PIECE_INTERVAL, this.#hurry.signal);
        this.#hurry = new AbortController();
      }
    } catch (error) {
      this.#hasFailed = true;
      this.#onFailure(error);
    } finally {
      this.#writing = null;
    }
  }
}
