import DataLoader from 'dataloader';
import type { ObjectLiteral } from 'typeorm';
import { COUNT_CAP, edgesOf, type OrderKey, type Page, type PageRequest, pageSize, sorted } from './page.js';
import type { RowQuery, SortColumn, Statement } from './row-query.js';
import type { Reader } from './transaction.js';

/** Queries put together in one statement: SQLite takes at most 500 parts. */
const MOST_PARTS = 200;
/** Ids asked for by one statement. */
const MOST_IDS = 10_000;

/** A query of one list of several that are read alike: its rows, and the scope of its cursors. */
export interface ListQuery<T extends ObjectLiteral> {
  query: RowQuery<T>;
  scope: string;
}

/** The size of the pages: without a cursor, since a cursor belongs to one list. */
export type FirstPageRequest = Pick<PageRequest, 'first' | 'last' | 'only'>;

function chunks<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < all.length; from += size) parts.push(all.slice(from, from + size));
  return parts;
}

/** The rows of several statements by one, each wrapped with its number. */
async function unionRows<R>(
  reader: Reader,
  statements: readonly Statement[],
  wrap: (sql: string, part: number) => string,
): Promise<R[]> {
  const rows: R[] = [];
  for (const [round, some] of chunks(statements, MOST_PARTS).entries()) {
    const sql = some.map((each, index) => wrap(each.sql, round * MOST_PARTS + index)).join(' UNION ALL ');
    const values = some.flatMap((each) => each.values);
    rows.push(...(await reader.rows<R>(sql, values)));
  }
  return rows;
}

async function totalsOf<T extends ObjectLiteral>(queries: readonly RowQuery<T>[]): Promise<number[]> {
  const [first] = queries;
  if (!first) return [];
  const bounded = queries.map((query) => query.statement('1', [], COUNT_CAP));
  const wrap = (sql: string, part: number): string =>
    `SELECT ${part} AS part, COUNT(*) AS total FROM (${sql}) capped${part}`;
  const rows = await unionRows<{ part: number | string; total: number | string }>(first.reader, bounded, wrap);
  const totals = new Map(rows.map(({ part, total }) => [Number(part), Number(total)]));
  return queries.map((_query, part) => totals.get(part) ?? 0);
}

async function idsOfEach<T extends ObjectLiteral>(
  reader: Reader,
  queries: readonly RowQuery<T>[],
  order: readonly SortColumn[],
  limit: number,
): Promise<string[][]> {
  const bounded = queries.map((query) => query.statement(query.column('id'), order, limit));
  const wrap = (sql: string, part: number): string =>
    `SELECT ${part} AS part, part${part}.id FROM (${sql}) part${part}`;
  const rows = await unionRows<{ part: number | string; id: string }>(reader, bounded, wrap);
  const ids = queries.map((): string[] => []);
  for (const { part, id } of rows) ids[Number(part)]?.push(id);
  return ids;
}

async function rowsByIds<T extends ObjectLiteral>(query: RowQuery<T>, ids: readonly string[]): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  for (const some of chunks(ids, MOST_IDS)) {
    const named = query.fresh().andWhere(`${query.alias}.id IN (:...some)`, { some });
    for (const row of await named.rows(null, [], some.length)) found.set(String(row.id), row);
  }
  return found;
}

/** Sorts as SQL does, as far as the rows of one list are concerned: NULL is least. */
function comparing<T extends ObjectLiteral>(order: readonly OrderKey[]): (a: T, b: T) => number {
  return (a, b) => {
    for (const { property, direction } of order) {
      const [left, right] = [a[property] ?? null, b[property] ?? null];
      if (left === right) continue;
      const less = left === null || (right !== null && left < right);
      return less === (direction === 'ASC') ? -1 : 1;
    }
    return 0;
  };
}

/**
 * The first (or last) page of each of several lists of one entity, in two statements however many there are; the rows
 * have the column `id`. In the order of the lists. Throws InvalidInputError for a wrong size.
 */
export async function keysetPages<T extends ObjectLiteral>(
  lists: readonly ListQuery<T>[],
  order: readonly OrderKey[],
  request: FirstPageRequest,
): Promise<Page<T>[]> {
  const { size, backwards } = pageSize(request);
  const [first] = lists;
  if (!first) return [];
  const queries = lists.map(({ query }) => query);
  const ids = await idsOfEach(first.query.reader, queries, sorted(order, backwards), size + 1);
  const rows = await rowsByIds(first.query, ids.flat());
  const totals = new DataLoader<number, number>((parts) => totalsOf(parts.flatMap((part) => queries[part] ?? [])));
  return lists.map(({ scope }, part) => {
    const found = (ids[part] ?? []).flatMap((id) => rows.get(id) ?? []).sort(comparing(order));
    const more = found.length > size;
    const nodes = backwards ? found.slice(-size) : found.slice(0, size);
    return {
      edges: edgesOf(nodes, order, scope),
      hasNextPage: !backwards && more,
      hasPreviousPage: backwards && more,
      total: () => totals.load(part),
    };
  });
}
