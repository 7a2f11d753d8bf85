import { In } from 'typeorm';
import type { Ctx } from '../auth/actor.js';
import { seesClient } from '../auth/scope.js';
import { JobEntity, type JobRow } from '../entities/job.js';
import type { JobsDeps } from './deps.js';
import { type JobName, resolveJobId } from './job-store.js';

type ReadDeps = Pick<JobsDeps, 'db'>;

/** The jobs with these ids, in their order; null for each that the caller may not see. */
export async function jobsByIds(deps: ReadDeps, ctx: Ctx, ids: readonly string[]): Promise<(JobRow | null)[]> {
  const rows = await deps.db.manager.getRepository(JobEntity).findBy({ id: In([...ids]) });
  const visible = new Map(
    rows.filter((job) => seesClient(ctx, job.project, job.clientKey)).map((job) => [job.id, job]),
  );
  return ids.map((id) => visible.get(id) ?? null);
}

/** The job of this id or key; null when the caller may see none. Throws ConflictError when several projects have one. */
export async function findJob(deps: ReadDeps, ctx: Ctx, name: JobName): Promise<JobRow | null> {
  const id = await resolveJobId(deps.db.reader, ctx, name);
  if (id === null) return null;
  const [job] = await jobsByIds(deps, ctx, [id]);
  return job ?? null;
}

/** The oldest open run of each of these jobs; null for one that has none. */
export async function openRunIds(deps: ReadDeps, jobIds: readonly string[]): Promise<(string | null)[]> {
  const marks = jobIds.map(() => '?').join(', ');
  const sql = `SELECT job_id AS jobId, MIN(id) AS runId FROM job_runs
    WHERE job_id IN (${marks}) AND state IN ('WAITING', 'BUFFERED', 'RUNNING') GROUP BY job_id`;
  const rows = await deps.db.reader.rows<{ jobId: string; runId: string }>(sql, jobIds);
  const open = new Map(rows.map((row) => [row.jobId, row.runId]));
  return jobIds.map((id) => open.get(id) ?? null);
}
