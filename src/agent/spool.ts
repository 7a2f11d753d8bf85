import { open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../lib/json.js';
import type { OutputStream } from './executors/executor.js';
import { errorCode, onHost } from './host-error.js';
import { makeDirectory } from './make-directory.js';
import { type Logged, SegmentLog, type WriteAt, writeAt } from './spool-log.js';

/** One try of one action of a run. */
interface Attempt {
  readonly task: string;
  /** From 1. */
  readonly attempt: number;
}

/** A report; it is on disk before `append` answers. */
interface ReportRecord {
  readonly kind: 'report';
  readonly body: JsonObject;
}

/** A piece of an attempt's output. */
interface OutputRecord extends Attempt {
  readonly kind: 'output';
  readonly stream: OutputStream;
  readonly text: string;
}

/** Stands where the middle of an attempt's output was left out: so many UTF-8 bytes and line ends. */
interface GapRecord extends Attempt {
  readonly kind: 'gap';
  readonly bytes: number;
  readonly lines: number;
}

/** What the agent has to tell the server about a run. */
export type SpoolRecord = ReportRecord | OutputRecord;

/** Output as it is to be sent: its pieces are counted within the attempt, 1, 2, 3 ... */
export type SpooledOutput = (OutputRecord | GapRecord) & { readonly piece: number };

/** A record and its place, which rises by one within a run and makes sending it again harmless. */
export type Spooled = Logged<ReportRecord | SpooledOutput>;

/** What of an attempt's output is kept. */
const OUTPUT_LIMIT = 16 * 1024 * 1024;

const SEGMENT = 1024 * 1024;

/** Where the spool lies and how much it takes. */
export interface SpoolOptions {
  readonly directory: string;
  /** Bytes of output that are kept of an attempt: one half its beginning, one half its end. */
  readonly outputLimit?: number;
  /** Bytes after which a new file begins. */
  readonly segmentBytes?: number;
  readonly write?: WriteAt;
}

interface Settings {
  readonly outputLimit: number;
  readonly segmentBytes: number;
  readonly write: WriteAt;
}

/** What was left out so far. */
interface Dropped extends Attempt {
  bytes: number;
  lines: number;
  /** How many pieces of the attempt went before what is held. */
  readonly pieces: number;
}

/** What of an attempt's output went to the log. */
interface Head {
  readonly bytes: number;
  readonly pieces: number;
}

const NO_HEAD: Head = { bytes: 0, pieces: 0 };

/** The end of an attempt's output, which is given out when the attempt has ended and no more can follow. */
interface HeldOutput {
  readonly directory: string;
  readonly log: SegmentLog<OutputRecord>;
  readonly dropped: Dropped;
}

/** A file name for any text. */
function fileName(text: string): string {
  return `_${Buffer.from(text, 'utf8').toString('base64url')}`;
}

function textOfFileName(name: string): string | null {
  return name.startsWith('_') ? Buffer.from(name.slice(1), 'base64url').toString('utf8') : null;
}

async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || error instanceof SyntaxError) return null;
    throw error;
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The records of one run. */
class RunSpool {
  readonly #directory: string;
  readonly #settings: Settings;
  readonly #log: SegmentLog<Spooled['record']>;
  readonly #heads = new Map<string, Head>();
  readonly #held = new Map<string, Promise<HeldOutput>>();
  #acked = 0;
  #outputLimit: number;

  private constructor(directory: string, settings: Settings, log: SegmentLog<Spooled['record']>) {
    this.#directory = directory;
    this.#settings = settings;
    this.#log = log;
    this.#outputLimit = settings.outputLimit;
  }

  limitOutput(bytes: number): void {
    this.#outputLimit = bytes;
  }

