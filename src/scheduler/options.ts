import type { Database } from '../db/database.js';
import type { Bell, Outbox } from '../events/outbox.js';
import type { IdSource } from '../lib/ids.js';
import { SECOND } from '../lib/time.js';
import { NO_METRICS, type SchedulerLog, type SchedulerMetrics } from './metrics.js';
import type { AtPoint } from './points.js';
import type { ServiceIdentity } from './registry.js';
import { DEFAULT_SLICES, type SliceCounts } from './tag.js';
import { systemTimers, type Timers } from './timers.js';

/** What the scheduler needs and what may be set. */
export interface SchedulerOptions {
  readonly db: Database;
  readonly ids: IdSource;
  /** Tells other engines, and this one, that something was written. */
  readonly bell: Bell;
  /** Where moves of shards and states of services are told. */
  readonly outbox: Outbox;
  /** Calls back when a channel was rung; the answer ends it. */
  readonly listen: (channel: string, onRing: () => void) => () => void;
  readonly identity: ServiceIdentity;
  readonly log: SchedulerLog;
  /** Agenda's store: a `mongodb://` URL; left out = the SQL database. */
  readonly mongoUrl?: string;
  /** This is the only process on the database (SQLite, and its data directory is locked). */
  readonly exclusive?: boolean;
  readonly metrics?: SchedulerMetrics;
  readonly timers?: Timers;
  readonly slices?: SliceCounts;
  /** Milliseconds that a lock, a lease and a service live without a sign of life. */
  readonly leaseLength?: number;
  /** Milliseconds between two signs of life; at most a third of the lease. */
  readonly renewEvery?: number;
  /** Milliseconds between two looks of Agenda for free shards; a look that found one does not wait for it. */
  readonly pollEvery?: number;
  /** Milliseconds between two looks at services, free shards and what is due. */
  readonly lookEvery?: number;
  /** Milliseconds between two checks that every shard has its entry in Agenda's store. */
  readonly mendEvery?: number;
  /** The most background jobs fired in one transaction. */
  readonly batchSize?: number;
  /** How many shards fire at the same time. */
  readonly concurrency?: number;
  /** For what leased work writes, where that is not to wait for the engine's own connections. */
  readonly workDb?: Database;
  /** How many pieces of leased work this engine does at once. */
  readonly places?: number;
  /** For trials of what happens when a process ends at the worst moment. */
  readonly at?: AtPoint;
}

const DEFAULTS = {
  exclusive: false,
  metrics: NO_METRICS,
  timers: systemTimers,
  slices: DEFAULT_SLICES,
  leaseLength: 15 * SECOND,
  renewEvery: 5 * SECOND,
  pollEvery: 2 * SECOND,
  lookEvery: SECOND,
  mendEvery: 30 * SECOND,
  batchSize: 200,
  concurrency: 4,
  places: 4,
};

export type ResolvedOptions = SchedulerOptions & typeof DEFAULTS;

export const withDefaults = (options: SchedulerOptions): ResolvedOptions => ({ ...DEFAULTS, ...options });
