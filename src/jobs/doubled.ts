import type { Reader } from '../db/transaction.js';

const DOUBLED = `SELECT COALESCE(SUM(runs - 1), 0) AS doubled FROM (
  SELECT COUNT(*) AS runs FROM job_runs WHERE scheduled_for > ? GROUP BY scheduled_for, job_id HAVING COUNT(*) > 1
) instants`;

/**
 * How many runs there are of due instants since `since` beyond one for each instant of a job. Always 0, by the scheduler's
 * promise; counted from the runs themselves, whatever the scheduler believes. Reads an index alone.
 */
export async function countDoubled(reader: Pick<Reader, 'rows'>, since: number): Promise<number> {
  const [row] = await reader.rows<{ doubled: number | string }>(DOUBLED, [since]);
  return Number(row?.doubled ?? 0);
}
