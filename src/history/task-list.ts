import type { Ctx } from '../auth/actor.js';
import type { Condition } from '../db/index-range.js';
import type { Page, PageRequest } from '../db/page.js';
import type { FirstPageRequest } from '../db/pages.js';
import { rangePage, rangePages } from '../db/range-page.js';
import { searchCondition } from '../db/text-search.js';
import type { Reader } from '../db/transaction.js';
import { checkListLength } from '../db/where-in.js';
import { TaskEntity, type TaskRow, type TaskStatus } from '../entities/ledger.js';
import { InvalidInputError } from '../lib/errors.js';
import { allScopes, listScopes, type PlaceFilter } from './list-scopes.js';
import { transactionsByNames } from './read.js';
import { projectIn } from './scope.js';
import { NOT_NARROWED, needsNoScopes, type TaskNarrowing, type TaskPlace, taskRanges } from './task-ranges.js';
import { seesTransaction } from './visible.js';

type Maybe<T> = T | null | undefined;

/** Which tasks of a transaction; what is left out or null does not narrow. */
export interface TaskFilter {
  /** '' stands for points of synchronisation, which have no node. */
  nodes?: Maybe<readonly string[]>;
  statuses?: Maybe<readonly TaskStatus[]>;
  taskNames?: Maybe<readonly string[]>;
  /** A part of the name or the node, in whatever case. */
  search?: Maybe<string>;
}

/** Which tasks of all that ever ran; what is left out or null does not narrow. Instants are epoch milliseconds. */
export interface TaskHistoryFilter extends PlaceFilter {
  /** Global ids or numbers. */
  transactionIds?: Maybe<readonly string[]>;
  nodeIds?: Maybe<readonly string[]>;
  statuses?: Maybe<readonly TaskStatus[]>;
  taskNames?: Maybe<readonly string[]>;
  /** Exclusive. */
  startedAfter?: Maybe<number>;
  /** Exclusive. */
  startedBefore?: Maybe<number>;
}

export type Direction = 'ASC' | 'DESC';

export interface TaskHistoryOrder {
  field: 'STARTED_AT' | 'NUMBER';
  direction: Direction;
}

/** What is searched for is no longer than what it is searched in. */
const LONGEST_SEARCH = 191;

/** What is searched for in names and nodes; null: nothing is. Throws InvalidInputError at `path` for too long a text. */
export function searchOf(reader: Reader, search: Maybe<string>, path: readonly string[]): Condition | null {
  if (search == null || search === '') return null;
  if (search.length <= LONGEST_SEARCH) return searchCondition(reader, ['task_name', 'node_id'], search);
  const message = `At most ${LONGEST_SEARCH} characters are searched for.`;
  throw new InvalidInputError([{ path, message }]);
}

function narrowingOf(reader: Reader, { nodes, statuses, taskNames, search }: TaskFilter): TaskNarrowing {
  checkListLength(nodes, ['filter', 'nodes']);
  checkListLength(taskNames, ['filter', 'taskNames']);
  return {
    ...NOT_NARROWED,
    nodeIds: nodes ?? null,
    statuses: statuses ?? null,
    taskNames: taskNames ?? null,
    search: searchOf(reader, search, ['filter', 'search']),
  };
}

function tasksOf(transactionId: string, narrowing: TaskNarrowing, direction: Direction) {
  const list = taskRanges({ in: 'transactions', ids: [transactionId] }, narrowing);
  return { ...list, scope: `tasks:${transactionId}:${direction}` };
}

/** One page of a transaction's tasks, in the order they were made. Throws InvalidInputError. */
export async function tasksPage(
  reader: Reader,
  transactionId: string,
  filter: TaskFilter,
  direction: Direction,
  request: PageRequest,
): Promise<Page<TaskRow>> {
  const list = tasksOf(transactionId, narrowingOf(reader, filter), direction);
  return rangePage(reader, TaskEntity, list, direction === 'DESC', request);
}

/**
 * The same page of a transaction that nobody has looked for yet, by the statements of the page alone: the rows tell by
 * their scope whether the caller may see it. Null where there are none, which says nothing of the transaction. Throws
 * InvalidInputError.
 */
export async function tasksPageAtOnce(
  reader: Reader,
  ctx: Ctx,
  transactionId: string,
  filter: TaskFilter,
  direction: Direction,
  request: PageRequest,
): Promise<Page<TaskRow> | null> {
  const list = tasksOf(transactionId, narrowingOf(reader, filter), direction);
  // Of a transaction that was deleted, tasks may be left.
  const there = { sql: 'EXISTS (SELECT 1 FROM transactions WHERE id = ?)', values: [transactionId] };
  const ranges = list.ranges.map((range) => ({ ...range, also: [...range.also, there] }));
  const only = request.only && [...request.only, 'scope'];
  const page = await rangePage(reader, TaskEntity, { ...list, ranges }, direction === 'DESC', { ...request, only });
  const [first] = page.edges;
  return first && seesTransaction(ctx, { project: projectIn(first.node.scope) }) ? page : null;
}

