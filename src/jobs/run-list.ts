import type { Ctx } from '../auth/actor.js';
import { visibleClient, visibleProject } from '../auth/scope.js';
import { keysetPage, type OrderKey, type Page, type PageRequest } from '../db/page.js';
import { type FirstPageRequest, keysetPages } from '../db/pages.js';
import { RowQuery } from '../db/row-query.js';
import { checkListLength, whereIn } from '../db/where-in.js';
import type { JobResult } from '../entities/job.js';
import type { TransactionStatus } from '../entities/ledger.js';
import { JobRunEntity, type JobRunRow, type RunState, type RunTrigger } from '../entities/run.js';
import { statusesOfResults } from '../history/statuses.js';
import type { JobsDeps } from './deps.js';

type Maybe<T> = T | null | undefined;

/** What a list of runs is narrowed to; what is left out or null does not narrow. Instants are epoch milliseconds. */
export interface RunFilter {
  jobIds?: Maybe<readonly string[]>;
  jobKeys?: Maybe<readonly string[]>;
  /** Keys of clients. */
  clientIds?: Maybe<readonly string[]>;
  statuses?: Maybe<readonly TransactionStatus[]>;
  states?: Maybe<readonly RunState[]>;
  results?: Maybe<readonly JobResult[]>;
  triggers?: Maybe<readonly RunTrigger[]>;
  /** Exclusive. */
  startedAfter?: Maybe<number>;
  /** Exclusive. */
  startedBefore?: Maybe<number>;
}

export interface RunOrder {
  field: 'CREATED_AT' | 'STARTED_AT';
  direction: 'ASC' | 'DESC';
}

export const DEFAULT_RUN_ORDER: RunOrder = { field: 'CREATED_AT', direction: 'DESC' };

type Query = RowQuery<JobRunRow>;

const OVER: readonly TransactionStatus[] = ['READY', 'ERROR', 'STOPPED', 'LOST'];

const STATUSES_OF_STATE: Readonly<Record<RunState, readonly TransactionStatus[]>> = {
  BUFFERED: ['PENDING'],
  // A run that was begun and lost its agent waits again.
  WAITING: ['PENDING', 'RUNNING'],
  RUNNING: ['RUNNING'],
  ENDED: OVER,
};

/** The statuses that a filter leaves: states and results imply some, so that one index serves all three. */
function impliedStatuses(filter: RunFilter): readonly TransactionStatus[] | null {
  const { statuses, states, results } = filter;
  const sets: (readonly TransactionStatus[])[] = [];
  if (statuses != null) sets.push(statuses);
  if (states != null) sets.push(states.flatMap((state) => STATUSES_OF_STATE[state]));
  if (results != null) sets.push(statusesOfResults(results));
  const [first, ...rest] = sets;
  return first ? [...new Set(first)].filter((status) => rest.every((set) => set.includes(status))) : null;
}

/** Narrows a query of runs named `run` to what the caller may see and the filter fits. */
export function addRunFilter(query: Query, ctx: Ctx, filter: RunFilter): void {
  const project = visibleProject(ctx);
  const client = visibleClient(ctx);
  if (project !== null) query.andWhere('run.project = :project', { project });
  if (client !== null) query.andWhere('run.clientKey = :client', { client });
  whereIn(query, 'run.status', impliedStatuses(filter), 'statuses');
  whereIn(query, 'run.state', filter.states, 'states');
  whereIn(query, 'run.result', filter.results, 'results');
  whereIn(query, 'run.trigger', filter.triggers, 'triggers');
  whereIn(query, 'run.clientKey', filter.clientIds, 'clientIds');
  whereIn(query, 'run.jobId', filter.jobIds, 'jobIds');
  checkListLength(filter.jobKeys, ['filter', 'jobKeys']);
  if (filter.jobKeys != null) {
    const keys = filter.jobKeys.length > 0 ? 'job.`key` IN (:...keys)' : '1 = 0';
    const own = project === null ? '' : ' AND job.project = :project';
    query.andWhere(`run.jobId IN (SELECT job.id FROM jobs job WHERE ${keys}${own})`, { keys: filter.jobKeys, project });
  }
  if (filter.startedAfter != null)
    query.andWhere('run.startedAt > :startedAfter', { startedAfter: filter.startedAfter });
  if (filter.startedBefore != null)
    query.andWhere('run.startedAt < :startedBefore', { startedBefore: filter.startedBefore });
}

function orderKeys({ field, direction }: RunOrder): OrderKey[] {
  const id: OrderKey = { property: 'id', direction };
  return field === 'CREATED_AT' ? [id] : [{ property: 'startedAt', direction }, id];
}

const scopeOf = ({ field, direction }: RunOrder): string => `runs:${field}:${direction}`;

/** One page of the runs that the caller may see. Throws InvalidInputError for a wrong page or cursor. */
export function listRuns(
  deps: Pick<JobsDeps, 'db'>,
  ctx: Ctx,
  filter: RunFilter,
  order: RunOrder,
  request: PageRequest,
): Promise<Page<JobRunRow>> {
  const query = new RowQuery(deps.db.reader, JobRunEntity, 'run');
  addRunFilter(query, ctx, filter);
  return keysetPage(query, orderKeys(order), request, scopeOf(order));
}

/** The first (or last) page of each of several such lists, read together. Throws InvalidInputError for a wrong size. */
export function listRunsOfEach(
  deps: Pick<JobsDeps, 'db'>,
  ctx: Ctx,
  filters: readonly RunFilter[],
  order: RunOrder,
  request: FirstPageRequest,
): Promise<Page<JobRunRow>[]> {
  const lists = filters.map((filter) => {
    const query = new RowQuery(deps.db.reader, JobRunEntity, 'run');
    addRunFilter(query, ctx, filter);
    return { query, scope: scopeOf(order) };
  });
  return keysetPages(lists, orderKeys(order), request);
}
