import {
  type QueryRunner,
  Table,
  TableColumn,
  type TableColumnOptions,
  TableIndex,
  type TableIndexOptions,
} from 'typeorm';

/**
 * Words for migrations that mean the same in MySQL, MariaDB and SQLite. They are frozen: a migration that has been
 * released never changes, so neither does what these words make.
 */
type Options = Partial<TableColumnOptions>;
type Column = (name: string) => TableColumnOptions;

const of =
  (type: string, base: Options = {}) =>
  (options: Options = {}): Column =>
  (name) => ({ name, type, ...base, ...options });

export const nullable: Options = { isNullable: true };
export const primary: Options = { isPrimary: true };
export const id = of('varchar', { length: '64' });
export const text = (length: number, options: Options = {}): Column =>
  of('varchar', { length: String(length) })(options);
export const longText = of('text');
export const instant = of('bigint');
export const big = of('bigint');
export const int = of('int');
export const json = of('json');
export const serial = of('integer', { isPrimary: true, isGenerated: true, generationStrategy: 'increment' });

/** A yes or no: MySQL keeps it as TINYINT. */
export const bool = of('boolean');

/** The definition of a table: its columns by name, and its indexes (`ux_` unique, `ix_` not) with their columns. */
export interface TableDefinition {
  columns: Record<string, Column>;
  indexes?: Record<string, string[]>;
  /** Foreign keys by name: the column, and the table whose `id` it holds. */
  foreignKeys?: Record<string, { column: string; table: string }>;
}

/** The type as each dialect reads it back, so that the schema built equals the schema compared. */
const DIALECT_TYPES: Record<string, Record<string, string>> = {
  mysql: { boolean: 'tinyint', integer: 'int' },
  mariadb: { boolean: 'tinyint', integer: 'int' },
  'better-sqlite3': { int: 'integer' },
};

function columnFor(runner: QueryRunner, column: TableColumnOptions): TableColumnOptions {
  const type = DIALECT_TYPES[runner.dataSource.options.type]?.[column.type];
  return type ? { ...column, type } : column;
}

/** Makes one table, unless it is there (MySQL commits each DDL: a migration cut off in the middle runs again). */
export async function createTable(runner: QueryRunner, name: string, definition: TableDefinition): Promise<void> {
  const columns = Object.entries(definition.columns).map(([column, make]) => columnFor(runner, make(column)));
  const indices: TableIndexOptions[] = Object.entries(definition.indexes ?? {}).map(([index, columnNames]) => ({
    name: index,
    columnNames,
    isUnique: index.startsWith('ux_'),
  }));
  const foreignKeys = Object.entries(definition.foreignKeys ?? {}).map(([key, { column, table }]) => ({
    name: key,
    columnNames: [column],
    referencedTableName: table,
    referencedColumnNames: ['id'],
    onDelete: 'RESTRICT',
    onUpdate: 'RESTRICT',
  }));
  await runner.createTable(new Table({ name, columns, indices, foreignKeys }), true, true, true);
}

/** Adds a column that may be empty, unless it is there. */
export async function addColumn(runner: QueryRunner, table: string, name: string, make: Column): Promise<void> {
  if (await runner.hasColumn(table, name)) return;
  await runner.addColumn(table, new TableColumn(columnFor(runner, { ...make(name), isNullable: true })));
}

/** Makes a column one that is never empty: each row must have its value already. */
export async function requireColumn(runner: QueryRunner, table: string, name: string, make: Column): Promise<void> {
  await runner.changeColumn(table, name, new TableColumn(columnFor(runner, make(name))));
}

/** Makes a column one that may be empty. */
export async function loosenColumn(runner: QueryRunner, table: string, name: string, make: Column): Promise<void> {
  await runner.changeColumn(table, name, new TableColumn(columnFor(runner, { ...make(name), isNullable: true })));
}

/** Drops a column, unless it is gone. */
export async function dropColumn(runner: QueryRunner, table: string, name: string): Promise<void> {
  if (await runner.hasColumn(table, name)) await runner.dropColumn(table, name);
}

/** Makes indexes of a table (`ux_` unique, `ix_` not), except those that are there. */
export async function addIndexes(runner: QueryRunner, table: string, indexes: Record<string, string[]>): Promise<void> {
  const known = new Set((await runner.getTable(table))?.indices.map(({ name }) => name));
  for (const [name, columnNames] of Object.entries(indexes)) {
    if (known.has(name)) continue;
    await runner.createIndex(table, new TableIndex({ name, columnNames, isUnique: name.startsWith('ux_') }));
  }
}

/** Drops indexes of a table, except those that are gone. */
export async function dropIndexes(runner: QueryRunner, table: string, names: readonly string[]): Promise<void> {
  const known = new Set((await runner.getTable(table))?.indices.map(({ name }) => name));
  for (const name of names) if (known.has(name)) await runner.dropIndex(table, name);
}

/** Drops tables in the order given. */
export async function dropTables(runner: QueryRunner, names: readonly string[]): Promise<void> {
  for (const name of names) await runner.dropTable(name, true, true, true);
}
