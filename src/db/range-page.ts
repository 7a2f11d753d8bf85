import DataLoader from 'dataloader';
import type { EntitySchema, ObjectLiteral } from 'typeorm';
import { brokenCursor, decodeCursor, encodeCursors } from './cursor.js';
import {
  type Condition,
  compareKeys,
  countSql,
  type Key,
  partSql,
  type RangeList,
  unionRows,
  unionSql,
} from './index-range.js';
import { COUNT_CAP, type Page, type PageRequest, pageSize } from './page.js';
import type { FirstPageRequest } from './pages.js';
import { AT_ONCE, RangeMerge, type Want } from './range-merge.js';
import { rowReading, rowsWith } from './row-reading.js';
import type { Reader } from './transaction.js';

/** A list of ranges, and what its cursors say that they belong to. */
export interface RangePageList extends RangeList {
  readonly scope: string;
}

/** Which part of each list is read, and which way. */
interface Slice {
  readonly descending: boolean;
  /** The places that it lies between; null: it goes to the list's end. */
  readonly from: Key | null;
  readonly until: Key | null;
  readonly size: number;
  /** The properties that the rows need; null: all of them. */
  readonly only: readonly string[] | null;
}

interface PartRow extends Record<string, number | string> {
  part: number | string;
}

const keyOf = ({ order }: RangeList, row: Readonly<Record<string, unknown>>): Key =>
  order.map((column) => Number(row[column]));

/** The first keys of each list: one statement for all of them, and others only where some ranges ran out too early. */
async function keysOfEach(reader: Reader, lists: readonly RangeList[], slice: Slice): Promise<(readonly Key[])[]> {
  const { size, descending, from, until } = slice;
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
        partSql(reader, `${part} AS part, ${list.order.join(', ')}`, {
          list,
          range,
          descending,
          from: start,
          until,
          limit,
        }),
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

/** The first rows by their places: those of a UNION or a JOIN come in no order that SQL would promise. */
function inOrder<T>(
  all: readonly T[],
  places: readonly Key[],
  descending: boolean,
  most: number,
): Pick<Found<T>, 'rows' | 'keys'> {
  const sign = descending ? -1 : 1;
  const sorted = [...all.keys()].sort((a, b) => sign * compareKeys(places[a] ?? [], places[b] ?? []));
  const shown = sorted.slice(0, most);
  return { rows: shown.flatMap((index) => all[index] ?? []), keys: shown.map((index) => places[index] ?? []) };
}

/**
 * The rows of a slice of some ranges by one statement; null where they are too many, or some range was read too little
 * of. No more is read of each than at first by `keysOfEach`.
 */
async function rowsOfFew<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  list: RangeList,
  { descending, from, until, size, only }: Slice,
): Promise<Found<T> | null> {
  const { ranges, order } = list;
  const rare = ranges.map((range) => range.rare ?? false);
  const wants = new RangeMerge(rare, size, descending, from).wants();
  if (wants.reduce((sum, { limit }) => sum + limit, 0) > AT_ONCE * size) return null;
  const parts = wants.flatMap(({ range: number, limit }, part): Condition[] => {
    const range = ranges[number];
    if (!range) return [];
    return [partSql(reader, `${part} AS part, ${order.join(', ')}`, { list, range, descending, from, until, limit })];
  });
  const { table, columns, placesOf, finish } = rowReading(reader, entity, only);
  const united = unionSql(reader, parts);
  const sorted = order.map((column) => `${column} ${descending ? 'DESC' : 'ASC'}`).join(', ');
  const unique = order.at(-1) ?? '';
  const keys = `SELECT part, ${unique} FROM (${united.sql}) parts ORDER BY ${sorted} LIMIT ${size}`;
  const sql = `SELECT ${columns}, page.part AS part FROM (${keys}) page JOIN ${table} ON ${table}.${unique} = page.${unique}`;
  const found = await reader.prepared<PartRow>(sql, united.values, parts.length);
  const taken = wants.map(() => 0);
  for (const row of found) taken[Number(row.part)] = (taken[Number(row.part)] ?? 0) + 1;
  // All that was read of a range is on the page: more of it may belong there.
  if (wants.some(({ limit }, part) => limit < size && taken[part] === limit)) return null;
  for (const row of found) Reflect.deleteProperty(row, 'part');
  const rows = finish(found);
  return { ...inOrder(rows, placesOf(order, rows), descending, size - 1), more: rows.length === size };
}

