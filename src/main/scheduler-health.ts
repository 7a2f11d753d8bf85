import type { Database } from '../db/database.js';
import { SECOND } from '../lib/time.js';
import type { Scheduler } from '../scheduler/scheduler.js';
import { systemTimers, within } from '../scheduler/timers.js';
import type { Health, PartState } from '../telemetry/health.js';
import type { ClusterSurvey } from './cluster-survey.js';

type Known = Pick<Scheduler, 'state'>;
type Found = 'UP' | { state: PartState; detail: string };

const degraded = (detail: string): Found => ({ state: 'DEGRADED', detail });

/** What only the database knows is not asked for longer: that it is away is told by its own probe, once. */
const PATIENCE = 1.5 * SECOND;

const unlessAway = (asking: Promise<Found>): Promise<Found> =>
  within(systemTimers, PATIENCE, asking).catch((): Found => 'UP');

/** How the scheduler of this process is. */
function schedulerState(scheduler: Known): Found {
  const { state, serviceId, holdsLeases } = scheduler.state();
  if (state === 'SUPERSEDED') {
    return degraded('another process was started under the same host and name: this one fires nothing');
  }
  if (state !== 'RUNNING') return degraded(`it is ${state.toLowerCase()}, and fires nothing`);
  if (serviceId === null) return degraded('it is starting: its service is not registered yet');
  if (!holdsLeases) return degraded('the database was silent for the time of a lease: every shard was let go');
  return 'UP';
}

const STATES: Readonly<Record<string, string>> = {
  DRAINING: 'it is being drained: it takes no work',
  FAILED: 'the others count it as FAILED: it was not heard of for the time of a lease',
};

/** How the others see this service. */
async function serviceState(db: Database, scheduler: Known): Promise<Found> {
  const { serviceId, incarnation } = scheduler.state();
  if (serviceId === null || incarnation === null) return 'UP';
  const sql = 'SELECT state FROM services WHERE id = ? AND incarnation = ?';
  const [row] = await db.reader.rows<{ state: string }>(sql, [serviceId, incarnation]);
  const detail = STATES[row?.state ?? ''];
  return detail === undefined ? 'UP' : degraded(detail);
}

const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** What nobody does, whoever is asked. */
async function undone(survey: () => Promise<ClusterSurvey>): Promise<Found> {
  const { unassigned, unassignedReason, parked, parkedNames } = await survey();
  const told: string[] = [];
  if (unassigned > 0) told.push(`${many(unassigned, 'background job')} UNASSIGNED: ${unassignedReason}`);
  if (parked > 0) {
    const names = [...parkedNames, ...(parked > parkedNames.length ? ['...'] : [])].join(', ');
    told.push(`${many(parked, 'piece')} of work parked (${names}): engines were gone in the middle again and again`);
  }
  return told.length === 0 ? 'UP' : degraded(told.join('; '));
}

/** Registers what health asks of the scheduler. `engine`: whether this process is to fire; `mongo`: whether MongoDB elects. */
export function probeScheduler(
  health: Health,
  db: Database,
  scheduler: Known,
  survey: () => Promise<ClusterSurvey>,
  { engine, mongo }: { readonly engine: boolean; readonly mongo: boolean },
): void {
  health.probe('background jobs', () => unlessAway(undone(survey)));
  if (!engine) return;
  health.probe('scheduler', async () => schedulerState(scheduler));
  health.probe('service', () => unlessAway(serviceState(db, scheduler)));
  if (!mongo) return;
  health.probe('mongodb', async () =>
    scheduler.state().lockStoreAvailable ? 'UP' : degraded('away: ownership goes on by the database alone'),
  );
}
