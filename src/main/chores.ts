import type { Activities } from '../auth/activity.js';
import type { Config } from '../config/config.js';
import type { Database } from '../db/database.js';
import { retainEvents } from '../events/retention.js';
import { MINUTE } from '../lib/time.js';
import type { Kind } from '../scheduler/kinds.js';
import type { Logger } from '../telemetry/logger.js';

const EVERY = 10 * MINUTE;
const CHUNK = 500;

/** What is deleted because it is old: the event log and the activity. */
export interface Retention {
  kind: Kind;
  /** Ends a deletion under way, and waits for it. */
  stop(): Promise<void>;
}

async function purge(config: Config, db: Database, activities: Activities, signal: AbortSignal): Promise<void> {
  await retainEvents(db, config.live.eventsRetention, signal);
  const before = (await db.now()) - config.live.activityRetention;
  while (!signal.aborted && (await activities.purge(before, CHUNK)) === CHUNK);
}

/** The chore that deletes what is older than it is kept, in small batches beside the work, never in a firing. */
export function retentionChore(config: Config, db: Database, activities: Activities, log: Logger): Retention {
  const ending = new AbortController();
  let underWay: Promise<void> = Promise.resolve();
  const kind: Kind = {
    kind: 'retention',
    defaultTag: {},
    recordsOccurrences: false,
    async fire(tx, due, now) {
      tx.afterCommit(() => {
        underWay = underWay
          .then(() => purge(config, db, activities, ending.signal))
          .catch((error) => log.warn({ error }, 'old facts could not be deleted; trying again later'));
      });
      return due.map(({ id }) => ({ id, nextRunAt: now + EVERY, occurrences: [] }));
    },
    async *desired() {
      yield { subject: 'events-and-activity', project: null, nextRunAt: await db.now() };
    },
  };
  return {
    kind,
    stop: async () => {
      ending.abort();
      await underWay;
    },
  };
}
