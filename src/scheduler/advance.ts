import { updateGiven } from '../db/given-table.js';
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

/** The condition that holds for those rows only that are as they were read: most have the same generation. */
function unchanged(shardId: string, batch: readonly Advanced[]): { sql: string; values: SqlValue[] } {
  const ids = new Map<number, string[]>();
  for (const { job } of batch) ids.set(job.generation, [...(ids.get(job.generation) ?? []), job.id]);
  const groups = [...ids].map(([generation, same]) => ({
    sql: `(generation = ? AND id IN (${marks(same)}))`,
    values: [generation, ...same],
  }));
  return {
    sql: `shard_id = ? AND (${groups.map(({ sql }) => sql).join(' OR ')})`,
    values: [shardId, ...groups.flatMap(({ values }) => values)],
  };
}

const COLUMNS = { id: 'VARCHAR(64)', generation: 'BIGINT', next: 'BIGINT', state: 'LONGTEXT' };
const set = `next_run_at = given.next, wake_at = given.next, job_state = COALESCE(given.state, job_state),
  fail_count = 0, fail_reason = NULL, attempts = 0`;
const match = `background_jobs.id = given.id AND background_jobs.generation = given.generation
  AND background_jobs.shard_id = ?`;

async function move(tx: Tx, shardId: string, batch: readonly Advanced[]): Promise<number> {
  const sqlite = tx.manager.dataSource.options.type === 'better-sqlite3';
  const given = batch.map(({ job, fired }) => [
    job.id,
    job.generation,
    fired.nextRunAt,
    fired.state ? JSON.stringify(fired.state) : null,
  ]);
  // A list: of texts with a case for each row the database compares every one with each.
  const sql = updateGiven(sqlite, 'background_jobs', COLUMNS, { set, match });
  return tx.execute(sql, [JSON.stringify(given), shardId]);
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
