import DataLoader from 'dataloader';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { encodeCursor } from './cursor.js';
import { COUNT_CAP, type OrderKey, type Page, type PageRequest, pageSize } from './page.js';

/** Queries put together in one statement: SQLite takes at most 500 parts. */
const MOST_PARTS = 200;
/** Ids asked for by one statement. */
const MOST_IDS = 10_000;

/** A query of one list of several that are read alike: its rows, and the scope of its cursors. */
export interface ListQuery<T extends ObjectLiteral> {
  query: SelectQueryBuilder<T>;
  scope: string;
}

/** The size of the pages: without a cursor, since a cursor belongs to one list. */
export type FirstPageRequest = Pick<PageRequest, 'first' | 'last'>;

function chunks<T>(all: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < all.length; from += size) parts.push(all.slice(from, from + size));
  return parts;
}

/** The rows of several queries by one statement, with the number of the query that each comes from. */
async function unionRows<T extends ObjectLiteral, R>(
  queries: readonly SelectQueryBuilder<T>[],
  wrap: (sql: string, part: number) => string,
): Promise<R[]> {
  const rows: R[] = [];
  for (const [round, some] of chunks(queries, MOST_PARTS).entries()) {
    const texts = some.map((query) => query.getQueryAndParameters());
    const sql = texts.map(([text], index) => wrap(text, round * MOST_PARTS + index)).join(' UNION ALL ');
    const [first] = some;
    if (first)
      rows.push(
        ...(await first.dataSource.query(
          sql,
          texts.flatMap(([, parameters]) => parameters),
        )),
      );
  }
  return rows;
}

async function totalsOf<T extends ObjectLiteral>(queries: readonly SelectQueryBuilder<T>[]): Promise<number[]> {
  const bounded = queries.map((query) => query.clone().select('1', 'one').orderBy().limit(COUNT_CAP));
  const wrap = (sql: string, part: number): string =>
    `SELECT ${part} AS part, COUNT(*) AS total FROM (${sql}) capped${part}`;
  const rows = await unionRows<T, { part: number | string; total: number | string }>(bounded, wrap);
  const totals = new Map(rows.map(({ part, total }) => [Number(part), Number(total)]));
  return queries.map((_query, part) => totals.get(part) ?? 0);
}

async function idsOfEach<T extends ObjectLiteral>(
  queries: readonly SelectQueryBuilder<T>[],
  order: readonly OrderKey[],
  size: number,
  backwards: boolean,
): Promise<string[][]> {
  const bounded = queries.map((given) => {
    const query = given.clone().select(`${given.alias}.id`, 'id');
    for (const { property, direction } of order) {
      query.addOrderBy(`${query.alias}.${property}`, (direction === 'ASC') !== backwards ? 'ASC' : 'DESC');
    }
    return query.limit(size + 1);
  });
  const wrap = (sql: string, part: number): string =>
    `SELECT ${part} AS part, part${part}.id FROM (${sql}) part${part}`;
  const rows = await unionRows<T, { part: number | string; id: string }>(bounded, wrap);
  const ids = queries.map((): string[] => []);
  for (const { part, id } of rows) ids[Number(part)]?.push(id);
  return ids;
}

async function rowsByIds<T extends ObjectLiteral>(
  { dataSource, alias, expressionMap }: SelectQueryBuilder<T>,
  ids: readonly string[],
): Promise<Map<string, T>> {
  const target = expressionMap.mainAlias?.target ?? alias;
  const found = new Map<string, T>();
  for (const some of chunks(ids, MOST_IDS)) {
    const query = dataSource.getRepository<T>(target).createQueryBuilder(alias);
    for (const row of await query.where(`${alias}.id IN (:...some)`, { some }).getMany()) found.set(row.id, row);
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
  const ids = await idsOfEach(queries, order, size, backwards);
  const rows = await rowsByIds(first.query, ids.flat());
  const totals = new DataLoader<number, number>((parts) => totalsOf(parts.flatMap((part) => queries[part] ?? [])));
  return lists.map(({ scope }, part) => {
    const found = (ids[part] ?? []).flatMap((id) => rows.get(id) ?? []).sort(comparing(order));
    const more = found.length > size;
    const nodes = backwards ? found.slice(-size) : found.slice(0, size);
    return {
      edges: nodes.map((node) => ({
        node,
        cursor: encodeCursor(
          scope,
          order.map(({ property }) => node[property] ?? null),
        ),
      })),
      hasNextPage: !backwards && more,
      hasPreviousPage: backwards && more,
      total: () => totals.load(part),
    };
  });
}
