import type { EntityMetadata, EntitySchema, ObjectLiteral } from 'typeorm';
import type { SqlValue } from './sql-value.js';
import type { Tx } from './transaction.js';

/** Larger INSERTs make SQLite's expression tree too deep. */
const CHUNK = 500;

type Column = EntityMetadata['columns'][number];

function toSql(value: unknown, column: Column): SqlValue {
  if (value === null || value === undefined) return null;
  if (column.type === 'json') return JSON.stringify(value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value)) return value;
  throw new TypeError(`The column ${column.databaseName} takes no ${typeof value}.`);
}

/** The INSERT of some rows, and its values. What TypeORM makes of rows costs more than the statement itself. */
function insertion(
  tx: Tx,
  entity: EntitySchema<never>,
  rows: readonly ObjectLiteral[],
): { sql: string; values: SqlValue[]; columns: readonly Column[] } {
  const { driver } = tx.manager.dataSource;
  const metadata = tx.manager.dataSource.getMetadata(entity);
  const given = rows[0] ?? {};
  const columns = metadata.columns.filter(({ propertyName }) => given[propertyName] !== undefined);
  const names = columns.map(({ databaseName }) => driver.escape(databaseName)).join(', ');
  const marks = `(${columns.map(() => '?').join(', ')})`;
  const sql = `INSERT INTO ${driver.escape(metadata.tableName)} (${names}) VALUES ${rows.map(() => marks).join(', ')}`;
  const values = rows.flatMap((row) => columns.map((column) => toSql(row[column.propertyName], column)));
  return { sql, values, columns };
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
    const { sql, values } = insertion(tx, entity as EntitySchema<never>, rows.slice(from, from + CHUNK));
    await tx.execute(sql, values);
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
  for (let from = 0; from < rows.length; from += CHUNK) {
    const { sql, values, columns } = insertion(tx, entity as EntitySchema<never>, rows.slice(from, from + CHUNK));
    const keys = columns.filter(({ isPrimary }) => isPrimary).map(({ databaseName }) => driver.escape(databaseName));
    const sqlite = options.type === 'better-sqlite3';
    const changes = columns
      .filter(({ isPrimary }) => !isPrimary)
      .map(({ databaseName }) => {
        const name = driver.escape(databaseName);
        return sqlite ? `${name} = excluded.${name}` : `${name} = VALUES(${name})`;
      });
    const clash = sqlite ? `ON CONFLICT (${keys.join(', ')}) DO UPDATE SET` : 'ON DUPLICATE KEY UPDATE';
    await tx.execute(`${sql} ${clash} ${changes.join(', ')}`, values);
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