  /** Opens a run's spool; the held output of attempts that a killed agent did not end is given out. */
  static async open(directory: string, settings: Settings): Promise<RunSpool> {
    const run = new RunSpool(directory, settings, await SegmentLog.open(directory, settings));
    try {
      for (const name of await readdir(directory)) {
        const held = name.startsWith('held-') ? await run.#openHeld(join(directory, name), null) : null;
        if (held) await run.#release(held);
      }
      return run;
    } catch (error) {
      await run.#log.close();
      throw error;
    }
  }

  async #openHeld(directory: string, attempt: (Attempt & { pieces: number }) | null): Promise<HeldOutput | null> {
    const log = await SegmentLog.open<OutputRecord>(directory, {
      ...this.#settings,
      segmentBytes: Math.max(1, Math.floor(this.#outputLimit / 16)),
    });
    const path = join(directory, 'dropped.json');
    const dropped = (await readJson<Dropped>(path)) ?? (attempt && { ...attempt, bytes: 0, lines: 0 });
    if (!dropped) {
      await rm(directory, { recursive: true, force: true });
      return null;
    }
    await writeFile(path, JSON.stringify(dropped), { mode: 0o600 });
    return { directory, log, dropped };
  }

  async append(record: SpoolRecord): Promise<void> {
    if (record.kind === 'output') return this.#appendOutput(record);
    await this.#log.append([record], true);
  }

  async #appendOutput(record: OutputRecord): Promise<void> {
    const key = `${record.attempt} ${record.task}`;
    const bytes = Buffer.byteLength(record.text);
    const head = this.#heads.get(key) ?? NO_HEAD;
    if (!this.#held.has(key) && head.bytes + bytes <= this.#outputLimit / 2) {
      const piece = head.pieces + 1;
      this.#heads.set(key, { bytes: head.bytes + bytes, pieces: piece });
      await this.#log.append([{ ...record, piece }], false);
      return;
    }
    const held = await this.#heldOf(key, record, head.pieces);
    await held.log.append([record], false);
    if (held.log.bytes > this.#outputLimit / 2) await this.#dropMiddle(held);
  }

  #heldOf(key: string, { task, attempt }: Attempt, pieces: number): Promise<HeldOutput> {
    const present = this.#held.get(key);
    if (present) return present;
    const directory = join(this.#directory, `held-${attempt}${fileName(task)}`);
    const opened = this.#openHeld(directory, { task, attempt, pieces }).then((held) => {
      if (!held) throw new Error('held output of a known attempt always opens');
      return held;
    });
    this.#held.set(key, opened);
    opened.catch(() => this.#held.delete(key));
    return opened;
  }

  async #dropMiddle(held: HeldOutput): Promise<void> {
    await held.log.exclusive(async () => {
      while (held.log.bytes > this.#outputLimit / 2) {
        const records = await held.log.dropOldest();
        if (records.length === 0) return;
        for (const record of records) {
          held.dropped.bytes += Buffer.byteLength(record.text);
          held.dropped.lines += record.text.split('\n').length - 1;
        }
        await writeFile(join(held.directory, 'dropped.json'), JSON.stringify(held.dropped), { mode: 0o600 });
      }
    });
  }

  /** Moves held output to the log. A release that a kill interrupted goes on where it stopped. */
  async #release(held: HeldOutput): Promise<void> {
    await this.#log.exclusive(async () => {
      const mark = join(held.directory, 'release.json');
      const begun = await readJson<number>(mark);
      const first = begun ?? this.#log.next;
      if (begun === null) await writeSynced(mark, JSON.stringify(first));
      const { pieces, ...dropped } = held.dropped;
      const gap: GapRecord[] = dropped.bytes > 0 ? [{ kind: 'gap', ...dropped }] : [];
      const kept = (await held.log.read(0, Number.POSITIVE_INFINITY)).map(({ record }) => record);
      const all = [...gap, ...kept].map((record, index) => ({ ...record, piece: pieces + 1 + index }));
      const left = all.slice(this.#log.next - first);
      if (left.length > 0) await this.#log.write(left, true);
      await held.log.close();
      await rm(held.directory, { recursive: true, force: true });
    });
  }

  async endOutput(task: string, attempt: number): Promise<void> {
    const key = `${attempt} ${task}`;
    const held = this.#held.get(key);
    this.#held.delete(key);
    this.#heads.delete(key);
    if (held) await this.#release(await held);
  }

  pending(limit: number): Promise<Spooled[]> {
    return this.#log.read(this.#acked, limit);
  }

  async ack(upTo: number): Promise<void> {
    this.#acked = Math.max(this.#acked, Math.min(upTo, this.#log.next - 1));
    await this.#log.trim(this.#acked);
  }

  async close(): Promise<void> {
    await this.#log.exclusive(() => this.#log.close());
    for (const held of this.#held.values()) await (await held).log.close();
  }
}

