import type { Feed, FeedListener } from '../events/feed.js';
import { TOPIC_PROPERTIES } from '../events/topic-properties.js';
import type { LoggedEvent, Topic } from '../events/topics.js';
import { type CursorScope, decodeCursor, encodeCursor } from './cursor.js';
import { ResyncRequiredError, SlowConsumerError } from './errors.js';
import { BoundedQueue, Budget, type Weighed } from './queue.js';
import { type ItemFacts, LiveStream } from './stream.js';

export interface EventStreamOptions<T extends Topic> {
  feed: Feed;
  topics: readonly T[];
  accept: (event: LoggedEvent<T>) => boolean;
  /** The bound of what waits for this consumer, in bytes. */
  queueBytes: number;
}

/** Where a stream begins: a client's cursor, a position of this log, or now. */
export type EventStart = { cursor: string } | { position: number } | 'NOW';

/** Facts read from the table at once in a replay, at least and at most: one of tasks may name a thousand. */
const FEWEST = 8;
const MOST = 200;
/** What the facts read at once should come to, in bytes: each reader that is behind holds as much. */
const PAGE_SIZE = 512 * 1024;
/** What an event costs in memory beside its payload, roughly, in bytes. */
const OVERHEAD = 300;

/** One event goes to many streams: its size is measured once. */
const sizes = new WeakMap<LoggedEvent, number>();

function sizeOf(event: LoggedEvent): number {
  let bytes = sizes.get(event);
  if (bytes === undefined) {
    bytes = OVERHEAD + JSON.stringify(event.payload).length;
    sizes.set(event, bytes);
  }
  return bytes;
}

function mergeKeyOf(event: LoggedEvent): string | null {
  return TOPIC_PROPERTIES[event.topic].mergeable ? `${event.topic} ${event.subject}` : null;
}

/** How many facts like these to read at once. */
function factCount(like: readonly LoggedEvent[]): number {
  const size = like.reduce((sum, event) => sum + sizeOf(event), 0);
  return Math.max(FEWEST, Math.min(MOST, Math.floor((PAGE_SIZE * like.length) / Math.max(1, size))));
}

interface Waiting<T extends Topic> extends Weighed {
  event: LoggedEvent<T>;
}

/** The facts of some topics, from a position of the log on. */
export class EventStream<T extends Topic> extends LiveStream<LoggedEvent<T>> implements FeedListener {
  readonly overflow = 'END';
  readonly #options: EventStreamOptions<T>;
  readonly #scope: CursorScope;
  readonly #queue: BoundedQueue<Waiting<T>>;
  readonly #topics: ReadonlySet<Topic>;
  #start: EventStart;
  #reached: number;
  #detach: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #fault: 'SLOW' | 'LOST' | undefined;
  #closed = false;
  #limit = FEWEST;

  constructor(options: EventStreamOptions<T>, start: EventStart, signal: AbortSignal) {
    super();
    this.#options = options;
    this.#scope = { kind: 'events', of: options.feed.epoch };
    this.#queue = new BoundedQueue(new Budget(options.queueBytes));
    this.#topics = new Set(options.topics);
    this.#start = start;
    this.#reached = typeof start === 'object' && 'position' in start ? start.position : options.feed.position;
    if (start === 'NOW') this.#attach();
    if (signal.aborted) this.close();
    else signal.addEventListener('abort', () => this.close(), { once: true });
  }

  get reached(): number {
    return this.#reached;
  }

  async pull(): Promise<readonly LoggedEvent<T>[] | null> {
    if (this.#detach) return null;
    if (typeof this.#start === 'object') await this.#begin(this.#start);
    while (!this.#closed && this.#reached < this.#options.feed.position) {
      const found = await this.#page();
      if (found.length > 0) return found;
    }
    return null;
  }

  async more(): Promise<readonly LoggedEvent<T>[] | null> {
    while (!this.#closed) {
      const missed = await this.pull();
      if (missed) return missed;
      if (this.#closed) break;
      // No await between this look and the listening: nothing can be told in between.
      if (!this.#detach && this.#reached >= this.#options.feed.position) this.#attach();
      if (!this.#detach) continue;
      if (this.#fault) throw await this.#faultError(this.#fault);
      if (this.#queue.length > 0) return this.#takeAll();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return null;
  }

  take(events: readonly LoggedEvent[]): void {
    if (this.#fault) return;
    for (const event of events) {
      if (event.seq <= this.#reached || !this.#wants(event)) continue;
      if (!this.#queue.push({ event, bytes: sizeOf(event), mergeKey: mergeKeyOf(event) })) {
        this.#queue.clear();
        this.#fault = 'SLOW';
        break;
      }
    }
    this.#wakeUp();
  }

  lost(): void {
    this.#fault = 'LOST';
    this.#wakeUp();
  }

  factsOf(event: LoggedEvent<T>): ItemFacts {
    return { position: event.seq, mergeKey: mergeKeyOf(event) };
  }

  cursorAt(position: number): string {
    return encodeCursor(this.#scope, position);
  }

  from(position: number, signal: AbortSignal): EventStream<T> {
    return new EventStream(this.#options, { position }, signal);
  }

  close(): void {
    this.#closed = true;
    this.#detach?.();
    this.#queue.clear();
    this.#wakeUp();
  }

  #attach(): void {
    this.#detach = this.#options.feed.listen(this);
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  #wants(event: LoggedEvent): event is LoggedEvent<T> {
    return this.#topics.has(event.topic) && this.#options.accept(event as LoggedEvent<T>);
  }

  #takeAll(): LoggedEvent<T>[] {
    const events = this.#queue.drain().map((waiting) => waiting.event);
    this.#reached = events.at(-1)?.seq ?? this.#reached;
    return events;
  }

  /** Holds the start against what is kept, before the first page. */
  async #begin(start: { cursor: string } | { position: number }): Promise<void> {
    const { feed } = this.#options;
    if ('cursor' in start) {
      const { of, position } = decodeCursor(start.cursor, 'events');
      if (of !== feed.epoch) throw await this.#resync();
      this.#reached = position;
    }
    // Another server may have told the client of what this one has not read yet.
    if (this.#reached > feed.position) await feed.look();
    if (this.#reached > feed.position) throw await this.#resync();
    await this.#requireKept(this.#reached);
    this.#start = 'NOW';
  }

  async #page(): Promise<LoggedEvent<T>[]> {
    const { feed, topics } = this.#options;
    const after = this.#reached;
    const page = await feed.read({ after, upTo: feed.position, topics, limit: this.#limit });
    // Asked after the reading: rows that were deleted before it are then missed by both.
    await this.#requireKept(after);
    this.#reached = page.reached;
    if (page.events.length > 0) this.#limit = factCount(page.events);
    return page.events.filter((event) => this.#wants(event));
  }

  async #requireKept(position: number): Promise<void> {
    const { oldest } = await this.#options.feed.bounds();
    if (oldest > position + 1) throw new ResyncRequiredError(this.cursorAt(oldest - 1));
  }

  async #resync(): Promise<ResyncRequiredError> {
    const { oldest } = await this.#options.feed.bounds();
    return new ResyncRequiredError(this.cursorAt(oldest - 1));
  }

  #faultError(fault: 'SLOW' | 'LOST'): Promise<Error> | Error {
    return fault === 'LOST' ? this.#resync() : new SlowConsumerError(this.cursorAt(this.#reached));
  }
}
