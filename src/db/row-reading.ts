import type { EntityMetadata, EntitySchema, ObjectLiteral } from 'typeorm';
import { paddedList } from './mysql-statement.js';
import type { SqlValue } from './sql-value.js';
import type { Reader } from './transaction.js';

type Column = EntityMetadata['columns'][number];

/** How a statement of one's own, which does not rename the table, reads the rows of an entity. */
export interface RowReading<T> {
  readonly table: string;
  /** What it selects: the columns under the names of their properties. */
  readonly columns: string;
  /** The property that a column stands in. Throws for a column that the entity does not have. */
  propertyOf(column: string): string;
  /** The values of numeric columns in each row. */
  placesOf(columns: readonly string[], rows: readonly T[]): number[][];
  /** The rows of such a statement as they are meant; it changes them in place. */
  finish(rows: Record<string, unknown>[]): T[];
}

const known = new WeakMap<EntityMetadata, Map<string, RowReading<ObjectLiteral>>>();

/** What makes a property of what the driver gives; null where that is it already (a BIGINT comes as a number). */
function conversionOf({ type }: Column): ((value: unknown) => unknown) | null {
  if (type === 'json') return (value) => (typeof value === 'string' ? JSON.parse(value) : value);
  if (type === 'boolean') return Boolean;
  return null;
}

function makeReading(
  metadata: EntityMetadata,
  quote: (name: string) => string,
  only: readonly string[] | null,
): RowReading<ObjectLiteral> {
  const table = quote(metadata.tableName);
  const wanted = metadata.columns.filter(({ propertyName }) => only === null || only.includes(propertyName));
  const conversions = wanted.flatMap((column) => {
    const convert = conversionOf(column);
    return convert ? [[column.propertyName, convert] as const] : [];
  });
  const propertyOf = (name: string): string => {
    const column = metadata.findColumnWithDatabaseName(name);
    if (!column) throw new Error(`${metadata.tableName} has no column ${name}.`);
    return column.propertyName;
  };
  return {
    table,
    columns: wanted
      .map(({ databaseName, propertyName }) => `${table}.${quote(databaseName)} AS ${quote(propertyName)}`)
      .join(', '),
    propertyOf,
    placesOf(names, rows) {
      const properties = names.map(propertyOf);
      return rows.map((row) => properties.map((property) => Number(row[property])));
    },
    finish(rows) {
      for (const [property, convert] of conversions) {
        for (const row of rows) if (row[property] !== null) row[property] = convert(row[property]);
      }
      return rows;
    },
  };
}

/** Selections of one entity that are kept: a program has few, but who calls chooses among them. */
const MOST_READINGS = 200;

/**
 * How the rows of an entity are read by a statement of one's own; made once for each database. `only`: with these
 * properties alone.
 */
export function rowReading<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  only: readonly string[] | null = null,
): RowReading<T> {
  const { dataSource } = reader.manager;
  const metadata = dataSource.getMetadata(entity);
  const readings = known.get(metadata) ?? new Map<string, RowReading<ObjectLiteral>>();
  known.set(metadata, readings);
  const name = only?.join() ?? '';
  let reading = readings.get(name);
  if (!reading) {
    if (readings.size >= MOST_READINGS) readings.clear();
    reading = makeReading(metadata, (text) => dataSource.driver.escape(text), only);
    readings.set(name, reading);
  }
  return reading as RowReading<T>;
}

/** Values looked up by one statement. */
const MOST_VALUES = 2_000;

/** The rows of an entity whose column has one of these values, in no order; `only` these properties of them. */
export async function rowsWith<T extends ObjectLiteral>(
  reader: Reader,
  entity: EntitySchema<T>,
  column: string,
  values: readonly SqlValue[],
  only: readonly string[] | null = null,
): Promise<T[]> {
  const { table, columns, finish } = rowReading(reader, entity, only);
  const rows: T[] = [];
  for (let from = 0; from < values.length; from += MOST_VALUES) {
    const some = paddedList(values.slice(from, from + MOST_VALUES));
    const sql = `SELECT ${columns} FROM ${table} WHERE ${column} IN (${some.map(() => '?').join(', ')})`;
    rows.push(...finish(await reader.prepared<Record<string, unknown>>(sql, some)));
  }
  return rows;
}
