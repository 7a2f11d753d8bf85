import { InvalidInputError } from '../lib/errors.js';
import type { SqlValue } from './sql-value.js';
import type { Reader } from './transaction.js';

/** A part of a WHERE clause; `?` marks the values. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** Rows that stand together in one index: alike in its first columns, and in the list's order by the next. */
export interface IndexRange {
  readonly index: string;
  /** What its first columns hold. */
  readonly equals: readonly (readonly [column: string, value: SqlValue])[];
  /** What else the rows must fit. */
  readonly also: readonly Condition[];
  /** Few of the list's rows are expected here: little is read of it at first. A wrong guess costs one more statement. */
  readonly rare?: boolean;
}

/** A list put together from ranges that share no row. */
export interface RangeList {
  readonly table: string;
  /** The columns that it is ordered by: numbers, never NULL, the last one unique. Each range's index goes on with them. */
  readonly order: readonly string[];
  readonly ranges: readonly IndexRange[];
}

/** A row's place in a list: the values of its order. */
export type Key = readonly number[];

/** Which of two places comes first, in ascending order: negative where it is the first. */
export function compareKeys(a: Key, b: Key): number {
  for (let index = 0; index < a.length; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A part of one range to be read. */
export interface RangePart {
  readonly list: RangeList;
  readonly range: IndexRange;
  readonly descending: boolean;
  /** Only what comes after this place; null: from the range's end on. */
  readonly from: Key | null;
  /** Only what comes before this place; null or left out: to the range's other end. */
  readonly until?: Key | null;
  readonly limit: number;
}

/** The values of a column, one of which each of several ranges has. */
export type Axis = readonly [column: string, values: readonly string[]];

/** More ranges than these are not put together to one list. */
const MOST_RANGES = 5_000;

/** Throws InvalidInputError when a filter puts too many ranges together. */
export function checkRangeCount(count: number): void {
  if (count <= MOST_RANGES) return;
  const message = `This filter puts ${count} lists together, and at most ${MOST_RANGES} are: name fewer values.`;
  throw new InvalidInputError([{ path: ['filter'], message }]);
}

/** The ranges of an index that have one value of each column, in every combination. Throws as `checkRangeCount`. */
export function combinedRanges(index: string, axes: readonly Axis[], also: readonly Condition[]): IndexRange[] {
  checkRangeCount(axes.reduce((product, [, values]) => product * values.length, 1));
  const all = axes.reduce<IndexRange['equals'][]>(
    (some, [column, values]) => some.flatMap((equals) => values.map((value) => [...equals, [column, value] as const])),
    [[]],
  );
  return all.map((equals) => ({ index, equals, also }));
}

const isSqlite = (reader: Reader): boolean => reader.manager.dataSource.options.type === 'better-sqlite3';

/** The table with the index that serves the range: where statistics are old, optimizers choose others. */
function source(reader: Reader, table: string, index: string): string {
  return isSqlite(reader) ? `${table} INDEXED BY ${index}` : `${table} FORCE INDEX (${index})`;
}

/**
 * The rows after a place, as `a >= x AND (a > x OR (a = x AND b > y))`: MariaDB serves that from an index (it does not
 * `(a, b) > (x, y)`).
 */
function beyond(columns: readonly string[], place: Key, descending: boolean): Condition {
  const sign = descending ? '<' : '>';
  const alternatives = columns.map((column, index) => {
    const equals = columns.slice(0, index).map((before) => `${before} = ?`);
    return { sql: [...equals, `${column} ${sign} ?`].join(' AND '), values: place.slice(0, index + 1) };
  });
  const [only] = alternatives;
  if (only && alternatives.length === 1) return only;
  return {
    sql: `${columns[0]} ${sign}= ? AND (${alternatives.map(({ sql }) => `(${sql})`).join(' OR ')})`,
    values: [...place.slice(0, 1), ...alternatives.flatMap(({ values }) => values)],
  };
}

/** The conditions of a range between two places. */
function conditions(
  list: RangeList,
  { equals, also }: IndexRange,
  { from, until, descending }: Pick<RangePart, 'from' | 'until' | 'descending'>,
): Condition {
  const all = equals.map(([column, value]): Condition => ({ sql: `${column} = ?`, values: [value] }));
  all.push(...also);
  if (from) all.push(beyond(list.order, from, descending));
  if (until) all.push(beyond(list.order, until, !descending));
  const sql = all.map((condition) => condition.sql).join(' AND ');
  return { sql: sql === '' ? '' : ` WHERE ${sql}`, values: all.flatMap(({ values }) => values) };
}

/** The statement that reads a part of a range: `columns` of its rows, in the list's order. */
export function partSql(reader: Reader, columns: string, part: RangePart): Condition {
  const { list, range, descending, limit } = part;
  const { sql, values } = conditions(list, range, part);
  const order = list.order.map((column) => `${column} ${descending ? 'DESC' : 'ASC'}`).join(', ');
  const text = `SELECT ${columns} FROM ${source(reader, list.table, range.index)}${sql} ORDER BY ${order} LIMIT ${limit}`;
  return { sql: text, values };
}

const WHOLE = { from: null, descending: false };

/** The statement that counts the rows of a range, up to `most`. */
export function countSql(reader: Reader, list: RangeList, range: IndexRange, most: number, name: number): Condition {
  const { sql, values } = conditions(list, range, WHOLE);
  const rows = `SELECT 1 FROM ${source(reader, list.table, range.index)}${sql} LIMIT ${most}`;
  return { sql: `SELECT ${name} AS part, COUNT(*) AS total FROM (${rows}) counted${name}`, values };
}

/** Statements put together in one: SQLite takes at most 500 parts. */
const MOST_PARTS = 250;

/** Several statements as one, whose rows come in no order. SQLite takes at most 500 of them. */
export function unionSql(reader: Reader, parts: readonly Condition[]): Condition {
  const wrap = (sql: string): string => (isSqlite(reader) ? `SELECT * FROM (${sql})` : `(${sql})`);
  const sql = parts.length === 1 ? (parts[0]?.sql ?? '') : parts.map((part) => wrap(part.sql)).join(' UNION ALL ');
  return { sql, values: parts.flatMap(({ values }) => values) };
}

/** The rows of several statements, each with its own ORDER BY and LIMIT, in as few as possible; in no order. */
export async function unionRows<T>(reader: Reader, parts: readonly Condition[]): Promise<T[]> {
  const rows: T[] = [];
  for (let from = 0; from < parts.length; from += MOST_PARTS) {
    const some = parts.slice(from, from + MOST_PARTS);
    const { sql, values } = unionSql(reader, some);
    rows.push(...(await reader.prepared<T>(sql, values, some.length)));
  }
  return rows;
}
