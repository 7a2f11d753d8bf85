import type { SqlValue } from '../db/sql-value.js';
import type { Tx } from '../db/transaction.js';
import { marks } from './due.js';
import type { DueJob, Fired } from './kinds.js';

/** A background job was edited or moved while its batch was under way: the whole transaction runs again. */
export class ChangedMeanwhileError extends Error {}

interface Advanced {
  readonly job: DueJob;
  readonly fired: Fired;
}

/** `CASE id WHEN ? THEN ? ... END`: one statement for a batch, in every dialect. */
function caseOf(pairs: readonly (readonly [string, SqlValue])[], otherwise = ''): { sql: string; values: SqlValue[] } {
  return {
    sql: `CASE id ${pairs.map(() => 'WHEN ? THEN ?').join(' ')} ${otherwise} END`,
    values: pairs.flat(),
  };
}

/** The condition that holds for those rows only that are as they were read. */
function unchanged(shardId: string, batch: readonly Advanced[]): { sql: string; values: SqlValue[] } {
  const ids = batch.map(({ job }) => job.id);
  const generation = caseOf(batch.map(({ job }) => [job.id, job.generation]));
  return {
    sql: `shard_id = ? AND id IN (${marks(ids)}) AND generation = ${generation.sql}`,
    values: [shardId, ...ids, ...generation.values],
  };
}

async function move(tx: Tx, shardId: string, batch: readonly Advanced[]): Promise<number> {
  const next = caseOf(batch.map(({ fired }) => [fired.id, fired.nextRunAt]));
  const kept = batch.flatMap(({ fired }): [string, string][] =>
    fired.state ? [[fired.id, JSON.stringify(fired.state)]] : [],
  );
  const state = kept.length > 0 ? caseOf(kept, 'ELSE job_state') : { sql: 'job_state', values: [] };
  const where = unchanged(shardId, batch);
  const sql = `UPDATE background_jobs SET next_run_at = ${next.sql}, wake_at = ${next.sql}, job_state = ${state.sql},
    fail_count = 0, fail_reason = NULL, attempts = 0 WHERE ${where.sql}`;
  return tx.execute(sql, [...next.values, ...next.values, ...state.values, ...where.values]);
}

async function remove(tx: Tx, shardId: string, batch: readonly Advanced[]): Promise<number> {
  const where = unchanged(shardId, batch);
  return tx.execute(`DELETE FROM background_jobs WHERE ${where.sql}`, where.values);
}

/**
 * Writes each job's next instant, and deletes those that have none. Every write carries shard and generation: throws
 * ChangedMeanwhileError when one of them does not fit any more.
 */
export async function advance(tx: Tx, shardId: string, batch: readonly Advanced[]): Promise<void> {
  const on = batch.filter(({ fired }) => fired.nextRunAt !== null);
  const off = batch.filter(({ fired }) => fired.nextRunAt === null);
  const written =
    (on.length > 0 ? await move(tx, shardId, on) : 0) + (off.length > 0 ? await remove(tx, shardId, off) : 0);
  if (written !== batch.length) throw new ChangedMeanwhileError('A background job changed while it was fired.');
}
