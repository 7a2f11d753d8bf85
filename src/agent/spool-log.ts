import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, HostError, onHost } from './host-error.js';
import { makeDirectory } from './make-directory.js';
import { syncPath } from './sync.js';

/** Writes bytes at a position; injected so that tests can fill the disk. */
export type WriteAt = (handle: FileHandle, bytes: Buffer, position: number) => Promise<void>;

/** The disk under the spool is full: nothing was written. */
export class SpoolFullError extends HostError {
  constructor(directory: string, reason: string) {
    super(
      `The agent's spool ${directory} is on a full disk (${reason}): free some space there or move the spool.`,
      reason,
    );
  }
}

/** What a log needs besides its directory. */
export interface LogOptions {
  /** Bytes after which a new segment begins. */
  readonly segmentBytes: number;
  readonly write: WriteAt;
}

/** A record as it lies in the log. */
export interface Logged<T> {
  readonly sequence: number;
  readonly record: T;
}

interface Segment {
  readonly path: string;
  /** The sequence of its first record. */
  readonly first: number;
  bytes: number;
}

interface Batch<T> {
  readonly records: T[];
  durable: boolean;
  readonly written: Promise<number>;
}

/** Writes all of it, wherever the system stops in between. */
export const writeAt: WriteAt = async (handle, bytes, position) => {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
};

async function onSpool<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await onHost(`write to the agent's spool ${directory}`, work);
  } catch (error) {
    if (!(error instanceof HostError) || !['ENOSPC', 'EDQUOT'].includes(error.reason)) throw error;
    throw new SpoolFullError(directory, error.reason);
  }
}

/** The records of whole lines; a torn or damaged line ends them. `bytes` is how much of the file they take. */
function parseLines<T>(content: Buffer): { records: Logged<T>[]; bytes: number } {
  const records: Logged<T>[] = [];
  let from = 0;
  for (let end = content.indexOf(10); end !== -1; end = content.indexOf(10, from)) {
    try {
      const [sequence, record]: [number, T] = JSON.parse(content.toString('utf8', from, end));
      records.push({ sequence, record });
    } catch {
      break;
    }
    from = end + 1;
  }
  return { records, bytes: from };
}

async function readSegment(path: string): Promise<Buffer> {
  const handle = await open(path, 'r');
  return handle.readFile().finally(() => handle.close());
}

/**
 * An append-only log of JSON lines in segment files: what was written survives a kill -9, a torn last line is cut off
 * when it is opened again. Sequences rise by one from 1 and are never given twice.
 */
export class SegmentLog<T> {
  readonly #directory: string;
  readonly #options: LogOptions;
  #segments: Segment[] = [];
  #handle: FileHandle | null = null;
  #next = 1;
  #queue: Promise<unknown> = Promise.resolve();
  #waiting: Batch<T> | null = null;

  private constructor(directory: string, options: LogOptions) {
    this.#directory = directory;
    this.#options = options;
  }

