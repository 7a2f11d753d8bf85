import type { Doorbell } from '../events/doorbell/doorbell.js';
import { ANY_TASK_EVENTS, taskEventsChannel } from '../events/numbering-bell.js';
import type { NumberedTaskEvent, TaskEventLog } from '../events/task-event-log.js';
import { InvalidInputError } from '../lib/errors.js';
import { type CursorArgument, decodeCursor, encodeCursor } from './cursor.js';
import { ResyncRequiredError } from './errors.js';
import { PulledStream } from './pulled-stream.js';
import type { ItemFacts } from './stream.js';

export interface TaskEventStreamOptions {
  log: TaskEventLog;
  doorbell: Doorbell;
  transactionId: string;
  /** Whether the transaction is over, or gone. Who ends one rings the channel of its task events. */
  isOver: () => Promise<boolean>;
  /** Numbers what is committed. */
  settle: () => Promise<void>;
}

/** Events read at once: some 100 KB. */
const PAGE = 250;

/** What is no cursor of ours: a sequence number as it is shown. */
const SEQUENCE_NUMBER = /^\d{1,15}$/;

/**
 * The number that a place which a client names stands for: a cursor, a sequence number, or null for the start. Throws
 * InvalidInputError.
 */
export function taskEventPosition(
  transactionId: string,
  given: string | null,
  argument: CursorArgument = 'after',
): number {
  if (given === null) return 0;
  if (SEQUENCE_NUMBER.test(given)) return Number(given);
  const { of, position } = decodeCursor(given, 'tasks', argument);
  if (of === transactionId) return position;
  throw new InvalidInputError([{ path: [argument], message: `This cursor belongs to the transaction "${of}".` }]);
}

/**
 * What happened to the tasks of a transaction, above a sequence number. It ends when the transaction is over and
 * everything that was recorded until then was given out; what is reported later, or after a reset, is for a stream from
 * the last cursor on.
 */
export class TaskEventStream extends PulledStream<NumberedTaskEvent> {
  readonly #options: TaskEventStreamOptions;
  /** Whether the start was held against what is there. */
  #checked: boolean;

  constructor(options: TaskEventStreamOptions, after: number, signal: AbortSignal) {
    const { doorbell, transactionId } = options;
    super({ doorbell, channels: [taskEventsChannel(transactionId), ANY_TASK_EVENTS], signal }, after);
    this.#options = options;
    this.#checked = after === 0;
  }

  /** Numbers have no gaps: where one begins, what stood there was deleted by age. Throws ResyncRequiredError. */
  protected async read(after: number): Promise<readonly NumberedTaskEvent[]> {
    const { log, transactionId } = this.#options;
    if (!this.#checked) await this.#check(after);
    const page = await log.page(transactionId, after, PAGE);
    const [first] = page;
    if (first && first.seq !== after + 1) throw new ResyncRequiredError(this.cursorAt(first.seq - 1));
    return page;
  }

  protected async hasEnded(): Promise<boolean> {
    const { log, transactionId, isOver } = this.#options;
    // In this order: what was committed before the end is then either numbered, or seen here.
    return (await isOver()) && !(await log.hasUnnumbered(transactionId));
  }

  factsOf({ seq }: NumberedTaskEvent): ItemFacts {
    return { position: seq, mergeKey: null };
  }

  cursorAt(position: number): string {
    return encodeCursor({ kind: 'tasks', of: this.#options.transactionId }, position);
  }

  from(position: number, signal: AbortSignal): TaskEventStream {
    return new TaskEventStream(this.#options, position, signal);
  }

  /** A number that was never given comes from another database, or from this one before a backup was put back. */
  async #check(after: number): Promise<void> {
    const { log, transactionId, settle } = this.#options;
    let bounds = await log.bounds(transactionId);
    if (after > bounds.last) {
      await settle();
      bounds = await log.bounds(transactionId);
    }
    if (after > bounds.last) throw new ResyncRequiredError(this.cursorAt(bounds.oldest - 1));
    this.#checked = true;
  }
}
