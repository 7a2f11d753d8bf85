import type { Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { EventEntity } from '../entities/event.js';
import { ID_PREFIX } from '../entities/ids.js';
import type { IdSource } from '../lib/ids.js';
import type { NewEvent, Topic } from './topics.js';

/** Tells that something has been committed: "look at the tables". Never throws, never blocks. */
export interface Bell {
  ring(channel: string): void;
}

/** Where a change says what happened. */
export interface Outbox {
  /** Appends facts to the log within the change's own transaction; the doorbell rings after its commit. */
  append<T extends Topic>(tx: Tx, ...events: NewEvent<T>[]): Promise<void>;
  /** Rings a stream's channel after the commit (a run's output has its own table and its own channel). */
  ringAfterCommit(tx: Tx, channel: string): void;
}

/** The doorbell's channel of the event log. */
export const EVENTS_CHANNEL = 'events';

/** The doorbell's channel of a run's output. */
export const outputChannel = (runId: string): string => `output:${runId}`;

export function createOutbox(bell: Bell, ids: IdSource): Outbox {
  return {
    async append(tx, ...events) {
      if (events.length === 0) return;
      const at = await tx.now();
      const rows = events.map((event) => ({ id: ids.next(ID_PREFIX.event), seq: null, at, ...event }));
      await insertRows(tx, EventEntity, rows);
      tx.afterCommit(() => bell.ring(EVENTS_CHANNEL));
    },
    ringAfterCommit(tx, channel) {
      tx.afterCommit(() => bell.ring(channel));
    },
  };
}