/** The rows of a slice of each list, by one or two statements where no range runs out too early. */
async function rowsOfEach<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  lists: readonly RangeList[],
  slice: Slice,
): Promise<Found<T>[]> {
  const [first, another] = lists;
  const found = first && !another ? await rowsOfFew(reader, entity, first, slice) : null;
  if (found) return [found];
  const keys = await keysOfEach(reader, lists, slice);
  const unique = first?.order.at(-1) ?? '';
  const shown = keys.map((some) => some.slice(0, slice.size - 1));
  const property = rowReading(reader, entity).propertyOf(unique);
  const numbers = shown.flatMap((some) => some.map((key) => key.at(-1) ?? 0));
  const rows = await rowsWith(reader, entity, unique, numbers, slice.only);
  const known = new Map<number, T>(rows.map((row) => [row[property], row]));
  // A row may be deleted between the statements.
  return shown.map((some, index) => {
    const there = some.filter((key) => known.has(key.at(-1) ?? 0));
    const nodes = there.flatMap((key) => known.get(key.at(-1) ?? 0) ?? []);
    return { rows: nodes, keys: there, more: (keys[index] ?? []).length === slice.size };
  });
}

/** The rows of a slice of one range, in its order. */
async function rowsOfRange<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  list: RangeList,
  { descending, from, until, size: limit, only }: Slice,
): Promise<Found<T>> {
  const [range] = list.ranges;
  if (!range) return { rows: [], keys: [], more: false };
  const { columns, placesOf, finish } = rowReading(reader, entity, only);
  const { sql, values } = partSql(reader, columns, { list, range, descending, from, until, limit });
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
  const [first, another] = lists;
  if (first && !another) return [await rowsOfRange(reader, entity, first, slice)];
  const { descending, from, until, size: limit, only } = slice;
  const { columns, placesOf, finish } = rowReading(reader, entity, only);
  const parts = lists.flatMap((list, number) =>
    list.ranges.map((range) =>
      partSql(reader, `${number} AS part, ${columns}`, { list, range, descending, from, until, limit }),
    ),
  );
  const found = lists.map((): Record<string, unknown>[] => []);
  for (const { part, ...row } of await unionRows<PartRow>(reader, parts)) found[Number(part)]?.push(row);
  return lists.map(({ order }, number) => {
    const all = finish(found[number] ?? []);
    return { ...inOrder(all, placesOf(order, all), descending, limit - 1), more: all.length === limit };
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

/** The place of one of a request's cursors. Throws InvalidInputError for one that is broken or another list's. */
function placeOf({ scope, order }: RangePageList, request: PageRequest, name: 'after' | 'before'): Key | null {
  const mark = request[name];
  if (mark == null) return null;
  const values = decodeCursor(mark, scope, order.length, [name]);
  const place = values.filter((value) => typeof value === 'number');
  if (place.length === values.length) return place;
  throw brokenCursor([name]);
}

/** The properties that rows need, and those that their places are made of. */
function withOrder<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  { order }: RangeList,
  only: readonly string[],
): string[] {
  return [...new Set([...only, ...order.map(rowReading(reader, entity).propertyOf)])];
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
  const [after, before] = [placeOf(first, request, 'after'), placeOf(first, request, 'before')];
  const [from, until] = backwards ? [before, after] : [after, before];
  const only = request.only ? withOrder(reader, entity, first, request.only) : null;
  const slice = { descending: descending !== backwards, from, until, size: size + 1, only };
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

/** One page of a list of ranges; with `only` its rows have nothing but those properties. Throws InvalidInputError for a wrong size or cursor. */
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
  { first, last, only }: FirstPageRequest,
): Promise<Page<T>[]> {
  return pagesOf(reader, entity, lists, descending, { first, last, only });
}
