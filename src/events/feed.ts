import type { Database } from '../db/database.js';
import type { Doorbell } from './doorbell/doorbell.js';
import { type LogBounds, type LogPage, type LogQuery, logBounds, readLog } from './log.js';
import { EVENTS_CHANNEL } from './outbox.js';
import type { Sequencer } from './sequencer.js';
import type { LoggedEvent } from './topics.js';

/** Someone in this process who follows the log. */
export interface FeedListener {
  /** The next facts, in order, without gap or duplicate. Must not throw and must not keep the feed waiting. */
  take(events: readonly LoggedEvent[]): void;
  /** Facts were lost to this process: it stood still for longer than the log is kept. The feed goes on after them. */
  lost(): void;
}

/** The one reader of the event log in a process. */
export interface Feed {
  /** Which log it is. */
  readonly epoch: string;
  /** The last position told: a listener that is added now gets everything above it. */
  readonly position: number;
  /** Returns how to stop. */
  listen(listener: FeedListener): () => void;
  /** Reads the log itself, for replays. */
  read(query: LogQuery): Promise<LogPage>;
  bounds(): Promise<LogBounds>;
  /** Numbers and tells everything that is committed now. Rejects when the database is away. */
  look(): Promise<void>;
  close(): Promise<void>;
}

export interface FeedOptions {
  db: Database;
  doorbell: Doorbell;
  sequencer: Sequencer;
  /**
   * Milliseconds between looks that nobody rang for: they number what a process left behind that died between commit
   * and ring, and find what a lost ring did not tell.
   */
  interval: number;
  /** Told when the log cannot be read; the feed tries again at the next ring or look. */
  onFault: (error: unknown) => void;
}

/** Facts read at once: the bound of what the feed holds in memory. */
const BATCH = 500;

class LogFeed implements Feed {
  readonly epoch: string;
  readonly #options: FeedOptions;
  readonly #listeners = new Set<FeedListener>();
  readonly #stopListening: () => void;
  readonly #timer: NodeJS.Timeout;
  #position: number;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #closed = false;

  constructor(options: FeedOptions, bounds: LogBounds) {
    this.#options = options;
    this.epoch = bounds.epoch;
    this.#position = bounds.last;
    this.#stopListening = options.doorbell.listen(EVENTS_CHANNEL, () => this.#lookSoon(false));
    this.#timer = setInterval(() => this.#lookSoon(true), options.interval);
    this.#timer.unref();
  }

  get position(): number {
    return this.#position;
  }

  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  read(query: LogQuery): Promise<LogPage> {
    return readLog(this.#options.db.reader, query);
  }

  bounds(): Promise<LogBounds> {
    return logBounds(this.#options.db.reader);
  }

  async look(): Promise<void> {
    await this.#options.sequencer.run();
    await this.#follow();
  }

  #lookSoon(numbering: boolean): void {
    if (this.#closed) return;
    const looked = numbering ? this.look() : this.#follow();
    looked.catch((error: unknown) => {
      if (!this.#closed) this.#options.onFault(error);
    });
  }

  /** Reads on; a call during a reading is one more reading after it, shared by all such calls. */
  #follow(): Promise<void> {
    if (this.#running) {
      const again = (): Promise<void> => this.#start();
      this.#next ??= this.#running.then(again, again);
      return this.#next;
    }
    return this.#start();
  }

  #start(): Promise<void> {
    this.#next = undefined;
    this.#running = this.#readOn().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #readOn(): Promise<void> {
    while (!this.#closed) {
      const after = this.#position;
      const { events } = await this.read({ after, upTo: Number.MAX_SAFE_INTEGER, limit: BATCH });
      const [first] = events;
      if (!first) {
        await this.#skipLost();
        return;
      }
      if (first.seq > after + 1) this.#tellLost();
      this.#tell(events);
      if (events.length < BATCH) return;
    }
  }

  /** A page with nothing on it, while the log stands further on, means that everything in between is gone. */
  async #skipLost(): Promise<void> {
    const { last, oldest } = await this.bounds();
    if (this.#closed || oldest <= this.#position + 1 || last <= this.#position) return;
    this.#position = oldest - 1;
    this.#tellLost();
  }

  #tell(events: readonly LoggedEvent[]): void {
    this.#position = events.at(-1)?.seq ?? this.#position;
    for (const listener of [...this.#listeners]) listener.take(events);
  }

  #tellLost(): void {
    for (const listener of [...this.#listeners]) listener.lost();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#stopListening();
    this.#listeners.clear();
    await this.#next?.catch(() => {});
    await this.#running?.catch(() => {});
  }
}

/** Starts the process's feed: from now on it follows the log. Rejects when the database is away. */
export async function startFeed(options: FeedOptions): Promise<Feed> {
  await options.sequencer.run();
  return new LogFeed(options, await logBounds(options.db.reader));
}
