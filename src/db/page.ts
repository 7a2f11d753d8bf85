import type { ObjectLiteral } from 'typeorm';
import { InvalidInputError } from '../lib/errors.js';
import { decodeCursor, encodeCursors } from './cursor.js';
import type { RowQuery, SortColumn } from './row-query.js';

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 500;
/** Totals are counted up to here; more is told as this many. */
export const COUNT_CAP = 10_000;

/**
 * The part of a list that is asked for, as Relay's connections name it: of what stands between the cursors the first rows,
 * or the last ones where `last` is given.
 */
export interface PageRequest {
  first?: number | null | undefined;
  last?: number | null | undefined;
  after?: string | null | undefined;
  before?: string | null | undefined;
  /** The properties that its rows need, where the list reads no others; null or left out: all of them. */
  only?: readonly string[] | null | undefined;
}

/** One column of an order. The last one must be unique. */
export interface OrderKey {
  /** The entity's property. */
  property: string;
  direction: 'ASC' | 'DESC';
}

export interface Page<T> {
  edges: { node: T; cursor: string }[];
  /** Of the first rows: whether more stand between the cursors; of the last ones: whether they end at a cursor. */
  hasNextPage: boolean;
  /** Of the last rows: whether more stand between the cursors; of the first ones: whether they begin at a cursor. */
  hasPreviousPage: boolean;
  /** The number of all rows the filter fits, counted only when asked, at most COUNT_CAP. */
  total(): Promise<number>;
}

/** The size asked for. Throws InvalidInputError when it is out of bounds or asked both ways. */
export function pageSize(request: PageRequest): { size: number; backwards: boolean } {
  const both = request.first != null && request.last != null;
  if (both) throw new InvalidInputError([{ path: ['last'], message: 'Give "first" or "last", not both.' }]);
  const backwards = request.last != null;
  const size = request.last ?? request.first ?? DEFAULT_PAGE;
  if (size < 1 || size > LARGEST_PAGE) {
    const path = [backwards ? 'last' : 'first'];
    throw new InvalidInputError([{ path, message: `A page holds 1 to ${LARGEST_PAGE} rows, not ${size}.` }]);
  }
  return { size, backwards };
}

type Value = string | number | null;

/** A column beyond `value` in the direction, where NULL sorts first in ascending order (MySQL and SQLite alike). */
function beyond(column: string, value: Value, ascending: boolean, name: string): string | null {
  if (value === null) return ascending ? `${column} IS NOT NULL` : null;
  return ascending ? `${column} > :${name}` : `(${column} < :${name} OR ${column} IS NULL)`;
}

/** What every row from a position on has in the first column: a bound for the range of the index. */
function boundOf(column: string, ascending: boolean, value: Value): string {
  if (value === null) return '';
  return ascending ? `${column} >= :position0 AND ` : `(${column} <= :position0 OR ${column} IS NULL) AND `;
}

/** One end of what a page is taken from. */
export interface Bound {
  /** A place in the list's order. */
  readonly values: readonly Value[];
  /** Whether the rows stand behind the place on the way that they are read, or before it. */
  readonly behind: boolean;
}

const NO_BOUNDS: readonly Bound[] = [];

/** The places of a request's cursors in an order of so many columns. Throws InvalidInputError for a wrong cursor. */
export function boundsOf({ after, before, last }: PageRequest, scope: string, length: number): readonly Bound[] {
  if (after == null && before == null) return NO_BOUNDS;
  const forwards = last == null;
  const bounds: Bound[] = [];
  if (after != null) bounds.push({ values: decodeCursor(after, scope, length, ['after']), behind: forwards });
  if (before != null) bounds.push({ values: decodeCursor(before, scope, length, ['before']), behind: !forwards });
  return bounds;
}

/**
 * The rows on one side of a place, as an expanded predicate: `a >= x AND (a > x OR (a = x AND b > y))`, which MariaDB can
 * serve from an index (it cannot for `(a, b) > (x, y)`).
 */
export function addBound<T extends ObjectLiteral>(
  query: RowQuery<T>,
  order: readonly SortColumn[],
  { values, behind }: Bound,
): void {
  const alternatives: string[] = [];
  const equals: string[] = [];
  const given: Record<string, Value> = {};
  let bound = '';
  order.forEach(({ property, ascending: upwards }, index) => {
    const ascending = upwards === behind;
    const column = `${query.alias}.${property}`;
    const value = values[index] ?? null;
    const name = `position${index}`;
    given[name] = value;
    if (index === 0) bound = boundOf(column, ascending, value);
    const further = beyond(column, value, ascending, name);
    if (further) alternatives.push([...equals, further].join(' AND '));
    equals.push(value === null ? `${column} IS NULL` : `${column} = :${name}`);
  });
  query.andWhere(`${bound}(${alternatives.map((text) => `(${text})`).join(' OR ')})`, given);
}

/** An order as its rows are read: forwards, or backwards for a page before its cursor. */
export const sorted = (order: readonly OrderKey[], backwards: boolean): SortColumn[] =>
  order.map(({ property, direction }) => ({ property, ascending: (direction === 'ASC') !== backwards }));

/** Rows with their cursors. */
export function edgesOf<R extends object>(
  nodes: readonly R[],
  order: readonly OrderKey[],
  scope: string,
): { node: R; cursor: string }[] {
  const positions = (nodes as readonly Readonly<Record<string, Value>>[]).map((node) => {
    // Filled at once: V8 makes an array of instants, and another one when an id comes in.
    const position = new Array<Value>(order.length).fill(null);
    for (const [index, { property }] of order.entries()) position[index] = node[property] ?? null;
    return position;
  });
  const cursors = encodeCursors(scope, positions);
  return nodes.map((node, index) => ({ node, cursor: cursors[index] ?? '' }));
}

/** What is read of a page's rows, besides the columns of its order; null = everything. */
export type Only<K> = readonly K[] | null;

/**
 * One page of a filtered query by keyset. `scope` names the list and its order, so that a cursor of another list is
 * refused (InvalidInputError). `only` names the properties that the rows need; without a word, all of them.
 */
export async function keysetPage<T extends ObjectLiteral, K extends keyof T & string = keyof T & string>(
  query: RowQuery<T>,
  order: readonly OrderKey[],
  request: PageRequest,
  scope: string,
  only: Only<K> = null,
): Promise<Page<Pick<T, K>>> {
  const { size, backwards } = pageSize(request);
  const counting = query.clone();
  const columns = sorted(order, backwards);
  const bounds = boundsOf(request, scope, order.length);
  for (const bound of bounds) addBound(query, columns, bound);
  const wanted = only && [...only, ...order.map(({ property }) => property as K)];
  const found = await (bounds.length === 0
    ? query.rows(wanted, columns, size + 1)
    : query.rowsByIds(wanted, columns, size + 1));
  const more = found.length > size;
  const nodes = more ? found.slice(0, size) : found;
  if (backwards) nodes.reverse();
  return {
    edges: edgesOf(nodes, order, scope),
    hasNextPage: backwards ? request.before != null : more,
    hasPreviousPage: backwards ? more : request.after != null,
    total: () => countCapped(counting),
  };
}

/** Counts the rows of a query, reading no more than COUNT_CAP of them. */
async function countCapped<T extends ObjectLiteral>(query: RowQuery<T>): Promise<number> {
  const { sql, values } = query.statement('1', [], COUNT_CAP);
  const text = `SELECT COUNT(*) AS total FROM (${sql}) capped`;
  const [row] = await query.reader.rows<{ total: number | string }>(text, values);
  return Number(row?.total ?? 0);
}
