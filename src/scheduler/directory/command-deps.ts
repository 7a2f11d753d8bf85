import type { ActivityEntry } from '../../auth/activity.js';
import type { Ctx } from '../../auth/actor.js';
import type { Database } from '../../db/database.js';
import type { Tx } from '../../db/transaction.js';
import type { Bell, Outbox } from '../../events/outbox.js';
import type { Planner } from '../kinds.js';

/** What the directory of services, shards and background jobs stands on. */
export interface CommandDeps {
  readonly db: Database;
  readonly outbox: Outbox;
  readonly bell: Bell;
  readonly planner: Planner;
  /** Milliseconds without a heartbeat after which a service counts as dead: the length of a lease. */
  readonly silence: number;
  readonly activity: (tx: Tx, ctx: Ctx, entry: ActivityEntry) => Promise<unknown>;
}
