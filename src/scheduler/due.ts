import type { Dialect } from '../db/data-source.js';
import type { SqlValue } from '../db/sql-value.js';
import type { Reader } from '../db/transaction.js';
import type { DueJob } from './kinds.js';

/** What a read of the schedule needs of the database. */
export interface ScheduleReader {
  readonly dialect: Dialect;
  readonly reader: Pick<Reader, 'rows'>;
  /** The store's present as SQL. */
  nowSql(): string;
}

/** A due background job with what the firing needs beside what its kind is told. */
export interface DueRow extends DueJob {
  /** Fires of it that were begun and never ended. */
  readonly attempts: number;
  readonly failCount: number;
}

interface Raw {
  id: string;
  kind: string;
  subject: string;
  project: string | null;
  next_run_at: number | string;
  job_state: string;
  generation: number;
  attempts: number;
  fail_count: number;
}

const COLUMNS = 'id, kind, subject, project, next_run_at, job_state, generation, attempts, fail_count';

/** Marks for `n` values of an IN list. */
export const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

/**
 * The table by the index on (shard, wake_at, id). Lists of background jobs have indexes of their own, which an optimizer
 * takes for these reads when its statistics are old: then it walks the rows of every other shard.
 */
const from = (dialect: Dialect): string =>
  `background_jobs ${dialect === 'mysql' ? 'FORCE INDEX (ix_background_jobs_due)' : 'INDEXED BY ix_background_jobs_due'}`;

function toDue(raw: Raw): DueRow {
  const state: Record<string, unknown> = JSON.parse(raw.job_state);
  return {
    id: raw.id,
    kind: raw.kind,
    subject: raw.subject,
    project: raw.project,
    scheduledFor: Number(raw.next_run_at),
    state,
    generation: raw.generation,
    attempts: raw.attempts,
    failCount: raw.fail_count,
  };
}

/** Which rows of a shard to look at: at most `limit`, and only the given ids where there are any. */
export interface Selection {
  readonly dialect: Dialect;
  readonly shardId: string;
  readonly kinds: readonly string[];
  readonly limit: number;
  readonly only?: readonly string[] | undefined;
}

/** The rows whose instant has come at `now`, the earliest first. */
export async function dueRows(reader: Pick<Reader, 'rows'>, selection: Selection, now: number): Promise<DueRow[]> {
  const { dialect, shardId, kinds, limit, only } = selection;
  const values: SqlValue[] = [shardId, now, ...kinds, ...(only ?? [])];
  const within = only ? `AND id IN (${marks(only)})` : '';
  const sql = `SELECT ${COLUMNS} FROM ${from(dialect)}
    WHERE shard_id = ? AND wake_at <= ? AND kind IN (${marks(kinds)}) ${within} ORDER BY wake_at, id LIMIT ${limit}`;
  return (await reader.rows<Raw>(sql, values)).map(toDue);
}

/** When the next row of a shard is due, and the store's present; null when nothing is scheduled. */
export async function nextDue(
  db: ScheduleReader,
  shardId: string,
  kinds: readonly string[],
): Promise<{ wakeAt: number; now: number } | null> {
  const sql = `SELECT wake_at, ${db.nowSql()} AS now FROM ${from(db.dialect)}
    WHERE shard_id = ? AND wake_at IS NOT NULL AND kind IN (${marks(kinds)}) ORDER BY wake_at LIMIT 1`;
  const [row] = await db.reader.rows<{ wake_at: number | string; now: number | string }>(sql, [shardId, ...kinds]);
  return row ? { wakeAt: Number(row.wake_at), now: Number(row.now) } : null;
}

/** Which of these shards have a row that is due within `horizon` milliseconds: one look for all of them. */
export async function shardsDueWithin(db: ScheduleReader, ids: readonly string[], horizon: number): Promise<string[]> {
  if (ids.length === 0) return [];
  const sql = `SELECT DISTINCT shard_id FROM ${from(db.dialect)}
    WHERE shard_id IN (${marks(ids)}) AND wake_at <= ${db.nowSql()} + ${horizon}`;
  return (await db.reader.rows<{ shard_id: string }>(sql, [...ids])).map((row) => row.shard_id);
}
