import type { Activities } from '../auth/activity.js';
import type { Config } from '../config/config.js';
import type { Database } from '../db/database.js';
import { retainEvents } from '../events/retention.js';
import { endSilentDeployments, type SilenceDeps } from '../history/intake/silence.js';
import { RETENTION_EVERY, type RetentionService } from '../history/retention/retention-service.js';
import { Background } from '../lib/background.js';
import { MINUTE } from '../lib/time.js';
import type { Kind } from '../scheduler/kinds.js';
import type { Logger } from '../telemetry/logger.js';

const EVERY = 10 * MINUTE;
const CHUNK = 500;
const SILENCE_EVERY = 2 * MINUTE;

/** What one server does again and again, beside the work and never in a firing. */
export interface Chore {
  kind: Kind;
  /** Resolves when what was begun has ended. */
  settled(): Promise<void>;
  /** Ends what is under way, and waits for it. */
  stop(): Promise<void>;
}

/** A kind with one subject, which is begun after the firing's commit every so many milliseconds. */
function choreKind(db: Database, kind: string, subject: string, every: number, begin: () => void): Kind {
  return {
    kind,
    defaultTag: {},
    recordsOccurrences: false,
    async fire(tx, due, now) {
      tx.afterCommit(begin);
      return due.map(({ id }) => ({ id, nextRunAt: now + every, occurrences: [] }));
    },
    async *desired() {
      yield { subject, project: null, nextRunAt: await db.now() };
    },
  };
}

async function purge(config: Config, db: Database, activities: Activities, signal: AbortSignal): Promise<void> {
  await retainEvents(db, config.live.eventsRetention, signal);
  const before = (await db.now()) - config.live.activityRetention;
  while (!signal.aborted && (await activities.purge(before, CHUNK)) === CHUNK);
}

/** The chore that deletes of the event log and the activity what is older than it is kept, in small batches. */
export function retentionChore(config: Config, db: Database, activities: Activities, log: Logger): Chore {
  const work = new Background((error) => log.warn({ error }, 'old facts could not be deleted; trying again later'));
  const begin = (): void => work.run((signal) => purge(config, db, activities, signal));
  return {
    kind: choreKind(db, 'retention', 'events-and-activity', EVERY, begin),
    settled: () => work.settled(),
    stop: () => work.stop(),
  };
}

/** The chore that deletes of the history what is older than it is kept. */
export function historyRetentionChore(db: Database, retention: RetentionService): Chore {
  return {
    kind: choreKind(db, 'history-retention', 'history', RETENTION_EVERY, () => retention.begin()),
    settled: () => retention.settled(),
    stop: () => retention.stop(),
  };
}

/** The chore that ends deployments which nobody reports of any more. */
export function silenceChore(deps: Omit<SilenceDeps, 'onFault'>, log: Logger): Chore {
  const onFault = (error: unknown, transactionId?: string): void =>
    log.error({ error, transactionId }, 'A silent deployment could not be ended.');
  const work = new Background(onFault);
  const begin = (): void =>
    work.run(async (signal) => {
      const ended = await endSilentDeployments({ ...deps, onFault }, signal);
      if (ended > 0) log.info({ ended }, 'deployments were silent for too long: they ended LOST');
    });
  return {
    kind: choreKind(deps.db, 'history-silence', 'deployments', SILENCE_EVERY, begin),
    settled: () => work.settled(),
    stop: () => work.stop(),
  };
}
