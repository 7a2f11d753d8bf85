import type { ActivityEntry } from '../auth/activity.js';
import type { Ctx } from '../auth/actor.js';
import type { Database } from '../db/database.js';
import type { Tx } from '../db/transaction.js';
import type { Outbox } from '../events/outbox.js';
import type { IdSource } from '../lib/ids.js';
import type { Clock } from '../lib/time.js';
import type { Planner } from '../scheduler/kinds.js';

/** What an operator may set about jobs. */
export interface JobsSettings {
  /** Seconds that a job's due run may be late, where the job does not say. */
  defaultCatchupWindow: number;
  /** Milliseconds an agent's lease on a run lasts. */
  runLease: number;
  /** Bytes of one attempt's output that are kept; beyond it head and tail. */
  outputLimit: number;
}

export const DEFAULT_JOBS_SETTINGS: JobsSettings = {
  defaultCatchupWindow: 3_600,
  runLease: 60_000,
  outputLimit: 16 * 1024 * 1024,
};

/** Everything the jobs stand on. Each function of this folder takes it explicitly. */
export interface JobsDeps {
  readonly db: Database;
  readonly outbox: Outbox;
  readonly planner: Planner;
  readonly ids: IdSource;
  /** For what only people look at; instants that decide anything are the store's (`tx.now()`). */
  readonly clock: Clock;
  /** Writes who did what, in the command's transaction. */
  readonly activity: (tx: Tx, ctx: Ctx, entry: ActivityEntry) => Promise<unknown>;
  readonly settings: JobsSettings;
}

/** The scheduler's kind of a job's next run. */
export const JOB_RUN_KIND = 'job-run';
