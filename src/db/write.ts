import type { EntityMetadata, EntitySchema, ObjectLiteral } from 'typeorm';
import type { SqlValue } from './sql-value.js';
import type { Tx } from './transaction.js';

/** Larger INSERTs make SQLite's expression tree too deep. */
const CHUNK = 500;
/**
 * Characters of the texts in one INSERT, unless a single row has more. MariaDB takes 16 MiB in one statement, unless it
 * was told otherwise, and breaks the connection over more; a character has up to three bytes, or a backslash before it.
 */
const MOST_CHARACTERS = 2 * 1024 * 1024;

type Column = EntityMetadata['columns'][number];

function toSql(value: unknown, column: Column): SqlValue {
  if (value === null || value === undefined) return null;
  if (column.type === 'json') return JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value)) return value;
  throw new TypeError(`The column ${column.databaseName} takes no ${typeof value}.`);
}

/** Rows as an INSERT takes them. What TypeORM makes of rows costs more than the statement itself. */
interface Insertion {
  /** `INSERT INTO table (columns)` */
  readonly head: string;
  readonly rows: SqlValue[][];
  readonly columns: readonly Column[];
}

function insertion(
  { dataSource }: Tx['manager'],
  entity: EntitySchema<never>,
  rows: readonly ObjectLiteral[],
  isWanted: (column: Column) => boolean,
): Insertion {
  const { driver } = dataSource;
  const metadata = dataSource.getMetadata(entity);
  const columns = metadata.columns.filter(isWanted);
  const names = columns.map(({ databaseName }) => driver.escape(databaseName)).join(', ');
  return {
    head: `INSERT INTO ${driver.escape(metadata.tableName)} (${names})`,
    rows: rows.map((row) => columns.map((column) => toSql(row[column.propertyName], column))),
    columns,
  };
}

/** Characters in the texts of a row. */
function charactersOf(row: readonly SqlValue[]): number {
  let characters = 0;
  for (const value of row) {
    if (typeof value === 'string' || Buffer.isBuffer(value)) characters += value.length;
  }
  return characters;
}

/** The rows in parts that fit into a statement: nearly always one. */
function* partsOf(rows: SqlValue[][]): Generator<SqlValue[][]> {
  let characters = 0;
  let from = 0;
  for (let at = 0; at < rows.length; at += 1) {
    const more = charactersOf(rows[at] ?? []);
    if (at > from && characters + more > MOST_CHARACTERS) {
      yield rows.slice(from, at);
      from = at;
      characters = 0;
    }
    characters += more;
  }
  yield from === 0 ? rows : rows.slice(from);
}

/**
 * Inserts whole rows (every column given, keys made by the application) in as few statements as possible. Columns that
 * SQL numbers may be left out, in all rows alike.
 */
export async function insertRows<T extends ObjectLiteral, R extends Partial<T>>(
  tx: Tx,
  entity: EntitySchema<T>,
  rows: readonly R[],
): Promise<void> {
  for (let from = 0; from < rows.length; from += CHUNK) {
    const some: readonly ObjectLiteral[] = rows.slice(from, from + CHUNK);
    // What is NULL in every row needs not be sent and parsed for each.
    const isWanted = ({ propertyName }: Column): boolean => some.some((row) => row[propertyName] != null);
    const { head, rows: values } = insertion(tx.manager, entity as EntitySchema<never>, some, isWanted);
    for (const part of partsOf(values)) await tx.insert(head, part);
  }
}

/**
 * Writes whole rows over those with the same primary key, in as few statements as possible; rows that are not there are
 * made.
 */
export async function overwriteRows<T extends ObjectLiteral>(
  tx: Tx,
  entity: EntitySchema<T>,
  rows: readonly T[],
): Promise<void> {
  const { driver, options } = tx.manager.dataSource;
  const sqlite = options.type === 'better-sqlite3';
  for (let from = 0; from < rows.length; from += CHUNK) {
    const some = rows.slice(from, from + CHUNK);
    const isWanted = ({ propertyName }: Column): boolean => some[0]?.[propertyName] !== undefined;
    const { head, rows: values, columns } = insertion(tx.manager, entity as EntitySchema<never>, some, isWanted);
    const keys = columns.filter(({ isPrimary }) => isPrimary).map(({ databaseName }) => driver.escape(databaseName));
    const changes = columns
      .filter(({ isPrimary }) => !isPrimary)
      .map(({ databaseName }) => {
        const name = driver.escape(databaseName);
        return sqlite ? `${name} = excluded.${name}` : `${name} = VALUES(${name})`;
      });
    const clash = sqlite ? `ON CONFLICT (${keys.join(', ')}) DO UPDATE SET` : 'ON DUPLICATE KEY UPDATE';
    for (const part of partsOf(values)) await tx.insert(head, part, `${clash} ${changes.join(', ')}`);
  }
}

/** The columns of an entity that are given, with their values. */
function given(metadata: EntityMetadata, values: ObjectLiteral): [column: Column, value: SqlValue][] {
  return metadata.columns.flatMap((column): [Column, SqlValue][] => {
    const value: unknown = values[column.propertyName];
    return value === undefined ? [] : [[column, toSql(value, column)]];
  });
}

/** Changes the rows that fit `where` (plain equality of columns); returns how many there were. */
export async function updateRows<T extends ObjectLiteral>(
  tx: Tx,
  entity: EntitySchema<T>,
  where: Partial<T>,
  change: Partial<T>,
): Promise<number> {
  const { dataSource } = tx.manager;
  const metadata = dataSource.getMetadata(entity);
  const name = ({ databaseName }: Column): string => dataSource.driver.escape(databaseName);
  const changes = given(metadata, change);
  const conditions = given(metadata, where);
  const set = changes.map(([column]) => `${name(column)} = ?`).join(', ');
  const fits = conditions.map(([column, value]) => `${name(column)} ${value === null ? 'IS NULL' : '= ?'}`);
  const values = [...changes, ...conditions.filter(([, value]) => value !== null)].map(([, value]) => value);
  const table = dataSource.driver.escape(metadata.tableName);
  return tx.execute(`UPDATE ${table} SET ${set} WHERE ${fits.join(' AND ')}`, values);
}
