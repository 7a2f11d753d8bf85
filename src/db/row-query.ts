import type { DataSource, EntityMetadata, EntitySchema, ObjectLiteral } from 'typeorm';
import type { SqlValue } from './sql-value.js';
import type { Reader } from './transaction.js';

type Column = EntityMetadata['columns'][number];

/** What the names in a condition stand for: `:name` one value, `:...name` a list of them. */
export type Given = Readonly<Record<string, SqlValue | readonly SqlValue[] | undefined>>;

/** One column of an order as it is read: forwards or backwards. */
export interface SortColumn {
  property: string;
  ascending: boolean;
}

/** A SELECT and its values. */
export interface Statement {
  sql: string;
  values: SqlValue[];
}

/** A condition as SQL, cut where the values of these names stand. */
interface Condition {
  readonly texts: readonly string[];
  readonly names: readonly string[];
}

/** The columns of a SELECT under the names of their properties, and those to be converted. */
interface Reading {
  readonly columns: string;
  readonly conversions: readonly [property: string, convert: (value: unknown) => unknown][];
}

/** An entity under the alias of a query. What was made of texts once is kept, for lists ask for the same again. */
class Shape {
  /** `table alias` */
  readonly table: string;
  readonly #properties: ReadonlyMap<string, Column>;
  readonly #alias: string;
  readonly #quote: (name: string) => string;
  readonly #conditions = new Map<string, Condition>();
  readonly #readings = new Map<string, Reading>();

  constructor(metadata: EntityMetadata, alias: string, quote: (name: string) => string) {
    this.#alias = alias;
    this.#quote = quote;
    this.#properties = new Map(metadata.columns.map((column) => [column.propertyName, column]));
    this.table = `${quote(metadata.tableName)} ${quote(alias)}`;
  }

  /** A property as SQL. Throws for one that the entity does not have. */
  column(property: string): string {
    const column = this.#properties.get(property);
    if (!column) throw new TypeError(`There is no column "${property}".`);
    return `${this.#quote(this.#alias)}.${this.#quote(column.databaseName)}`;
  }

