import type { Doorbell } from '../events/doorbell/doorbell.js';
import type { Feed } from '../events/feed.js';
import type { OutputLog } from '../events/output-log.js';
import type { NumberedTaskEvent, TaskEventLog } from '../events/task-event-log.js';
import type { LoggedEvent, Topic } from '../events/topics.js';
import { encodeCursor } from './cursor.js';
import { EventStream } from './event-stream.js';
import { type OutputPiece, OutputStream, outputPosition } from './output-stream.js';
import type { LiveStream } from './stream.js';
import { TaskEventStream, taskEventPosition } from './task-event-stream.js';

interface EventsRequest<T extends Topic> {
  topics: readonly T[];
  /** Whether the subscriber wants an event and may see it. Left out: every one of the topics. */
  accept?: (event: LoggedEvent<T>) => boolean;
  /** The last cursor seen; null: from now on. */
  after: string | null;
  signal: AbortSignal;
}

interface OutputRequest {
  runId: string;
  /** The last cursor seen; null: from the start. */
  after: string | null;
  /** Whether the run has ended: the stream ends when this is true and everything was read. */
  isEnded: () => Promise<boolean>;
  signal: AbortSignal;
}

interface TaskEventsRequest {
  transactionId: string;
  /** The last cursor, or the last sequence number, seen; null: from the start. */
  after: string | null;
  /** Whether the transaction is over: the stream ends when this is true and everything was read. */
  isOver: () => Promise<boolean>;
  signal: AbortSignal;
}

/** The live hub: what subscriptions read from. */
export interface Live {
  /**
   * The facts of some topics: those after the cursor from the log, then live ones; in order, without gap or
   * duplicate. Iterating throws InvalidInputError (a broken cursor), ResyncRequiredError (one older than what is
   * kept) and SlowConsumerError (the reader did not keep up). Ends with the signal.
   */
  events<T extends Topic>(request: EventsRequest<T>): LiveStream<LoggedEvent<T>>;
  /** A run's output, piece by piece. Throws InvalidInputError at once when the cursor is broken. */
  output(request: OutputRequest): LiveStream<OutputPiece>;
  /**
   * What happened to the tasks of a transaction, event by event. Throws InvalidInputError at once when the cursor is
   * broken; iterating throws ResyncRequiredError where the events after the cursor are not kept any more.
   */
  taskEvents(request: TaskEventsRequest): LiveStream<NumberedTaskEvent>;
  /**
   * The cursor of this moment: who takes it, then reads a state, then follows from it, misses nothing between the two.
   */
  now(): string;
  /** The cursor of a fact. */
  cursorOf(event: LoggedEvent): string;
  /** The cursor of a piece of output. */
  outputCursorOf(piece: OutputPiece): string;
  /** The cursor of an event of a task. */
  taskEventCursorOf(event: NumberedTaskEvent): string;
}

export interface LiveOptions {
  feed: Feed;
  outputs: OutputLog;
  taskEvents: TaskEventLog;
  doorbell: Doorbell;
  /** The bound of what waits for one subscriber within the hub, in bytes. Default 1 MiB. */
  queueBytes?: number;
}

const DEFAULT_QUEUE_BYTES = 1024 * 1024;

export function createLive(options: LiveOptions): Live {
  const { feed, outputs, taskEvents, doorbell, queueBytes = DEFAULT_QUEUE_BYTES } = options;
  return {
    events({ topics, accept = () => true, after, signal }) {
      const start = after === null ? 'NOW' : { cursor: after };
      return new EventStream({ feed, topics, accept, queueBytes }, start, signal);
    },
    output({ runId, after, isEnded, signal }) {
      const start = outputPosition(runId, after);
      return new OutputStream({ outputs, doorbell, runId, isEnded }, start, signal);
    },
    taskEvents({ transactionId, after, isOver, signal }) {
      const start = taskEventPosition(transactionId, after);
      const options = { log: taskEvents, doorbell, transactionId, isOver, settle: () => feed.look() };
      return new TaskEventStream(options, start, signal);
    },
    now: () => encodeCursor({ kind: 'events', of: feed.epoch }, feed.position),
    cursorOf: (event) => encodeCursor({ kind: 'events', of: feed.epoch }, event.seq),
    outputCursorOf: (piece) => encodeCursor({ kind: 'output', of: piece.runId }, piece.position),
    taskEventCursorOf: ({ transactionId, seq }) => encodeCursor({ kind: 'tasks', of: transactionId }, seq),
  };
}
