import type { Database } from '../db/database.js';
import { MINUTE } from '../lib/time.js';
import type { HeldWork, Kind, Planner } from './kinds.js';

const KIND = 'reconcile';
const SUBJECT = 'all';

/** The background job that has the schedule compared every minute, by any one engine. */
export function reconcileChore(
  db: Database,
  planner: Pick<Planner, 'begin'>,
  run: (db: Database, signal: AbortSignal) => Promise<unknown>,
): Kind {
  return {
    kind: KIND,
    defaultTag: {},
    recordsOccurrences: false,
    async fire(tx, due, now) {
      await planner.begin(tx, KIND, SUBJECT);
      return due.map((job) => ({ id: job.id, nextRunAt: now + MINUTE, occurrences: [] }));
    },
    async *desired() {
      yield { subject: SUBJECT, project: null, nextRunAt: (await db.now()) + MINUTE };
    },
    async work({ db: own, signal }: HeldWork) {
      await run(own, signal);
    },
  };
}