  condition(text: string): Condition {
    return kept(this.#conditions, text, () => {
      const own = new RegExp(`(?<![\\w.])${this.#alias}\\.(\\w+)`, 'g');
      const named = text.replace(own, (whole, name) => (this.#properties.has(name) ? this.column(name) : whole));
      const parts = named.split(/:((?:\.\.\.)?\w+)/);
      return { texts: parts.filter((_part, at) => at % 2 === 0), names: parts.filter((_part, at) => at % 2 === 1) };
    });
  }

  /** How rows are read; null = with all of their columns. */
  reading(only: readonly string[] | null): Reading {
    return kept(this.#readings, only?.join() ?? '', () => {
      const names = [...new Set(only ?? this.#properties.keys())];
      return {
        columns: names.map((name) => `${this.column(name)} AS ${this.#quote(name)}`).join(', '),
        conversions: names.flatMap((name) => {
          const convert = conversionOf(this.#properties.get(name));
          return convert ? [[name, convert] as const] : [];
        }),
      };
    });
  }
}

const MOST_KEPT = 1_000;

/** What `make` makes of a text, made once; the texts of a program are few, but for those with numbers in their names. */
function kept<V>(known: Map<string, V>, text: string, make: () => V): V {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (known.size >= MOST_KEPT) known.clear();
  const made = make();
  known.set(text, made);
  return made;
}

/** What makes a property of what the driver gives; undefined where that is it already. */
function conversionOf(column: Column | undefined): ((value: unknown) => unknown) | undefined {
  if (column?.type === 'json') return (value) => (typeof value === 'string' ? JSON.parse(value) : value);
  if (column?.type === 'boolean') return (value) => Boolean(value);
  // A BIGINT comes as a number already: all of ours are below 2^53.
  return undefined;
}

const shapes = new WeakMap<DataSource, Map<string, Shape>>();

function shapeOf({ manager }: Reader, entity: EntitySchema<never>, alias: string): Shape {
  const { dataSource } = manager;
  const known = shapes.get(dataSource) ?? new Map<string, Shape>();
  shapes.set(dataSource, known);
  return kept(known, `${entity.options.name} ${alias}`, () => {
    return new Shape(dataSource.getMetadata(entity), alias, (name) => dataSource.driver.escape(name));
  });
}

/**
 * A SELECT over one entity. TypeORM's query builder costs more than a list's statement itself, so this one knows only
 * conditions: their SQL, in which `alias.property` stands for a column and `:name` for a value. Rows come as plain
 * objects by the names of their properties.
 */
export class RowQuery<T extends ObjectLiteral> {
  readonly reader: Reader;
  readonly alias: string;
  readonly #entity: EntitySchema<T>;
  readonly #shape: Shape;
  readonly #conditions: string[] = [];
  readonly #values: SqlValue[] = [];
  #lock = '';
  #index = '';

  /** Reads through a transaction what belongs to it, else through the database's reader. */
  constructor(reader: Reader, entity: EntitySchema<T>, alias: string) {
    this.reader = reader;
    this.alias = alias;
    this.#entity = entity;
    this.#shape = shapeOf(reader, entity as EntitySchema<never>, alias);
  }

  /** A query of the same entity without any condition. */
  fresh(): RowQuery<T> {
    return new RowQuery(this.reader, this.#entity, this.alias);
  }

  /** The same query, to be narrowed apart. */
  clone(): RowQuery<T> {
    const copy = this.fresh();
    copy.#conditions.push(...this.#conditions);
    copy.#values.push(...this.#values);
    copy.#index = this.#index;
    return copy;
  }

  /** Narrows to rows that fit one more condition. Throws a TypeError when a value of it is not given. */
  andWhere(text: string, given: Given = {}): this {
    const { texts, names } = this.#shape.condition(text);
    let sql = texts[0] ?? '';
    names.forEach((name, index) => {
      const list = name.startsWith('...');
      const value = given[list ? name.slice(3) : name];
      if (value === undefined) throw new TypeError(`No value is given for "${name}" in: ${text}`);
      const values = Array.isArray(value) ? value : [value];
      for (const each of values) this.#values.push(typeof each === 'boolean' ? Number(each) : each);
      sql += `${list ? values.map(() => '?').join(', ') : '?'}${texts[index + 1] ?? ''}`;
    });
    this.#conditions.push(sql);
    return this;
  }

  /** Has the rows found by this index, where the database would rather read another one in the order of the list. */
  by(index: string): this {
    const sqlite = this.reader.manager.dataSource.options.type === 'better-sqlite3';
    this.#index = sqlite ? ` INDEXED BY ${index}` : ` FORCE INDEX (${index})`;
    return this;
  }

  /**
   * Locks the rows that are read until the transaction ends: `write` against everybody else who locks, `share` against
   * those who write. SQLite needs none: it has one writer at a time.
   */
  lock(how: 'write' | 'share'): this {
    const sqlite = this.reader.manager.dataSource.options.type === 'better-sqlite3';
    this.#lock = sqlite ? '' : how === 'write' ? ' FOR UPDATE' : ' LOCK IN SHARE MODE';
    return this;
  }

  /** The statement that reads some SQL expressions of the first rows in an order; no limit: of all of them. */
  statement(what: string, order: readonly SortColumn[], limit: number | null): Statement {
    const where = this.#conditions.length > 0 ? ` WHERE ${this.#conditions.join(' AND ')}` : '';
    const end = `${limit === null ? '' : ` LIMIT ${limit}`}${this.#lock}`;
    const sql = `SELECT ${what} FROM ${this.#shape.table}${this.#index}${where}${this.#orderBy(order)}${end}`;
    return { sql, values: [...this.#values] };
  }

  /** The column of a property as SQL. */
  column(property: string): string {
    return this.#shape.column(property);
  }

  /** The first rows in an order (no limit: all of them); `only` these properties of them, null = all. */
  rows(only: null, order: readonly SortColumn[], limit: number | null): Promise<T[]>;
  rows<K extends keyof T & string>(
    only: readonly K[] | null,
    order: readonly SortColumn[],
    limit: number | null,
  ): Promise<Pick<T, K>[]>;
  async rows<K extends keyof T & string = keyof T & string>(
    only: readonly K[] | null,
    order: readonly SortColumn[],
    limit: number | null,
  ): Promise<Pick<T, K>[]> {
    const { columns, conversions } = this.#shape.reading(only);
    return this.#read(this.statement(columns, order, limit), conversions);
  }

  /**
   * The same rows, found by their ids first: the databases pick a range of an index for a position deep in a list only
   * where the index has all that the statement asks for. The entity has the column `id`.
   */
  async rowsByIds<K extends keyof T & string = keyof T & string>(
    only: readonly K[] | null,
    order: readonly SortColumn[],
    limit: number,
  ): Promise<Pick<T, K>[]> {
    const { columns, conversions } = this.#shape.reading(only);
    const id = this.column('id');
    const ids = this.statement(id, order, limit);
    const sql = `SELECT ${columns} FROM (${ids.sql}) page JOIN ${this.#shape.table} ON ${id} = page.id`;
    return this.#read({ sql: `${sql}${this.#orderBy(order)}`, values: ids.values }, conversions);
  }

  async #read<R>({ sql, values }: Statement, conversions: Reading['conversions']): Promise<R[]> {
    const rows = await this.reader.prepared<Record<string, unknown>>(sql, values);
    for (const [property, convert] of conversions) {
      for (const row of rows) {
        if (row[property] !== null) row[property] = convert(row[property]);
      }
    }
    return rows as R[];
  }

  #orderBy(order: readonly SortColumn[]): string {
    if (order.length === 0) return '';
    const keys = order.map(({ property, ascending }) => `${this.column(property)} ${ascending ? 'ASC' : 'DESC'}`);
    return ` ORDER BY ${keys.join(', ')}`;
  }
}
