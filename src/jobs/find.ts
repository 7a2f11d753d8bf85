import { In } from 'typeorm';
import type { Ctx } from '../auth/actor.js';
import { seesClient } from '../auth/scope.js';
import { JobEntity, type JobRow } from '../entities/job.js';
import { JobRunEntity, type JobRunRow } from '../entities/run.js';
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

/** An open run as a job shows it. */
export type OpenRun = Pick<JobRunRow, 'id' | 'state' | 'project' | 'clientKey'>;

const FIRST_STATE: readonly JobRunRow['state'][] = ['RUNNING', 'WAITING', 'BUFFERED'];

/** The open runs of each of these jobs: what runs before what waits, then the oldest first. */
export async function openRunsOfEach(deps: ReadDeps, jobIds: readonly string[]): Promise<OpenRun[][]> {
  const runs = await deps.db.manager
    .getRepository(JobRunEntity)
    .createQueryBuilder('run')
    .select(['run.id', 'run.jobId', 'run.state', 'run.project', 'run.clientKey'])
    .where('run.jobId IN (:...jobIds) AND run.state IN (:...states)', { jobIds, states: FIRST_STATE })
    .orderBy('run.id')
    .getMany();
  const rank = (run: OpenRun): number => FIRST_STATE.indexOf(run.state);
  return jobIds.map((id) => runs.filter((run) => run.jobId === id).sort((a, b) => rank(a) - rank(b)));
}
