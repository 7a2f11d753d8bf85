import { Brackets } from 'typeorm';
import { JobRunEntity, type JobRunRow } from '../entities/run.js';
import type { JobsDeps } from './deps.js';

/**
 * What waits for a client's agent: runs to claim, and runs under way that it is asked to abort. Oldest first, at most
 * `limit`.
 */
export function openWork(
  deps: Pick<JobsDeps, 'db'>,
  client: { project: string; key: string },
  limit: number,
): Promise<JobRunRow[]> {
  const query = deps.db.manager.getRepository(JobRunEntity).createQueryBuilder('run');
  query.where('run.clientKey = :key AND run.project = :project', client);
  query.andWhere(
    new Brackets((some) =>
      some.where("run.state = 'WAITING'").orWhere("(run.state = 'RUNNING' AND run.abortRequestedAt IS NOT NULL)"),
    ),
  );
  return query.orderBy('run.id').limit(limit).getMany();
}
