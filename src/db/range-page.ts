import DataLoader from 'dataloader';
import type { EntitySchema, ObjectLiteral } from 'typeorm';
import { InvalidInputError } from '../lib/errors.js';
import { decodeCursor, encodeCursors } from './cursor.js';
import { type Condition, compareKeys, countSql, type Key, partSql, type RangeList, unionRows } from './index-range.js';
import { COUNT_CAP, type Page, type PageRequest, pageSize } from './page.js';
import type { FirstPageRequest } from './pages.js';
import { RangeMerge, type Want } from './range-merge.js';
import { rowReading, rowsWith } from './row-reading.js';
import type { Reader } from './transaction.js';

/** A list of ranges, and what its cursors say that they belong to. */
export interface RangePageList extends RangeList {
  readonly scope: string;
}

/** Which part of each list is read, and which way. */
interface Slice {
  readonly descending: boolean;
  readonly from: Key | null;
  readonly size: number;
}

interface PartRow extends Record<string, number | string> {
  part: number | string;
}

const keyOf = ({ order }: RangeList, row: Readonly<Record<string, unknown>>): Key =>
  order.map((column) => Number(row[column]));

/** The first keys of each list: one statement for all of them, and others only where some ranges ran out too early. */
async function keysOfEach(reader: Reader, lists: readonly RangeList[], slice: Slice): Promise<(readonly Key[])[]> {
  const { size, descending, from } = slice;
  const merges = lists.map(
    ({ ranges }) =>
      new RangeMerge(
        ranges.map(({ rare = false }) => rare),
        size,
        descending,
        from,
      ),
  );
  for (;;) {
    const wanted = merges.flatMap((merge, list) => merge.wants().map((want) => ({ list, want })));
    if (wanted.length === 0) return merges.map(({ keys }) => keys);
    const parts = wanted.flatMap(({ list: number, want }, part): Condition[] => {
      const list = lists[number];
      const range = list?.ranges[want.range];
      if (!list || !range) return [];
      const { from: start, limit } = want;
      return [
        partSql(reader, `${part} AS part, ${list.order.join(', ')}`, { list, range, descending, from: start, limit }),
      ];
    });
    const found = wanted.map((): Key[] => []);
    for (const row of await unionRows<PartRow>(reader, parts)) {
      const part = Number(row.part);
      const list = lists[wanted[part]?.list ?? -1];
      if (list) found[part]?.push(keyOf(list, row));
    }
    const answers = merges.map((): { want: Want; keys: Key[] }[] => []);
    for (const [part, { list, want }] of wanted.entries()) answers[list]?.push({ want, keys: found[part] ?? [] });
    for (const [list, merge] of merges.entries()) merge.took(answers[list] ?? []);
  }
}

/** The rows of a slice, but for the last one, which only tells that there are more. */
interface Found<T> {
  readonly rows: T[];
  /** The place of each. */
  readonly keys: Key[];
  readonly more: boolean;
}

/** The rows of a slice of each list, by two statements where no range runs out too early. */
async function rowsOfEach<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  lists: readonly RangeList[],
  slice: Slice,
): Promise<Found<T>[]> {
  const keys = await keysOfEach(reader, lists, slice);
  const [first] = lists;
  const unique = first?.order.at(-1) ?? '';
  const shown = keys.map((some) => some.slice(0, slice.size - 1));
  const property = rowReading(reader, entity).propertyOf(unique);
  const numbers = shown.flatMap((some) => some.map((key) => key.at(-1) ?? 0));
  const rows = await rowsWith(reader, entity, unique, numbers);
  const found = new Map<number, T>(rows.map((row) => [row[property], row]));
  // A row may be deleted between the statements.
  return shown.map((some, index) => {
    const there = some.filter((key) => found.has(key.at(-1) ?? 0));
    const nodes = there.flatMap((key) => found.get(key.at(-1) ?? 0) ?? []);
    return { rows: nodes, keys: there, more: (keys[index] ?? []).length === slice.size };
  });
}

/** The rows of a slice of one range, in its order. */
async function rowsOfRange<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  list: RangeList,
  { descending, from, size: limit }: Slice,
): Promise<Found<T>> {
  const [range] = list.ranges;
  if (!range) return { rows: [], keys: [], more: false };
  const { columns, placesOf, finish } = rowReading(reader, entity);
  const { sql, values } = partSql(reader, columns, { list, range, descending, from, limit });
  const rows = finish(await reader.prepared<Record<string, unknown>>(sql, values));
  const more = rows.length === limit;
  if (more) rows.pop();
  return { rows, keys: placesOf(list.order, rows), more };
}

