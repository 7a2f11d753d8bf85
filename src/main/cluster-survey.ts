import type { Database } from '../db/database.js';
import { countDoubled } from '../jobs/doubled.js';
import { HOUR, SECOND } from '../lib/time.js';
import { readRoster } from '../scheduler/directory/roster.js';
import { marks } from '../scheduler/due.js';

/** How the engines stand altogether, as the database tells it. */
export interface ClusterSurvey {
  /** Services that are alive and take work. */
  readonly live: number;
  /** Background jobs that no live service fits. */
  readonly unassigned: number;
  /** Leased work that waits for an engine, and that is parked. */
  readonly waiting: number;
  readonly parked: number;
}

async function countUnassigned(db: Database, unfit: ReadonlySet<string>): Promise<number> {
  if (unfit.size === 0) return 0;
  const sql = `SELECT COUNT(*) AS count FROM background_jobs WHERE wake_at IS NOT NULL AND shard_id IN (
    SELECT id FROM shards WHERE tag_key IN (${marks([...unfit])}))`;
  const [row] = await db.reader.rows<{ count: number | string }>(sql, [...unfit]);
  return Number(row?.count ?? 0);
}

async function survey(db: Database, silence: number): Promise<ClusterSurvey> {
  const roster = await readRoster({ db, silence });
  const sql = "SELECT state, COUNT(*) AS count FROM leases WHERE state IN ('WAITING', 'PARKED') GROUP BY state";
  const leases = await db.reader.rows<{ state: string; count: number | string }>(sql);
  const inState = (state: string): number => Number(leases.find((row) => row.state === state)?.count ?? 0);
  return {
    live: roster.services.filter((service) => service.state === 'ACTIVE' && roster.heard(service)).length,
    unassigned: await countUnassigned(db, roster.unfit),
    waiting: inState('WAITING'),
    parked: inState('PARKED'),
  };
}

/** What `look` finds, looked for again when what it found is older than so many milliseconds: anybody may ask often. */
function kept<T>(milliseconds: number, look: () => Promise<T>): () => Promise<T> {
  let last: { at: number; found: Promise<T> } | undefined;
  return () => {
    const at = performance.now();
    if (!last || at - last.at > milliseconds) last = { at, found: look() };
    return last.found;
  };
}

/** How the engines stand; `silence`: milliseconds without a heartbeat after which a service is dead. */
export const clusterSurvey = (db: Database, silence: number): (() => Promise<ClusterSurvey>) =>
  kept(SECOND, () => survey(db, silence));

/** Runs of the last hour's instants beyond one for each instant of a job. */
export const doubledInstants = (db: Database): (() => Promise<number>) =>
  kept(30 * SECOND, async () => countDoubled(db.reader, (await db.now()) - HOUR));
