import type { ObjectLiteral } from 'typeorm';
import type { Condition } from './index-range.js';
import type { RowQuery } from './row-query.js';
import type { Reader } from './transaction.js';

/** The most characters that a column holds which is searched in: more are in none. */
const LONGEST = 255;

/** A text that may be a part of another, in whatever case, as the database asks for it. */
interface Part {
  readonly sql: (column: string, mark: string) => string;
  readonly value: string;
}

/** The letters that count as this one: those that differ from it by case alone, in Unicode's one-to-one mapping. */
function letters(char: string): string {
  const lower = char.toLowerCase();
  const cases = new Set([char, lower, char.toUpperCase(), lower.toUpperCase()]);
  return [...cases].filter((each) => [...each].length === 1 && each.toLowerCase() === lower).join('');
}

/** What SQLite's GLOB finds the text by, wherever it stands: `*[äÄ][rR]7[*]*`. */
function globOf(text: string): string {
  const chars = Array.from(text, (char) => {
    const same = letters(char);
    return char.length < same.length || '*?['.includes(char) ? `[${same}]` : char;
  });
  return `*${chars.join('')}*`;
}

/** Null: no row has such a text. SQLite's LOWER knows ASCII alone, so that there each letter is asked for in its cases. */
function partOf(reader: Reader, text: string): Part | null {
  if (Array.from(text).length > LONGEST || text.includes('\0')) return null;
  if (reader.manager.dataSource.options.type === 'better-sqlite3') {
    return { sql: (column, mark) => `${column} GLOB ${mark}`, value: globOf(text) };
  }
  return { sql: (column, mark) => `INSTR(LOWER(${column}), LOWER(${mark})) > 0`, value: text };
}

const anyOf = ({ sql }: Part, columns: readonly string[], mark: string): string =>
  `(${columns.map((column) => sql(column, mark)).join(' OR ')})`;

/**
 * The condition that one of the columns has this text in it, in whatever case of letters, by the rules of Unicode: the
 * same rows on every database. No character in the text has a meaning.
 */
export function searchCondition(reader: Reader, columns: readonly string[], text: string): Condition {
  const part = partOf(reader, text);
  if (!part) return { sql: '1 = 0', values: [] };
  return { sql: anyOf(part, columns, '?'), values: columns.map(() => part.value) };
}

/** Narrows a query to rows that have this text in one of these properties, as `searchCondition`; none or '' does not. */
export function addSearch<T extends ObjectLiteral>(
  query: RowQuery<T>,
  properties: readonly (keyof T & string)[],
  text: string | null | undefined,
): void {
  if (text == null || text === '') return;
  const part = partOf(query.reader, text);
  const columns = properties.map((property) => `${query.alias}.${property}`);
  if (part) query.andWhere(anyOf(part, columns, ':search'), { search: part.value });
  else query.andWhere('1 = 0');
}
