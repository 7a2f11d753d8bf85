import { createHash, randomUUID } from 'node:crypto';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { createJob } from './api.js';
import type { Random } from './random.js';
import { firstInstant, type Rhythm, scheduleInput } from './rhythm.js';

/** A job of the trial. */
export interface DueJob {
  readonly id: string;
  readonly rhythm: Rhythm;
}

export type Row = Record<string, string | number | null>;

const CHUNK = 500;
/** The templates are never due while a trial lasts. */
const FAR = 365 * 86_400_000;

/** A row as it can be written again: objects back to the texts they are stored as. */
function plain(row: RowDataPacket): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as string | number | null),
    ]),
  );
}

async function one(sql: Pool, statement: string, value: string): Promise<Row> {
  const [[row]] = await sql.query<RowDataPacket[]>(statement, [value]);
  if (!row) throw new Error(`The API's own job has no row: ${statement}`);
  return plain(row);
}

async function write(sql: Pool, table: string, rows: readonly Row[]): Promise<void> {
  const names = Object.keys(rows[0] ?? {});
  const columns = names.map((name) => `\`${name}\``).join(', ');
  for (let from = 0; from < rows.length; from += CHUNK) {
    const values = rows.slice(from, from + CHUNK).map((row) => names.map((name) => row[name]));
    await sql.query(`INSERT INTO ${table} (${columns}) VALUES ?`, [values]);
  }
}

/** What the API writes for a job of this rhythm: its row, its background job's, and the shards that those are over. */
export interface Template {
  readonly job: Row;
  readonly background: Row;
  readonly shards: readonly string[];
}

/** Makes one job by the API, and reads what it wrote. */
export async function template(url: string, sql: Pool, rhythm: Rhythm): Promise<Template> {
  const input = {
    key: `template-${randomUUID()}`,
    clientId: 'nobody',
    overlap: 'ALLOW_ALL',
    catchup: 'ALL',
    schedule: scheduleInput(rhythm),
    actions: [{ freezerAction: { action: 'exec', command: 'true' } }],
  };
  const id = await createJob(url, input);
  const job = await one(sql, 'SELECT * FROM jobs WHERE id = ?', id);
  const background = await one(sql, 'SELECT * FROM background_jobs WHERE subject = ?', id);
  const statement = `SELECT id FROM shards WHERE tag_key = (SELECT tag_key FROM shards WHERE id = ?) ORDER BY slice`;
  const [shards] = await sql.query<RowDataPacket[]>(statement, [background.shard_id]);
  return { job, background, shards: shards.map((row) => String(row.id)) };
}

/** The schedule's stored form with this job's own instants. */
function scheduleText(stored: unknown, rhythm: Rhythm): string {
  const schedule = JSON.parse(String(stored));
  if (rhythm.kind === 'once') return JSON.stringify({ ...schedule, at: rhythm.at });
  if (rhythm.kind === 'every') return JSON.stringify({ ...schedule, anchor: rhythm.from, start: rhythm.from });
  const fields = { ...schedule.fields, second: String(rhythm.second) };
  return JSON.stringify({ ...schedule, fields, start: rhythm.from });
}

/** The shard by the hash of the id, as the planner chooses it: else the reconciler would move thousands of rows. */
function shardOf(id: string, shards: readonly string[]): string {
  const slice = createHash('sha256').update(id).digest().readUInt32BE(0) % shards.length;
  return shards[slice] ?? '';
}

/**
 * Makes so many jobs of one kind of rhythm: one by the API, the others as copies of its rows, as thousands of calls
 * would take longer than the trial. Their runs wait for a client that never comes: fires are counted, with all their
 * rows and events, and nothing is executed.
 */
async function copies(url: string, sql: Pool, rhythms: readonly Rhythm[]): Promise<DueJob[]> {
  const [first] = rhythms;
  if (!first) return [];
  const far = first.kind === 'once' ? { ...first, at: Date.now() + FAR } : { ...first, from: Date.now() + FAR };
  const { job, background, shards } = await template(url, sql, far);
  const jobs: Row[] = [];
  const backgrounds: Row[] = [];
  const made = rhythms.map((rhythm) => {
    const id = `job_${randomUUID()}`;
    const next = firstInstant(rhythm);
    jobs.push({ ...job, id, key: id, schedule: scheduleText(job.schedule, rhythm), next_run_at: next });
    const own = `${String(background.id).split('_')[0]}_${randomUUID()}`;
    const due = { subject: id, next_run_at: next, wake_at: next, shard_id: shardOf(own, shards) };
    backgrounds.push({ ...background, id: own, ...due });
    return { id, rhythm };
  });
  await write(sql, 'jobs', jobs);
  await write(sql, 'background_jobs', backgrounds);
  return made;
}

/** Jobs that are due once a minute each, so that so many are fired a second; of ten, nine are intervals and one is cron. */
export async function createFires(
  url: string,
  sql: Pool,
  random: Random,
  load: { perSecond: number; from: number },
): Promise<DueJob[]> {
  const count = load.perSecond * 60;
  const intervals: Rhythm[] = [];
  const crons: Rhythm[] = [];
  for (let index = 0; index < count; index += 1) {
    const from = load.from + random.between(0, 59_999);
    if (index % 10 === 0) crons.push({ kind: 'second', from, second: random.between(0, 59) });
    else intervals.push({ kind: 'every', from, milliseconds: 60_000 });
  }
  return [...(await copies(url, sql, intervals)), ...(await copies(url, sql, crons))];
}

/** A job for each of these instants, due once. */
export function createOnce(url: string, sql: Pool, instants: readonly number[]): Promise<DueJob[]> {
  return copies(
    url,
    sql,
    instants.map((at) => ({ kind: 'once', at })),
  );
}
