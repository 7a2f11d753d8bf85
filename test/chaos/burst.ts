import { setTimeout as sleep } from 'node:timers/promises';
import { createOnce } from './fire-load.js';
import type { Observer } from './observer.js';
import type { Trial } from './scenario.js';

/** How far ahead a burst is due when its rows are moved there: they must all be moved by then. Milliseconds. */
const LEAD = 2_000;
const LEAD_PER_JOB = 0.3;
const LOOK_EVERY = 20;

/** Jobs that are all due at one instant, once. */
export interface Burst {
  readonly count: number;
  /** Epoch milliseconds. */
  readonly due: number;
  /** The background job that each shard fires last: its rows are taken by instant, then by id. */
  readonly last: readonly string[];
}

/** Writes a burst, and puts it under the verdict; its instant is a few seconds ahead. */
export async function prepareBurst({ world, watch }: Trial, count: number): Promise<Burst> {
  const { sql } = world.observer;
  // Its jobs are written for a time far ahead, then moved at once: writing them takes longer than firing them.
  const far = Date.now() + 3_600_000;
  const jobs = await createOnce(
    world.front.url,
    sql,
    Array.from({ length: count }, () => far),
  );
  const due = Date.now() + LEAD + Math.round(count * LEAD_PER_JOB);
  const move = `UPDATE jobs, background_jobs SET jobs.schedule = JSON_SET(jobs.schedule, '$.at', ?),
    jobs.next_run_at = ?, background_jobs.next_run_at = ?, background_jobs.wake_at = ?
    WHERE jobs.id = background_jobs.subject AND background_jobs.next_run_at = ?`;
  await sql.query(move, [due, due, due, due, far]);
  if (Date.now() > due) throw new Error('The burst was due before all of it was there: the database is too slow.');
  watch(jobs.map(({ id }) => ({ id, rhythm: { kind: 'once', at: due } })));
  const lastOfEach = 'SELECT MAX(id) AS id FROM background_jobs WHERE wake_at = ? GROUP BY shard_id';
  const last = (await world.observer.rows<{ id: string }>(lastOfEach, [due])).map(({ id }) => id);
  return { count, due, last };
}

/** How many of a burst are still to be fired. It reads them all: for rare looks. */
export async function leftOf(observer: Observer, { due }: Burst): Promise<number> {
  const statement = `SELECT COUNT(*) AS found FROM background_jobs
    WHERE shard_id IN (SELECT id FROM shards) AND wake_at = ?`;
  return Number((await observer.rows<{ found: number }>(statement, [due]))[0]?.found);
}

/**
 * Resolves when the whole burst is fired and committed; the milliseconds from its instant until then. The looks take a
 * few rows by their keys, so that they cost nothing of what they measure. Rejects when it takes over a minute.
 */
export async function whenFired(observer: Observer, burst: Burst): Promise<number> {
  await sleep(burst.due - Date.now());
  const marks = burst.last.map(() => '?').join(', ');
  const statement = `SELECT 1 AS open FROM background_jobs WHERE id IN (${marks}) AND wake_at = ? LIMIT 1`;
  const fired = async (): Promise<boolean> => (await observer.rows(statement, [...burst.last, burst.due])).length === 0;
  if ((await observer.until(fired, 60_000, LOOK_EVERY)) === null) throw new Error('A burst was not fired in a minute.');
  return Date.now() - burst.due;
}
