import { compareKeys, type IndexRange, type Key, partSql, type RangeList } from '../../db/index-range.js';
import type { Reader } from '../../db/transaction.js';
import { mergePages } from '../../lib/merge-pages.js';

/** How the rows of a long list are read. */
export interface RowForm<T> {
  /** The columns, as SQL. */
  readonly columns: string;
  /** A row's place in the list. */
  readonly keyOf: (row: T) => Key;
  /** How many characters a row's texts without a narrow bound have. */
  readonly textOf: (row: T) => number;
}

/** Rows read by one statement at first, and at most: more are no quicker, and outlive the collector's first look. */
const FIRST_PAGE = 100;
const LARGEST_PAGE = 300;
const SMALLEST_PAGE = 10;
/** Rows that are held of all ranges together, about. */
const MOST_HELD = 20_000;
/** Texts without a narrow bound in one page, in characters, about. */
const MOST_TEXT = 1_000_000;

/** The size of the page after one: larger while its texts are small. */
function nextSize<T>(size: number, rows: readonly T[], { textOf }: RowForm<T>, most: number): number {
  const text = rows.reduce((sum, row) => sum + textOf(row), 0);
  const fitting = text > MOST_TEXT ? Math.floor((size * MOST_TEXT) / text) : size * 2;
  return Math.max(SMALLEST_PAGE, Math.min(most, fitting));
}

/** The rows of one range in the list's order, a statement a page: nothing is open in between. */
async function* pagesOf<T>(
  reader: Reader,
  list: RangeList,
  range: IndexRange,
  form: RowForm<T>,
  most: number,
): AsyncGenerator<readonly T[]> {
  let limit = Math.min(FIRST_PAGE, most);
  let from: Key | null = null;
  for (;;) {
    const { sql, values } = partSql(reader, form.columns, { list, range, descending: false, from, limit });
    const rows: T[] = await reader.prepared<T>(sql, values);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows;
    if (rows.length < limit) return;
    from = form.keyOf(last);
    limit = nextSize(limit, rows, form, most);
  }
}

/** Every row of a list of ranges in its order, in pages as large as is good for reading; one page of a range is held. */
export function rangeListPages<T>(reader: Reader, list: RangeList, form: RowForm<T>): AsyncGenerator<readonly T[]> {
  const most = Math.max(SMALLEST_PAGE, Math.min(LARGEST_PAGE, Math.floor(MOST_HELD / Math.max(1, list.ranges.length))));
  const sources = list.ranges.map((range) => pagesOf(reader, list, range, form, most));
  return mergePages(sources, (a, b) => compareKeys(form.keyOf(a), form.keyOf(b)));
}
