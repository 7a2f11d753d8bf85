import type { ObjectLiteral } from 'typeorm';
import { unionRows } from './index-range.js';
import {
  addBound,
  boundsOf,
  COUNT_CAP,
  edgesOf,
  type OrderKey,
  type Page,
  type PageRequest,
  pageSize,
  sorted,
} from './page.js';
import type { RowQuery, SortColumn } from './row-query.js';

type Value = string | number | null;

/** A row's place in the list: the values of its order, and last its id. */
type Place = Readonly<Record<string, Value>>;

/** Sorts as SQL does: NULL is least. */
function comparing(order: readonly SortColumn[]): (a: Place, b: Place) => number {
  return (a, b) => {
    for (const [index, { ascending }] of order.entries()) {
      const [left, right] = [a[`key${index}`] ?? null, b[`key${index}`] ?? null];
      if (left === right) continue;
      const less = left === null || (right !== null && left < right);
      return less === ascending ? -1 : 1;
    }
    return 0;
  };
}

async function countOf<T extends ObjectLiteral>(queries: readonly RowQuery<T>[]): Promise<number> {
  const [first] = queries;
  if (!first) return 0;
  const parts = queries.map((query, part) => {
    const { sql, values } = query.statement('1', [], COUNT_CAP);
    return { sql: `SELECT COUNT(*) AS total FROM (${sql}) counted${part}`, values };
  });
  const rows = await unionRows<{ total: number | string }>(first.reader, parts);
  return Math.min(
    COUNT_CAP,
    rows.reduce((sum, { total }) => sum + Number(total), 0),
  );
}

/**
 * One page of a list that is put together from queries of one entity that share no row: each reads its first rows from
 * an index in the list's order, by one statement for hundreds of them, so that no index over all is needed. The order
 * ends with the column `id`. `scope` as in `keysetPage`. Throws InvalidInputError for a wrong page or cursor.
 */
export async function unionPage<T extends ObjectLiteral>(
  queries: readonly RowQuery<T>[],
  order: readonly OrderKey[],
  request: PageRequest,
  scope: string,
): Promise<Page<T>> {
  const { size, backwards } = pageSize(request);
  const columns = sorted(order, backwards);
  const bounds = boundsOf(request, scope, order.length);
  const parts = queries.map((query) => {
    const part = query.clone();
    for (const bound of bounds) addBound(part, columns, bound);
    const keys = columns.map(({ property }, index) => `${part.column(property)} AS key${index}`);
    return part.statement(keys.join(', '), columns, size + 1);
  });
  const [first] = queries;
  const places = first ? (await unionRows<Place>(first.reader, parts)).sort(comparing(columns)) : [];
  const shown = places.slice(0, size).map((each) => String(each[`key${columns.length - 1}`]));
  const rows =
    first && shown.length > 0
      ? await first.fresh().andWhere(`${first.alias}.id IN (:...shown)`, { shown }).rows(null, [], null)
      : [];
  const found = new Map(rows.map((row) => [String(row.id), row]));
  // A row may go between the statements.
  const nodes = shown.flatMap((id) => found.get(id) ?? []);
  if (backwards) nodes.reverse();
  const more = places.length > size;
  return {
    edges: edgesOf(nodes, order, scope),
    hasNextPage: backwards ? request.before != null : more,
    hasPreviousPage: backwards ? more : request.after != null,
    total: () => countOf(queries),
  };
}
