import type { Database } from '../db/database.js';
import { countDoubled } from '../jobs/doubled.js';
import { HOUR, SECOND } from '../lib/time.js';
import { type Roster, readRoster } from '../scheduler/directory/roster.js';
import { marks } from '../scheduler/due.js';

/** How the engines stand altogether, as the database tells it. */
export interface ClusterSurvey {
  /** Services that are alive and take work. */
  readonly live: number;
  /** Background jobs that no live service fits. */
  readonly unassigned: number;
  /** Why nobody takes some of these; null when there are none. */
  readonly unassignedReason: string | null;
  /** Leased work that waits for an engine, and that is parked. */
  readonly waiting: number;
  readonly parked: number;
  /** Some of what is parked, as `kind/subject`. */
  readonly parkedNames: readonly string[];
}

/** How many background jobs nobody may own, and why; services are not named, for anybody may ask. */
async function unassigned(
  db: Database,
  roster: Roster,
): Promise<Pick<ClusterSurvey, 'unassigned' | 'unassignedReason'>> {
  const keys = [...roster.unfit];
  if (keys.length === 0) return { unassigned: 0, unassignedReason: null };
  const sql = `SELECT shards.tag_key, COUNT(*) AS count FROM background_jobs
    JOIN shards ON shards.id = background_jobs.shard_id
    WHERE background_jobs.wake_at IS NOT NULL AND shards.tag_key IN (${marks(keys)})
    GROUP BY shards.tag_key ORDER BY shards.tag_key`;
  const rows = await db.reader.rows<{ tag_key: string; count: number | string }>(sql, keys);
  const tag = roster.unfitTags.get(rows[0]?.tag_key ?? '');
  return {
    unassigned: rows.reduce((total, { count }) => total + Number(count), 0),
    unassignedReason: tag ? roster.reasonFor(tag, false) : null,
  };
}

/** How many names of what is parked are told. */
const MOST_NAMED = 3;

async function parkedNames(db: Database): Promise<string[]> {
  const sql = `SELECT kind, subject FROM leases WHERE state = 'PARKED' ORDER BY kind, subject LIMIT ${MOST_NAMED}`;
  const rows = await db.reader.rows<{ kind: string; subject: string }>(sql);
  return rows.map(({ kind, subject }) => `${kind}/${subject}`);
}

async function survey(db: Database, silence: number): Promise<ClusterSurvey> {
  const roster = await readRoster({ db, silence });
  const sql = "SELECT state, COUNT(*) AS count FROM leases WHERE state IN ('WAITING', 'PARKED') GROUP BY state";
  const leases = await db.reader.rows<{ state: string; count: number | string }>(sql);
  const inState = (state: string): number => Number(leases.find((row) => row.state === state)?.count ?? 0);
  return {
    live: roster.services.filter((service) => service.state === 'ACTIVE' && roster.heard(service)).length,
    ...(await unassigned(db, roster)),
    waiting: inState('WAITING'),
    parked: inState('PARKED'),
    parkedNames: inState('PARKED') > 0 ? await parkedNames(db) : [],
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
