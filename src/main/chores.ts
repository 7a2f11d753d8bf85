import type { Activities } from '../auth/activity.js';
import type { Config } from '../config/config.js';
import type { Database } from '../db/database.js';
import { retainEvents } from '../events/retention.js';
import { closeLateRows } from '../history/intake/late-rows.js';
import { endSilentDeployments, type SilenceDeps } from '../history/intake/silence.js';
import { RETENTION_EVERY, type RetentionService } from '../history/retention/retention-service.js';
import { MINUTE } from '../lib/time.js';
import type { HeldWork, Kind, Planner } from '../scheduler/kinds.js';
import type { Logger } from '../telemetry/logger.js';

const EVERY = 10 * MINUTE;
const CHUNK = 500;
const SILENCE_EVERY = 2 * MINUTE;

/** What a chore stands on. */
export interface ChoreDeps {
  readonly db: Database;
  readonly planner: Pick<Planner, 'begin'>;
}

/** When a chore is due, and of what it is the chore. */
interface Turn {
  readonly kind: string;
  readonly subject: string;
  /** Milliseconds from one fire to the next; work that takes longer is not begun again. */
  readonly every: number;
}

/**
 * A kind with one subject, whose leased work begins again and again. Work whose engine is gone is taken up at once by
 * another: a chore goes on from what it finds.
 */
function choreKind({ db, planner }: ChoreDeps, turn: Turn, work: (work: HeldWork) => Promise<void>): Kind {
  const { kind, subject, every } = turn;
  return {
    kind,
    defaultTag: {},
    recordsOccurrences: false,
    async fire(tx, due, now) {
      for (const job of due) await planner.begin(tx, kind, job.subject);
      return due.map(({ id }) => ({ id, nextRunAt: now + every, occurrences: [] }));
    },
    async *desired() {
      yield { subject, project: null, nextRunAt: await db.now() };
    },
    work,
  };
}

/** The chore that deletes of the event log and the activity what is older than it is kept, in small batches. */
export function retentionChore(deps: ChoreDeps, config: Config, activities: Activities): Kind {
  const turn = { kind: 'retention', subject: 'events-and-activity', every: EVERY };
  return choreKind(deps, turn, async ({ db, signal }) => {
    await retainEvents(db, config.live.eventsRetention, signal);
    const before = (await db.now()) - config.live.activityRetention;
    while (!signal.aborted && (await activities.purge(before, CHUNK, db)) === CHUNK);
  });
}

/** The chore that deletes of the history what is older than it is kept. */
export function historyRetentionChore(deps: ChoreDeps, retention: Pick<RetentionService, 'round'>): Kind {
  const turn = { kind: 'history-retention', subject: 'history', every: RETENTION_EVERY };
  return choreKind(deps, turn, ({ db, signal }) => retention.round(db, signal));
}

/** The chore that ends deployments which nobody reports of any more, and closes what an end left open. */
export function silenceChore(deps: ChoreDeps & Omit<SilenceDeps, 'onFault'>, log: Logger): Kind {
  const turn = { kind: 'history-silence', subject: 'deployments', every: SILENCE_EVERY };
  const onFault = (error: unknown, transactionId: string): void =>
    log.error({ error, transactionId }, 'A deployment could not be ended, or its tasks not closed.');
  return choreKind(deps, turn, async ({ db, signal }) => {
    const ended = await endSilentDeployments({ ...deps, db, onFault }, signal);
    const closed = await closeLateRows({ ...deps, db, onFault }, signal);
    if (closed > 0) log.info({ closed }, 'tasks that were reported beside the end of their deployment were closed');
    if (ended > 0) log.info({ ended }, 'deployments were silent for too long: they ended LOST');
  });
}