/** The first (or last) page of such a list of each of many transactions, read together. In the order of the ids. */
export async function firstTaskPages(
  reader: Reader,
  transactionIds: readonly string[],
  filter: TaskFilter,
  direction: Direction,
  request: FirstPageRequest,
): Promise<Page<TaskRow>[]> {
  const narrowing = narrowingOf(reader, filter);
  const lists = transactionIds.map((id) => tasksOf(id, narrowing, direction));
  return rangePages(reader, TaskEntity, lists, direction === 'DESC', request);
}

const listName = (field: TaskHistoryOrder['field'], direction: Direction): string =>
  `taskHistory:${field}:${direction}`;

async function placeOf(
  reader: Reader,
  ctx: Ctx,
  filter: TaskHistoryFilter,
  narrowing: TaskNarrowing,
): Promise<TaskPlace> {
  const scopes = await listScopes(reader, ctx, filter);
  if (filter.transactionIds != null) {
    checkListLength(filter.transactionIds, ['filter', 'transactionIds']);
    const rows = await transactionsByNames(reader, filter.transactionIds);
    const visible = rows.filter((row) => seesTransaction(ctx, row) && (scopes?.includes(row.scope) ?? true));
    return { in: 'transactions', ids: visible.map(({ id }) => id) };
  }
  if (scopes !== null) return { in: 'scopes', scopes };
  return needsNoScopes(narrowing) ? { in: 'all' } : { in: 'scopes', scopes: await allScopes(reader) };
}

function historyNarrowing(filter: TaskHistoryFilter): TaskNarrowing {
  checkListLength(filter.nodeIds, ['filter', 'nodeIds']);
  checkListLength(filter.taskNames, ['filter', 'taskNames']);
  return {
    nodeIds: filter.nodeIds ?? null,
    statuses: filter.statuses ?? null,
    taskNames: filter.taskNames ?? null,
    startedAfter: filter.startedAfter ?? null,
    startedBefore: filter.startedBefore ?? null,
    search: null,
  };
}

/** What tasks are ordered by where transactions are named, and where they are not: each has its indexes. */
function orderOf({ transactionIds }: TaskHistoryFilter, order: TaskHistoryOrder | null): TaskHistoryOrder {
  const field = transactionIds == null ? 'STARTED_AT' : 'NUMBER';
  if (order === null) return { field, direction: 'DESC' };
  if (order.field === field) return order;
  const message =
    field === 'NUMBER'
      ? 'The tasks of named transactions are ordered by NUMBER: leave "transactionIds" out, or order by that.'
      : 'Only the tasks of named transactions are ordered by NUMBER: give "transactionIds", or order by STARTED_AT.';
  throw new InvalidInputError([{ path: ['orderBy', 'field'], message }]);
}

/** Where tasks of one scope are listed; on one node, where one is named. */
export interface ScopePlace {
  readonly scope: string;
  readonly nodeId?: string;
}

/**
 * The first (or last) page of the tasks that ever ran in each of several places, which the caller may see, read together:
 * what the filter says of clusters and projects is left aside, and so are the transactions that it names. Throws
 * InvalidInputError.
 */
export function firstTaskHistoryPages(
  reader: Reader,
  places: readonly ScopePlace[],
  filter: TaskHistoryFilter,
  order: TaskHistoryOrder | null,
  request: FirstPageRequest,
): Promise<Page<TaskRow>[]> {
  const { field, direction } = orderOf({ ...filter, transactionIds: null }, order);
  const narrowing = historyNarrowing(filter);
  const lists = places.map(({ scope, nodeId }) => {
    const nodeIds = nodeId === undefined ? narrowing.nodeIds : [nodeId];
    return {
      ...taskRanges({ in: 'scopes', scopes: [scope] }, { ...narrowing, nodeIds }),
      scope: listName(field, direction),
    };
  });
  return rangePages(reader, TaskEntity, lists, direction === 'DESC', request);
}

/**
 * One page of the tasks that ever ran, as far as the caller may see them. `order` null: the newest first. Throws
 * InvalidInputError.
 */
export async function taskHistoryPage(
  reader: Reader,
  ctx: Ctx,
  filter: TaskHistoryFilter,
  order: TaskHistoryOrder | null,
  request: PageRequest,
): Promise<Page<TaskRow>> {
  const { field, direction } = orderOf(filter, order);
  const narrowing = historyNarrowing(filter);
  const place = await placeOf(reader, ctx, filter, narrowing);
  const list = { ...taskRanges(place, narrowing), scope: listName(field, direction) };
  return rangePage(reader, TaskEntity, list, direction === 'DESC', request);
}
