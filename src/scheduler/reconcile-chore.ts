import type { Database } from '../db/database.js';
import { MINUTE } from '../lib/time.js';
import type { Kind } from './kinds.js';

/** The background job that has the schedule compared every minute, by the engine that owns its shard. */
export function reconcileChore(db: Database, run: () => Promise<unknown>): Kind {
  return {
    kind: 'reconcile',
    defaultTag: {},
    recordsOccurrences: false,
    async fire(tx, due, now) {
      // The comparison is long: it starts from the firing, and is no part of its transaction.
      tx.afterCommit(() => void run());
      return due.map((job) => ({ id: job.id, nextRunAt: now + MINUTE, occurrences: [] }));
    },
    async *desired() {
      yield { subject: 'all', project: null, nextRunAt: (await db.now()) + MINUTE };
    },
  };
}
