import type { DataSource, EntityMetadata, EntitySchema, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { SqlValue } from './sql-value.js';
import type { Tx } from './transaction.js';

type Column = EntityMetadata['columns'][number];

/** How the rows of an entity are read: the columns under the names of their properties, and those to be converted. */
interface Reading {
  readonly columns: string;
  readonly converted: readonly Column[];
}

const known = new WeakMap<EntityMetadata, Map<string, Reading>>();

function makeReading(source: DataSource, metadata: EntityMetadata, alias: string, without: readonly string[]): Reading {
  const { driver } = source;
  const wanted = metadata.columns.filter(({ propertyName }) => !without.includes(propertyName));
  const select = ({ databaseName, propertyName }: Column): string =>
    `${driver.escape(alias)}.${driver.escape(databaseName)} AS ${driver.escape(propertyName)}`;
  return {
    columns: wanted.map(select).join(', '),
    converted: wanted.filter(
      ({ type, transformer }) => transformer !== undefined || type === 'json' || type === 'boolean',
    ),
  };
}

function readingOf(source: DataSource, metadata: EntityMetadata, alias: string, without: readonly string[]): Reading {
  const readings = known.get(metadata) ?? new Map<string, Reading>();
  known.set(metadata, readings);
  const name = [alias, ...without].join(' ');
  const reading = readings.get(name) ?? makeReading(source, metadata, alias, without);
  readings.set(name, reading);
  return reading;
}

function convert(source: DataSource, row: Record<string, unknown>, columns: readonly Column[]): void {
  for (const column of columns) {
    const value = row[column.propertyName];
    // A BIGINT comes as a number already, unless the driver was told otherwise.
    if (value === null || (typeof value === 'number' && column.type !== 'boolean')) continue;
    row[column.propertyName] = source.driver.prepareHydratedValue(value, column);
  }
}

const ALL_BUT_COLUMNS = 'SELECT 1 ';

/** How rows are read. */
export interface RowsOptions<K> {
  /** Properties that are left out: wide ones that nobody asked for. */
  readonly without: readonly K[];
  /**
   * Finds the ids first, and the rows by them, in this order (`alias.column DESC, ...`, as SQL): the databases pick a
   * range of an index for a position deep in a list only where the index has all that the statement asks for.
   */
  readonly byIds: string | null;
}

/**
 * The rows of a query of one entity, which has the column `id` and no joins. What TypeORM makes of rows costs more than
 * a list's statement itself, so the columns come under their properties' names at once. A query made in a transaction
 * needs it here again.
 */
export async function readRows<T extends ObjectLiteral, K extends keyof T & string = never>(
  query: SelectQueryBuilder<T>,
  { without, byIds }: RowsOptions<K>,
  tx?: Tx,
): Promise<Omit<T, K>[]> {
  const { dataSource, alias, expressionMap } = query;
  const { mainAlias } = expressionMap;
  if (!mainAlias) throw new Error('The query is of no entity.');
  const { columns, converted } = readingOf(dataSource, mainAlias.metadata, alias, without);
  const [text, values] = query.select('1').getQueryAndParameters();
  if (!text.startsWith(ALL_BUT_COLUMNS)) throw new Error(`Not the form of a plain query: ${text}`);
  const rest = text.slice(ALL_BUT_COLUMNS.length);
  const name = dataSource.driver.escape(alias);
  const table = `${dataSource.driver.escape(mainAlias.metadata.tableName)} ${name}`;
  const inner = `SELECT ${name}.id ${rest}`;
  const sql =
    byIds === null
      ? `SELECT ${columns} ${rest}`
      : `SELECT ${columns} FROM (${inner}) page JOIN ${table} ON ${name}.id = page.id ORDER BY ${byIds}`;
  const rows: Record<string, unknown>[] = await (tx ? tx.rows(sql, values) : dataSource.query(sql, values));
  for (const row of rows) convert(dataSource, row, converted);
  return rows as Omit<T, K>[];
}

/** How a statement of one's own finds rows of an entity, whose table is `t` in it. */
interface Finding {
  /** The index that it reads. */
  readonly index?: string;
  /** A table that comes first, for each of whose rows those that fit are found. */
  readonly forEach?: string;
  /** What follows the condition. */
  readonly lock?: 'FOR UPDATE' | '';
}

/**
 * The rows of an entity that fit a condition as SQL. For statements of hundreds of values: TypeORM looks at each of them
 * several times.
 */
export async function rowsWhere<T extends ObjectLiteral>(
  tx: Tx,
  entity: EntitySchema<T>,
  where: string,
  values: readonly SqlValue[],
  { index, forEach, lock = '' }: Finding = {},
): Promise<T[]> {
  const { dataSource } = tx.manager;
  const metadata = dataSource.getMetadata(entity);
  const { columns, converted } = readingOf(dataSource, metadata, 't', []);
  const sqlite = dataSource.options.type === 'better-sqlite3';
  const by = index === undefined ? '' : sqlite ? `INDEXED BY ${index}` : `FORCE INDEX (${index})`;
  const first = forEach === undefined ? '' : `${forEach} ${sqlite ? 'CROSS JOIN' : 'STRAIGHT_JOIN'} `;
  const sql = `SELECT ${columns} FROM ${first}${metadata.tableName} t ${by} WHERE ${where} ${sqlite ? '' : lock}`;
  const rows = await tx.prepared<T & Record<string, unknown>>(sql, values);
  for (const row of rows) convert(dataSource, row, converted);
  return rows;
}
