import type { Ctx } from '../auth/actor.js';
import { visibleClient, visibleProject } from '../auth/scope.js';
import { keysetPage, type Only, type OrderKey, type Page, type PageRequest } from '../db/page.js';
import { type FirstPageRequest, keysetPages } from '../db/pages.js';
import { RowQuery } from '../db/row-query.js';
import { addSearch } from '../db/text-search.js';
import { checkListLength, whereIn } from '../db/where-in.js';
import {
  JOB_HEAD,
  JobEntity,
  type JobHead,
  type JobResult,
  type JobRow,
  type JobStatus,
  type ScheduleKind,
} from '../entities/job.js';
import type { ActionKind } from './definition-rules.js';
import type { JobsDeps } from './deps.js';

type Maybe<T> = T | null | undefined;

/** What a list of jobs is narrowed to; what is left out or null does not narrow. Instants are epoch milliseconds. */
export interface JobFilter {
  projects?: Maybe<readonly string[]>;
  keys?: Maybe<readonly string[]>;
  clientIds?: Maybe<readonly string[]>;
  /** Removed jobs are shown only when REMOVED is among these. */
  statuses?: Maybe<readonly JobStatus[]>;
  results?: Maybe<readonly JobResult[]>;
  actions?: Maybe<readonly ActionKind[]>;
  scheduleKinds?: Maybe<readonly ScheduleKind[]>;
  /** A part of the key, the client or the description, in whatever case. */
  search?: Maybe<string>;
  /** Exclusive. */
  nextRunBefore?: Maybe<number>;
  /** Exclusive. */
  nextRunAfter?: Maybe<number>;
  stale?: Maybe<boolean>;
}

export interface JobOrder {
  field: 'TIME_CREATED' | 'NEXT_RUN_AT';
  direction: 'ASC' | 'DESC';
}

export const DEFAULT_ORDER: JobOrder = { field: 'TIME_CREATED', direction: 'DESC' };

const PROPERTIES = { TIME_CREATED: 'timeCreated', NEXT_RUN_AT: 'nextRunAt' } as const;

type Query = RowQuery<JobRow>;

/** Narrows to what the caller may see, and to living jobs unless removed ones are asked for. */
function narrow(query: Query, ctx: Ctx, filter: JobFilter): void {
  const project = visibleProject(ctx);
  const client = visibleClient(ctx);
  if (project !== null) query.andWhere('job.project = :project', { project });
  if (client !== null) query.andWhere('job.clientKey = :client', { client });
  // One status says already whether jobs are removed, and its index knows nothing of slots.
  const saidByStatus = filter.statuses?.length === 1 || filter.statuses?.includes('REMOVED');
  if (!saidByStatus) query.andWhere("job.slot = ''");
}

function addInstants(query: Query, filter: JobFilter, now: number): void {
  if (filter.nextRunBefore != null) query.andWhere('job.nextRunAt < :before', { before: filter.nextRunBefore });
  if (filter.nextRunAfter != null) query.andWhere('job.nextRunAt > :after', { after: filter.nextRunAfter });
  if (filter.stale === true) query.andWhere('job.staleAt <= :now', { now });
  if (filter.stale === false) query.andWhere('(job.staleAt IS NULL OR job.staleAt > :now)', { now });
}

/** Adds a filter to a query of jobs named `job`; `now` decides what is stale. */
export function addJobFilter(query: Query, ctx: Ctx, filter: JobFilter, now: number): void {
  narrow(query, ctx, filter);
  whereIn(query, 'job.project', filter.projects, 'projects');
  whereIn(query, 'job.key', filter.keys, 'keys');
  whereIn(query, 'job.clientKey', filter.clientIds, 'clientIds');
  whereIn(query, 'job.status', filter.statuses, 'statuses');
  whereIn(query, 'job.result', filter.results, 'results');
  whereIn(query, 'job.scheduleKind', filter.scheduleKinds, 'scheduleKinds');
  checkListLength(filter.actions, ['filter', 'actions']);
  if (filter.actions != null) {
    const condition = filter.actions.length > 0 ? 'kind.action IN (:...actions)' : '1 = 0';
    const sql = `EXISTS (SELECT 1 FROM job_action_kinds kind WHERE kind.job_id = job.id AND ${condition})`;
    query.andWhere(sql, { actions: filter.actions });
  }
  addSearch(query, ['key', 'clientKey', 'description'], filter.search);
  addInstants(query, filter, now);
}

const orderKeys = ({ field, direction }: JobOrder): OrderKey[] => [
  { property: PROPERTIES[field], direction },
  { property: 'id', direction },
];

const scopeOf = ({ field, direction }: JobOrder): string => `jobs:${field}:${direction}`;

/**
 * One page of the jobs that the caller may see, without their bodies, or with nothing but some columns of the head.
 * Throws InvalidInputError for a wrong page or cursor.
 */
export function listJobs(
  deps: JobsDeps,
  ctx: Ctx,
  filter: JobFilter,
  order: JobOrder,
  request: PageRequest,
  only: Only<keyof JobHead> = null,
): Promise<Page<JobHead>> {
  const query = new RowQuery(deps.db.reader, JobEntity, 'job');
  addJobFilter(query, ctx, filter, deps.clock.now());
  return keysetPage(query, orderKeys(order), request, scopeOf(order), only ?? JOB_HEAD);
}

/** The first (or last) page of each of several such lists, read together. Throws InvalidInputError for a wrong size. */
export function listJobsOfEach(
  deps: JobsDeps,
  ctx: Ctx,
  filters: readonly JobFilter[],
  order: JobOrder,
  request: FirstPageRequest,
): Promise<Page<JobRow>[]> {
  const now = deps.clock.now();
  const lists = filters.map((filter) => {
    const query = new RowQuery(deps.db.reader, JobEntity, 'job');
    addJobFilter(query, ctx, filter, now);
    return { query, scope: scopeOf(order) };
  });
  return keysetPages(lists, orderKeys(order), request);
}
