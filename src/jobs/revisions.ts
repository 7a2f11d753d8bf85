import { In } from 'typeorm';
import type { Ctx } from '../auth/actor.js';
import { keysetPage, type OrderKey, type Page, type PageRequest } from '../db/page.js';
import { type FirstPageRequest, keysetPages, type ListQuery } from '../db/pages.js';
import { RowQuery } from '../db/row-query.js';
import type { Reader } from '../db/transaction.js';
import { type JobHead, JobRevisionEntity, type JobRevisionRow, type JobRow } from '../entities/job.js';
import { NotFoundError } from '../lib/errors.js';
import { type DefinitionChange, diffDefinitions } from './definition-diff.js';
import type { JobsDeps } from './deps.js';
import { jobsByIds } from './find.js';

type ReadDeps = Pick<JobsDeps, 'db'>;

const NEWEST_FIRST: readonly OrderKey[] = [{ property: 'revision', direction: 'DESC' }];

function revisionsOf(deps: ReadDeps, jobId: string): ListQuery<JobRevisionRow> {
  const query = new RowQuery(deps.db.reader, JobRevisionEntity, 'revision');
  return { query: query.andWhere('revision.jobId = :id', { id: jobId }), scope: `revisions:${jobId}` };
}

/** A page of the states of a job's definition, the newest first. Throws InvalidInputError for a wrong page. */
export function listRevisions(deps: ReadDeps, jobId: string, request: PageRequest): Promise<Page<JobRevisionRow>> {
  const { query, scope } = revisionsOf(deps, jobId);
  return keysetPage(query, NEWEST_FIRST, request, scope);
}

/** The first (or last) page of the states of each of several jobs. Throws InvalidInputError for a wrong size. */
export function listRevisionsOfEach(
  deps: ReadDeps,
  jobIds: readonly string[],
  request: FirstPageRequest,
): Promise<Page<JobRevisionRow>[]> {
  const lists = jobIds.map((jobId) => revisionsOf(deps, jobId));
  return keysetPages(lists, NEWEST_FIRST, request);
}

/** One state of a job's definition. Throws NotFoundError when the job never had it. */
export async function revisionOf(
  reader: Reader,
  job: Pick<JobRow, 'id' | 'key'>,
  revision: number,
  path = 'revision',
): Promise<JobRevisionRow> {
  const row = await reader.manager.getRepository(JobRevisionEntity).findOneBy({ jobId: job.id, revision });
  if (!row) throw new NotFoundError('revision', String(revision), [path], `job "${job.key}"`);
  return row;
}

/** Where two states of a job's definition differ. Throws NotFoundError for one the job never had. */
export async function diffRevisions(
  deps: ReadDeps,
  job: JobHead,
  from: number,
  to: number,
): Promise<DefinitionChange[]> {
  const before = await revisionOf(deps.db.reader, job, from, 'from');
  const after = await revisionOf(deps.db.reader, job, to, 'to');
  return diffDefinitions(before.definition, after.definition);
}

/** The state before each of these: null for a first one. One statement for all. */
export async function revisionsBefore(
  deps: ReadDeps,
  revisions: readonly JobRevisionRow[],
): Promise<(JobRevisionRow | null)[]> {
  const wanted = revisions.filter(({ revision }) => revision > 1);
  if (wanted.length === 0) return revisions.map(() => null);
  const where = wanted.map(({ jobId, revision }) => ({ jobId, revision: revision - 1 }));
  const rows = await deps.db.manager.getRepository(JobRevisionEntity).find({ where });
  const found = new Map(rows.map((row) => [`${row.jobId} ${row.revision}`, row]));
  return revisions.map(({ jobId, revision }) => found.get(`${jobId} ${revision - 1}`) ?? null);
}

/** Revisions by their ids; null for each whose job the caller may not see. */
export async function revisionsByIds(
  deps: ReadDeps,
  ctx: Ctx,
  ids: readonly string[],
): Promise<(JobRevisionRow | null)[]> {
  const rows = await deps.db.manager.getRepository(JobRevisionEntity).findBy({ id: In([...ids]) });
  const jobs = await jobsByIds(
    deps,
    ctx,
    rows.map((row) => row.jobId),
  );
  const visible = new Map(rows.filter((_row, index) => jobs[index] != null).map((row) => [row.id, row]));
  return ids.map((id) => visible.get(id) ?? null);
}
