import { randomUUID } from 'node:crypto';
import { createOnce, type Row, template } from './fire-load.js';
import type { Observer } from './observer.js';

/** Columns of a row in which some hold something else: an expression over `seq`. */
function columns(row: Row, others: Readonly<Record<string, string>>): { names: string; values: string } {
  const names = Object.keys(row);
  return {
    names: names.map((name) => `\`${name}\``).join(', '),
    values: names.map((name) => others[name] ?? `\`${name}\``).join(', '),
  };
}

/** So many jobs that are not due while a trial lasts, made by the database itself as copies of one that the API made. */
export async function createSleepers(front: string, { sql }: Pick<Observer, 'sql'>, count: number): Promise<void> {
  const far = Date.now() + 365 * 86_400_000;
  const { job, background, shards } = await template(front, sql, { kind: 'once', at: far });
  const name = `sleeper-${randomUUID().slice(0, 8)}`;
  const id = `CONCAT('job_${name}-', seq)`;
  const jobs = columns(job, { id, key: id });
  const ownId = `CONCAT('${String(background.id).split('_')[0]}_${name}-', seq)`;
  // The shard by the hash of the id, as the planner chooses it.
  const slice = `CONV(LEFT(SHA2(${ownId}, 256), 8), 16, 10) % ${shards.length}`;
  const shard = `ELT(1 + ${slice}, ${shards.map((one) => `'${one}'`).join(', ')})`;
  const backgrounds = columns(background, { id: ownId, subject: id, shard_id: shard });
  const from = (table: string): string => `FROM ${table}, seq_1_to_${count} WHERE ${table}.id = ?`;
  await sql.query(`INSERT INTO jobs (${jobs.names}) SELECT ${jobs.values} ${from('jobs')}`, [job.id]);
  await sql.query(
    `INSERT INTO background_jobs (${backgrounds.names}) SELECT ${backgrounds.values} ${from('background_jobs')}`,
    [background.id],
  );
}

/** One job that is due `ahead` milliseconds from now. */
export async function createOneDue(front: string, { sql }: Pick<Observer, 'sql'>, ahead: number) {
  const at = Date.now() + ahead;
  return { at, jobs: await createOnce(front, sql, [at]) };
}