/**
 * What the agent has not yet told the server, on disk: it survives a kill -9 and waits for the server to be back.
 * Reports are on disk when `append` answers, output is with the operating system.
 */
export class Spool {
  readonly #directory: string;
  readonly #settings: Settings;
  readonly #runs = new Map<string, Promise<RunSpool>>();

  private constructor(directory: string, settings: Settings) {
    this.#directory = directory;
    this.#settings = settings;
  }

  /** @throws HostError when the directory cannot be used */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { directory, outputLimit = OUTPUT_LIMIT, segmentBytes = SEGMENT, write = writeAt } = options;
    await onHost(`use the agent's spool ${directory}`, () => makeDirectory(directory, 0o700));
    return new Spool(directory, { outputLimit, segmentBytes, write });
  }

  #pathOf(runId: string): string {
    return join(this.#directory, fileName(runId));
  }

  #run(runId: string): Promise<RunSpool> {
    const present = this.#runs.get(runId);
    if (present) return present;
    const opened = RunSpool.open(this.#pathOf(runId), this.#settings);
    this.#runs.set(runId, opened);
    opened.catch(() => this.#runs.delete(runId));
    return opened;
  }

  /** The runs of which something is kept. */
  async runs(): Promise<string[]> {
    const names = await onHost(`read the agent's spool ${this.#directory}`, () => readdir(this.#directory));
    return names
      .map(textOfFileName)
      .filter((name) => name !== null)
      .sort();
  }

  /** Bytes of output that are kept of each attempt of a run from now on. */
  async limitOutput(runId: string, bytes: number): Promise<void> {
    (await this.#run(runId)).limitOutput(bytes);
  }

  /** Keeps a record. @throws SpoolFullError when the disk is full, HostError for other refusals; then it is not kept. */
  async append(runId: string, record: SpoolRecord): Promise<void> {
    await (await this.#run(runId)).append(record);
  }

  /**
   * Says that no more output of an attempt follows: its end, held back beyond the limit, becomes pending behind a
   * `gap` record. To be called before the attempt's closing report.
   */
  async endOutput(runId: string, task: string, attempt: number): Promise<void> {
    await (await this.#run(runId)).endOutput(task, attempt);
  }

  /** The oldest records that are not acknowledged. */
  async pending(runId: string, limit = 1000): Promise<Spooled[]> {
    return (await this.#run(runId)).pending(limit);
  }

  /** The server has these: the records up to this sequence are not sent again. */
  async ack(runId: string, upTo: number): Promise<void> {
    await (await this.#run(runId)).ack(upTo);
  }

  /** Forgets a run of which the server knows everything. */
  async remove(runId: string): Promise<void> {
    await (await this.#runs.get(runId))?.close();
    this.#runs.delete(runId);
    await onHost(`write to the agent's spool ${this.#directory}`, () =>
      rm(this.#pathOf(runId), { recursive: true, force: true }),
    );
  }

  /** Closes all files. */
  async close(): Promise<void> {
    for (const run of this.#runs.values()) await (await run).close();
    this.#runs.clear();
  }
}
