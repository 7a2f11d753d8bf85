import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { InvalidInputError } from '../lib/errors.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { readRows } from './rows.js';

const DEFAULT_PAGE = 50;
const LARGEST_PAGE = 500;
/** Totals are counted up to here; more is told as this many. */
export const COUNT_CAP = 10_000;

/** The part of a list that is asked for, as Relay's connections name it. */
export interface PageRequest {
  first?: number | null | undefined;
  last?: number | null | undefined;
  after?: string | null | undefined;
  before?: string | null | undefined;
}

/** One column of an order. The last one must be unique. */
export interface OrderKey {
  /** The entity's property. */
  property: string;
  direction: 'ASC' | 'DESC';
}

export interface Page<T> {
  edges: { node: T; cursor: string }[];
  hasNextPage: boolean;
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

/** `column` beyond `value` in the direction, where NULL sorts first in ascending order (MySQL and SQLite alike). */
function beyond(column: string, value: Value, ascending: boolean, name: string): string | null {
  if (value === null) return ascending ? `${column} IS NOT NULL` : null;
  return ascending ? `${column} > :${name}` : `(${column} < :${name} OR ${column} IS NULL)`;
}

/** One column of an order as it is read: forwards or backwards. */
interface SortColumn {
  /** `alias.property` */
  column: string;
  ascending: boolean;
}

/** What every row from a position on has in the first column: a bound for the range of the index. */
function boundOf({ column, ascending }: SortColumn, value: Value): string {
  if (value === null) return '';
  return ascending ? `${column} >= :position0 AND ` : `(${column} <= :position0 OR ${column} IS NULL) AND `;
}

/**
 * The rows after a position, as an expanded predicate: `a >= x AND (a > x OR (a = x AND b > y))`, which MariaDB can
 * serve from an index (it cannot for `(a, b) > (x, y)`).
 */
function addPosition<T extends ObjectLiteral>(
  query: SelectQueryBuilder<T>,
  columns: readonly SortColumn[],
  values: readonly Value[],
): void {
  const alternatives: string[] = [];
  const equals: string[] = [];
  const parameters: Record<string, Value> = {};
  columns.forEach(({ column, ascending }, index) => {
    const value = values[index] ?? null;
    const name = `position${index}`;
    parameters[name] = value;
    const further = beyond(column, value, ascending, name);
    if (further) alternatives.push([...equals, further].join(' AND '));
    equals.push(value === null ? `${column} IS NULL` : `${column} = :${name}`);
  });
  const [first] = columns;
  const bound = first ? boundOf(first, values[0] ?? null) : '';
  query.andWhere(`${bound}(${alternatives.map((text) => `(${text})`).join(' OR ')})`, parameters);
}

/** An order as SQL, with the names of the columns. */
function orderSql<T extends ObjectLiteral>(query: SelectQueryBuilder<T>, columns: readonly SortColumn[]): string {
  const { driver } = query.dataSource;
  const metadata = query.expressionMap.mainAlias?.metadata;
  const parts = columns.map(({ column, ascending }) => {
    const property = column.slice(query.alias.length + 1);
    const name = metadata?.findColumnWithPropertyName(property)?.databaseName ?? property;
    return `${driver.escape(query.alias)}.${driver.escape(name)} ${ascending ? 'ASC' : 'DESC'}`;
  });
  return parts.join(', ');
}

/**
 * One page of a filtered query by keyset. `scope` names the list and its order, so that a cursor of another list is
 * refused (InvalidInputError). `without` names properties that the rows need not have.
 */
export async function keysetPage<T extends ObjectLiteral, K extends keyof T & string = never>(
  query: SelectQueryBuilder<T>,
  order: readonly OrderKey[],
  request: PageRequest,
  scope: string,
  without: readonly K[] = [],
): Promise<Page<Omit<T, K>>> {
  const { size, backwards } = pageSize(request);
  const counting = query.clone();
  const columns = order.map((key) => ({
    column: `${query.alias}.${key.property}`,
    ascending: (key.direction === 'ASC') !== backwards,
  }));
  const mark = backwards ? request.before : request.after;
  if (mark != null)
    addPosition(query, columns, decodeCursor(mark, scope, order.length, [backwards ? 'before' : 'after']));
  columns.forEach(({ column, ascending }, index) => {
    query[index === 0 ? 'orderBy' : 'addOrderBy'](column, ascending ? 'ASC' : 'DESC');
  });
  const byIds = mark == null ? null : orderSql(query, columns);
  const found = await readRows(query.limit(size + 1), { without, byIds });
  const more = found.length > size;
  const nodes = found.slice(0, size);
  if (backwards) nodes.reverse();
  const cursorOf = (node: Readonly<Record<string, Value>>): string =>
    encodeCursor(
      scope,
      order.map((key) => node[key.property] ?? null),
    );
  return {
    edges: nodes.map((node) => ({ node, cursor: cursorOf(node) })),
    hasNextPage: backwards ? request.before != null : more,
    hasPreviousPage: backwards ? more : request.after != null,
    total: () => countCapped(counting),
  };
}

/** Counts the rows of a query, reading no more than COUNT_CAP of them. */
async function countCapped<T extends ObjectLiteral>(query: SelectQueryBuilder<T>): Promise<number> {
  const inner = query.clone().select('1', 'one').orderBy().limit(COUNT_CAP);
  const row = await query.dataSource
    .createQueryBuilder()
    .select('COUNT(*)', 'total')
    .from(`(${inner.getQuery()})`, 'capped')
    .setParameters(inner.getParameters())
    .getRawOne<{ total: number | string }>();
  return Number(row?.total ?? 0);
}
