import type { JsonObject } from '../lib/json.js';
import { type Clock, SECOND } from '../lib/time.js';
import type { AgentLog } from './agent-log.js';
import { type AttemptName, reportInput } from './attempt-report.js';
import type { OutputStream } from './executors/executor.js';
import { HostError } from './host-error.js';
import type { Held, PieceInput, RunApi } from './run-api.js';
import { codeOf } from './server-calls.js';
import type { Spool, Spooled, SpooledOutput } from './spool.js';
import type { Timers } from './timers.js';

/** What the server takes in one batch of output. */
const MOST_PIECES = 500;
/** UTF-8 bytes of output in one batch; JSON may take twice as many, and the server takes a megabyte. */
const LARGEST_BATCH = 256 * 1024;

/** Milliseconds between two reports of progress. */
const PROGRESS_INTERVAL = SECOND;

/** The server does not take these: what it says of them will not change. */
const REFUSALS: ReadonlySet<string> = new Set(['INVALID_INPUT', 'CONFLICT', 'NOT_FOUND']);

/** How far an attempt is. */
interface Progress extends AttemptName {
  readonly sequence: number;
  /** Of the run, 0..100. */
  readonly percent: number;
  readonly message: string;
}

interface Parts {
  readonly runId: string;
  readonly spool: Spool;
  readonly api: RunApi;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: AgentLog;
  /** Told what the server says to each report. */
  readonly onAnswer: (held: Held) => void;
  /** Told when nothing more can be sent. */
  readonly onFailure: (error: unknown) => void;
}

function pieceInput(output: SpooledOutput): PieceInput {
  const { task: taskId, attempt, piece: sequence } = output;
  if (output.kind === 'output') {
    return { taskId, attempt, sequence, stream: output.stream === 'stdout' ? 'STDOUT' : 'STDERR', text: output.text };
  }
  const text = `[${output.bytes} bytes with ${output.lines} line ends are not kept here]\n`;
  return { taskId, attempt, sequence, stream: 'SYSTEM', text };
}

/** The output at the beginning of what is pending, as much as goes into one batch. */
function outputBatch(pending: readonly Spooled[]): SpooledOutput[] {
  const batch: SpooledOutput[] = [];
  let bytes = 0;
  for (const { record } of pending) {
    if (record.kind === 'report' || batch.length === MOST_PIECES) break;
    bytes += record.kind === 'output' ? Buffer.byteLength(record.text) : 0;
    if (batch.length > 0 && bytes > LARGEST_BATCH) break;
    batch.push(record);
  }
  return batch;
}

/**
 * What one run has to tell the server: by way of the spool, in order, each as often as it takes. Progress alone is not
 * kept: an older one is worth nothing.
 */
export class RunMail {
  readonly #parts: Parts;
  #sending: Promise<void> | null = null;
  #again = false;
  #failure: { error: unknown } | null = null;
  /** Reports for which the disk had no room. */
  readonly #unspooled: JsonObject[] = [];
  #progress: Progress | null = null;
  #holdProgress: (() => void) | null = null;
  #answer: Held | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Keeps a report and sends it. It survives a kill, unless the disk refuses it. */
  async report(body: JsonObject): Promise<void> {
    const { spool, runId, log } = this.#parts;
    this.#answer = null;
    try {
      await spool.append(runId, { kind: 'report', body });
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      log('error', error.message);
      this.#unspooled.push(body);
    }
    this.send();
  }

  /** Keeps a piece of output and sends it. @throws HostError when the disk refuses it. */
  async output(name: AttemptName, stream: OutputStream, text: string): Promise<void> {
    const { spool, runId } = this.#parts;
    await spool.append(runId, { kind: 'output', task: name.taskId, attempt: name.attempt, stream, text });
    this.send();
  }

  /** Says how far the run is, at most once a second. */
  progress(progress: Progress): void {
    this.#progress = progress;
    if (this.#holdProgress === null) this.send();
  }

  /** Forgets progress that was not sent, and the wait between two. */
  endProgress(): void {
    this.#progress = null;
    this.#holdProgress?.();
    this.#holdProgress = null;
  }

  /** Sends what is there, in the background. */
  send(): void {
    if (this.#failure) return;
    this.#again = true;
    this.#sending ??= this.#sendAll();
  }

  /**
   * Resolves when the server has everything, with what it said to the last report; null when it said nothing of use.
   * @throws what ended the sending: RefusedError LEASE_LOST, OrreryError, the signal's reason.
   */
  async delivered(): Promise<Held | null> {
    this.send();
    while (this.#sending) await this.#sending;
    if (this.#failure) throw this.#failure.error;
    return this.#answer;
  }

  async #sendAll(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        await this.#sendPending();
      }
    } catch (error) {
      this.#failure = { error };
      this.#parts.onFailure(error);
    } finally {
      this.#sending = null;
    }
  }

  async #sendPending(): Promise<void> {
    const { spool, runId } = this.#parts;
    for (;;) {
      let pending = await spool.pending(runId, MOST_PIECES);
      if (pending.length === 0) break;
      while (pending.length > 0) {
        const count = await this.#sendFirst(pending);
        await spool.ack(runId, pending[count - 1]?.sequence ?? 0);
        pending = pending.slice(count);
      }
    }
    for (let body = this.#unspooled[0]; body; body = this.#unspooled[0]) {
      await this.#sendReport(body);
      this.#unspooled.shift();
    }
    await this.#sendProgress();
  }

  /** Sends the first of what is pending; returns how many records that were. */
  async #sendFirst(pending: readonly Spooled[]): Promise<number> {
    const [first] = pending;
    if (first?.record.kind === 'report') {
      await this.#sendReport(first.record.body);
      return 1;
    }
    const batch = outputBatch(pending);
    await this.#unlessRefused('output', () => this.#parts.api.append(batch.map(pieceInput)));
    return batch.length;
  }

  async #sendReport(body: JsonObject): Promise<void> {
    const { api, clock } = this.#parts;
    const report = (): ReturnType<typeof reportInput> => reportInput(body, clock.now());
    const first = report();
    if (!first) return;
    this.#answer = await this.#unlessRefused('a report', () => api.report(() => report() ?? first));
    if (this.#answer) this.#parts.onAnswer(this.#answer);
  }

  async #sendProgress(): Promise<void> {
    if (!this.#progress || this.#holdProgress) return;
    const { taskId, attempt, sequence, percent, message } = this.#progress;
    this.#progress = null;
    this.#holdProgress = this.#parts.timers.after(PROGRESS_INTERVAL, () => {
      this.#holdProgress = null;
      if (this.#progress) this.send();
    });
    const input = { taskId, attempt, sequence, progress: { percent, message } };
    const held = await this.#unlessRefused('progress', () => this.#parts.api.report(() => input));
    if (held) this.#parts.onAnswer(held);
  }

  async #unlessRefused<T>(what: string, ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask();
    } catch (error) {
      if (!REFUSALS.has(codeOf(error) ?? '') || !(error instanceof Error)) throw error;
      this.#parts.log('warn', `The server does not take ${what} of the run ${this.#parts.runId}: ${error.message}`);
      return null;
    }
  }
}
