import type { Database } from '../db/database.js';
import { SECOND } from '../lib/time.js';
import type { Doorbell } from './doorbell/doorbell.js';
import { type Feed, startFeed } from './feed.js';
import { EVENT_STREAM, TASK_EVENT_STREAM } from './numbered-stream.js';
import { ANY_TASK_EVENTS, numberingBell } from './numbering-bell.js';
import type { Bell } from './outbox.js';
import { createSequencer } from './sequencer.js';

export interface EventLogOptions {
  db: Database;
  /** Shared with the other processes; the caller closes it. */
  doorbell: Doorbell;
  /** Milliseconds between looks that nobody rang for. Default 1,000. */
  interval?: number;
  /** Told when numbering or reading failed; it is tried again. */
  onFault: (error: unknown) => void;
}

/** The event log of one process: what rings after a commit, and what follows. */
export interface EventLog {
  /** For the outbox: positions first, then the doorbell. */
  readonly bell: Bell;
  readonly feed: Feed;
  close(): Promise<void>;
}

/** Opens the event log. Rejects when the database is away. */
export async function openEventLog(options: EventLogOptions): Promise<EventLog> {
  const { db, doorbell } = options;
  let closed = false;
  // What is not numbered at the end, another process numbers, or the next start: that is no fault.
  const onFault = (error: unknown): void => {
    if (!closed) options.onFault(error);
  };
  const events = createSequencer(db, EVENT_STREAM);
  const taskEvents = createSequencer(db, TASK_EVENT_STREAM);
  // Numbers the task events of a process that died between its commit and its ring.
  const sweeping = {
    run: async (): Promise<number> => {
      const [numbered, ofTasks] = await Promise.all([events.run(), taskEvents.run()]);
      if (ofTasks > 0) doorbell.ring(ANY_TASK_EVENTS);
      return numbered;
    },
  };
  const interval = options.interval ?? SECOND;
  const feed = await startFeed({ db, doorbell, sequencer: sweeping, interval, onFault });
  return {
    bell: numberingBell(doorbell, { events, taskEvents }, onFault),
    feed,
    close: () => {
      closed = true;
      return feed.close();
    },
  };
}