  /** Opens or creates the log. @throws HostError, SpoolFullError */
  static async open<T>(directory: string, options: LogOptions): Promise<SegmentLog<T>> {
    const log = new SegmentLog<T>(directory, options);
    await onSpool(directory, () => log.#recover());
    return log;
  }

  /** The sequence that the next record gets. */
  get next(): number {
    return this.#next;
  }

  /** The bytes in all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  async #recover(): Promise<void> {
    await makeDirectory(this.#directory, 0o700);
    const names = (await readdir(this.#directory)).filter((name) => /^\d+\.jsonl$/.test(name)).sort();
    this.#segments = [];
    for (const name of names) {
      const path = join(this.#directory, name);
      const { bytes, records } = parseLines<T>(await readSegment(path));
      this.#segments.push({ path, first: Number.parseInt(name, 10), bytes });
      this.#next = (records.at(-1)?.sequence ?? Number.parseInt(name, 10) - 1) + 1;
    }
    this.#next = Math.max(this.#next, (await this.#readTrimmed()) + 1);
    const last = this.#segments.at(-1);
    if (!last) return;
    const handle = await open(last.path, 'r+');
    await handle.truncate(last.bytes).finally(() => handle.close());
  }

  async #readTrimmed(): Promise<number> {
    try {
      return Number((await readSegment(join(this.#directory, 'trimmed'))).toString()) || 0;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return 0;
      throw error;
    }
  }

  /** On disk before any segment goes: otherwise sequences could be given again after a crash. */
  async #writeTrimmed(sequence: number): Promise<void> {
    const path = join(this.#directory, 'trimmed');
    const handle = await open(`${path}.new`, 'w', 0o600);
    try {
      await handle.writeFile(String(sequence));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${path}.new`, path);
  }

  /** Does something while no record is written; records appended later are written later. */
  exclusive<R>(work: () => Promise<R>): Promise<R> {
    this.#waiting = null;
    const done = this.#queue.then(() => onSpool(this.#directory, work));
    this.#queue = done.catch(() => undefined);
    return done;
  }

  /**
   * Writes records, those of waiting callers together. `durable`: on disk, not only with the system, when it answers.
   * @returns the sequence of the last one. @throws SpoolFullError, HostError; then none of them is in the log.
   */
  append(records: readonly T[], durable: boolean): Promise<number> {
    const joined = this.#waiting;
    if (joined) {
      const before = joined.records.push(...records);
      joined.durable ||= durable;
      return joined.written.then((first) => first + before - 1);
    }
    const batch: { records: T[]; durable: boolean } = { records: [...records], durable };
    const written = this.exclusive(async () => {
      if (this.#waiting?.records === batch.records) this.#waiting = null;
      return this.write(batch.records, current.durable);
    });
    const current: Batch<T> = { records: batch.records, durable, written };
    this.#waiting = current;
    const count = records.length;
    return written.then((first) => first + count - 1);
  }

  /** Writes records at once; only inside `exclusive`. @returns the sequence of the first. */
  async write(records: readonly T[], durable: boolean): Promise<number> {
    const first = this.#next;
    const lines = records.map((record, index) => `${JSON.stringify([first + index, record])}\n`);
    const bytes = Buffer.from(lines.join(''), 'utf8');
    const segment = await this.#activeSegment();
    const handle = this.#handle ?? (await open(segment.path, 'r+'));
    this.#handle = handle;
    try {
      await this.#options.write(handle, bytes, segment.bytes);
      if (durable) await handle.datasync();
    } catch (error) {
      await handle.truncate(segment.bytes).catch(() => undefined);
      throw error;
    }
    segment.bytes += bytes.length;
    this.#next += records.length;
    return first;
  }

  async #activeSegment(): Promise<Segment> {
    const last = this.#segments.at(-1);
    if (last && last.bytes < this.#options.segmentBytes) return last;
    await this.close();
    const path = join(this.#directory, `${String(this.#next).padStart(12, '0')}.jsonl`);
    const segment = { path, first: this.#next, bytes: 0 };
    // An earlier try may have made it and failed to write to it.
    this.#handle = await open(path, 'w+', 0o600);
    await syncPath(this.#directory);
    this.#segments.push(segment);
    return segment;
  }

  /** The records after a sequence, at most `limit` of them, oldest first. */
  read(after: number, limit: number): Promise<Logged<T>[]> {
    return this.exclusive(async () => {
      const found: Logged<T>[] = [];
      for (const [index, segment] of this.#segments.entries()) {
        const following = this.#segments[index + 1];
        if (following && following.first <= after + 1) continue;
        if (found.length >= limit) break;
        const content = (await readSegment(segment.path)).subarray(0, segment.bytes);
        found.push(...parseLines<T>(content).records.filter(({ sequence }) => sequence > after));
      }
      return found.slice(0, limit);
    });
  }

  /** Removes the segments that hold nothing after a sequence. */
  async trim(upTo: number): Promise<void> {
    await this.exclusive(async () => {
      const endOf = (index: number) => (this.#segments[index + 1]?.first ?? this.#next) - 1;
      const gone = this.#segments.filter((_, index) => endOf(index) <= upTo);
      if (gone.length === 0) return;
      await this.#writeTrimmed(Math.min(upTo, this.#next - 1));
      if (gone.length === this.#segments.length) await this.close();
      this.#segments = this.#segments.filter((segment) => !gone.includes(segment));
      for (const segment of gone) await rm(segment.path, { force: true });
    });
  }

  /** Takes the oldest segment away, unless it is the only one; answers its records. Only inside `exclusive`. */
  async dropOldest(): Promise<T[]> {
    const [oldest, second] = this.#segments;
    if (!oldest || !second) return [];
    const { records } = parseLines<T>((await readSegment(oldest.path)).subarray(0, oldest.bytes));
    await rm(oldest.path, { force: true });
    this.#segments.shift();
    return records.map(({ record }) => record);
  }

  /** Closes the open file; the log can still be used. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }
}
