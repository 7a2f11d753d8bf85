import type { Database } from '../../src/db/database.js';
import { type Bell, createOutbox } from '../../src/events/outbox.js';
import { systemIds } from '../../src/lib/ids.js';
import { KindRegistry } from '../../src/scheduler/kind-registry.js';
import { NO_METRICS, type SchedulerLog } from '../../src/scheduler/metrics.js';
import { SqlPlanner } from '../../src/scheduler/planner.js';
import { ServiceRegistry } from '../../src/scheduler/registry.js';
import { ShardFiring } from '../../src/scheduler/shard-firing.js';
import { ShardLeases } from '../../src/scheduler/shard-leases.js';
import { ensureShards } from '../../src/scheduler/shards.js';
import { systemTimers } from '../../src/scheduler/timers.js';
import { WorkCrew } from '../../src/scheduler/work-crew.js';
import { WorkEnding } from '../../src/scheduler/work-ending.js';

const ONE_SHARD = { untagged: 1, tagged: 1 };
/** Longer than any test lets pass: the one engine of a test never loses its shard. */
export const FOR_EVER = 100 * 365 * 86_400_000;

/** An engine without timers: it fires what is due when the test says so. */
export interface Engine {
  readonly kinds: KindRegistry;
  readonly planner: SqlPlanner;
  /** What it warned of: background jobs that could not be fired. */
  readonly warnings: string[];
  /** Fires everything that is due, until nothing is, and does the work that it began. */
  fireDue(): Promise<void>;
}

const DUE = 'SELECT COUNT(*) AS due FROM background_jobs WHERE wake_at <= ?';

export async function createEngine(db: Database, bell: Bell): Promise<Engine> {
  const kinds = new KindRegistry();
  const planner = new SqlPlanner({ bell, ids: systemIds, slices: ONE_SHARD, kinds });
  await ensureShards(db, {}, ONE_SHARD);
  const identity = { host: 'test', name: 'engine', version: '1', labels: {} };
  const parts = { db, ids: systemIds, bell, outbox: createOutbox(bell, systemIds) };
  const service = await new ServiceRegistry({ ...parts, silence: FOR_EVER }).register(identity);
  const leases = new ShardLeases({ ...parts, service, length: FOR_EVER, exclusive: false });
  const [shard] = await leases.take(await leases.all());
  if (!shard) throw new Error('The shard is not free.');
  const warnings: string[] = [];
  const log: SchedulerLog = {
    warn: (message, cause) => void warnings.push(cause instanceof Error ? `${message} ${cause.message}` : message),
  };
  const firing = new ShardFiring({ db, ids: systemIds, kinds, metrics: NO_METRICS, log, batchSize: 200 }, shard);
  const working = { ...parts, service, kinds, log, metrics: NO_METRICS, timers: systemTimers, renewEvery: FOR_EVER };
  const crew = new WorkCrew({
    ...working,
    workDb: db,
    ending: new WorkEnding(working),
    listen: () => () => {},
    places: 4,
    leaseLength: FOR_EVER,
    lookEvery: FOR_EVER,
    exclusive: false,
    mayTake: () => true,
  });
  const due = async (): Promise<boolean> => {
    const [row] = await db.reader.rows<{ due: number | string }>(DUE, [await db.now()]);
    return Number(row?.due) > 0;
  };
  return {
    kinds,
    planner,
    warnings,
    async fireDue() {
      while (await due()) await firing.fireDue();
      await crew.look();
      await crew.idle();
    },
  };
}