/** The rows of a slice of each list of one range at most, by one statement. */
async function rowsOfRanges<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  lists: readonly RangeList[],
  slice: Slice,
): Promise<Found<T>[]> {
  const [only, another] = lists;
  if (only && !another) return [await rowsOfRange(reader, entity, only, slice)];
  const { descending, from, size: limit } = slice;
  const { columns, placesOf, finish } = rowReading(reader, entity);
  const parts = lists.flatMap((list, number) =>
    list.ranges.map((range) =>
      partSql(reader, `${number} AS part, ${columns}`, { list, range, descending, from, limit }),
    ),
  );
  const found = lists.map((): Record<string, unknown>[] => []);
  for (const { part, ...row } of await unionRows<PartRow>(reader, parts)) found[Number(part)]?.push(row);
  return lists.map(({ order }, number) => {
    const all = finish(found[number] ?? []);
    const places = placesOf(order, all);
    // The parts of a UNION come in no order that SQL would promise.
    const sorted = [...all.keys()].sort((a, b) => {
      const compared = compareKeys(places[a] ?? [], places[b] ?? []);
      return descending ? -compared : compared;
    });
    const shown = sorted.slice(0, limit - 1);
    return {
      rows: shown.flatMap((index) => all[index] ?? []),
      keys: shown.map((index) => places[index] ?? []),
      more: all.length === limit,
    };
  });
}

/** Ranges counted by one statement: what is over the cap is not counted on. */
const MOST_COUNTED = 50;

async function totalsOf(reader: Reader, lists: readonly RangeList[]): Promise<number[]> {
  const totals = lists.map(() => 0);
  const waiting = lists.flatMap((list, number) => list.ranges.map((range) => ({ list, range, number })));
  for (let from = 0; from < waiting.length; from += MOST_COUNTED) {
    const some = waiting.slice(from, from + MOST_COUNTED).filter(({ number }) => (totals[number] ?? 0) < COUNT_CAP);
    const parts = some.map(({ list, range, number }) => countSql(reader, list, range, COUNT_CAP, number));
    for (const { part, total } of await unionRows<PartRow & { total: number | string }>(reader, parts)) {
      totals[Number(part)] = (totals[Number(part)] ?? 0) + Number(total);
    }
  }
  return totals.map((total) => Math.min(total, COUNT_CAP));
}

/** The place that a request begins after. Throws InvalidInputError for a cursor that is broken or another list's. */
function placeOf({ scope, order }: RangePageList, request: PageRequest, backwards: boolean): Key | null {
  const [mark, name] = backwards ? [request.before, 'before'] : [request.after, 'after'];
  if (mark == null) return null;
  const values = decodeCursor(mark, scope, order.length, [name]);
  const place = values.filter((value) => typeof value === 'number');
  if (place.length === values.length) return place;
  const message = 'This cursor is broken: use one that a page of this list gave.';
  throw new InvalidInputError([{ path: [name], message }]);
}

async function pagesOf<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  lists: readonly RangePageList[],
  descending: boolean,
  request: PageRequest,
): Promise<Page<T>[]> {
  const { size, backwards } = pageSize(request);
  const [first] = lists;
  if (!first) return [];
  const from = placeOf(first, request, backwards);
  const slice = { descending: descending !== backwards, from, size: size + 1 };
  const plain = lists.every(({ ranges }) => ranges.length <= 1);
  const found = await (plain ? rowsOfRanges : rowsOfEach)(reader, entity, lists, slice);
  let totals: DataLoader<number, number> | undefined;
  const countTogether = (numbers: readonly number[]): Promise<number[]> =>
    totalsOf(
      reader,
      numbers.flatMap((number) => lists[number] ?? []),
    );
  return lists.map(({ scope }, part) => {
    const { rows, keys, more } = found[part] ?? { rows: [], keys: [], more: false };
    if (backwards) {
      rows.reverse();
      keys.reverse();
    }
    const cursors = encodeCursors(scope, keys);
    return {
      edges: rows.map((node, index) => ({ node, cursor: cursors[index] ?? '' })),
      hasNextPage: backwards ? request.before != null : more,
      hasPreviousPage: backwards ? more : request.after != null,
      total: () => {
        totals ??= new DataLoader(countTogether);
        return totals.load(part);
      },
    };
  });
}

/** One page of a list of ranges. Throws InvalidInputError for a wrong size or cursor. */
export async function rangePage<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  list: RangePageList,
  descending: boolean,
  request: PageRequest,
): Promise<Page<T>> {
  const [page] = await pagesOf(reader, entity, [list], descending, request);
  if (!page) throw new Error('A page was read and is not there.');
  return page;
}

/**
 * The first (or last) page of each of several lists of one table, read together. In the order of the lists. Throws
 * InvalidInputError for a wrong size.
 */
export function rangePages<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  lists: readonly RangePageList[],
  descending: boolean,
  { first, last }: FirstPageRequest,
): Promise<Page<T>[]> {
  return pagesOf(reader, entity, lists, descending, { first, last });
}
