import type { DataSource } from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import { inSpan, tracingIsOn } from '../telemetry/tracing.js';
import type { Reader, SqlValue } from './transaction.js';

/** What is used of the pool of MySQL's driver. */
interface StatementPool {
  query(sql: string, values: SqlValue[], done: Done): void;
  execute(sql: string, values: SqlValue[], done: Done): void;
}

type Done = (error: Error | null, rows: unknown) => void;

/** More values than this are a list that comes in every length: not worth a prepared statement of its own. */
const MOST_VALUES = 24;

/** Reads by TypeORM's query runner, which keeps the statements of SQLite prepared. */
export function sourceReader(source: DataSource): Reader {
  const rows = async <T>(sql: string, values: readonly SqlValue[] = []): Promise<T[]> => {
    const found: T[] = await source.query(sql, [...values]);
    return found;
  };
  return { manager: source.manager, rows, prepared: rows };
}

/** Reads by MySQL's pool itself: what TypeORM puts around a statement costs as much as the statement of a list. */
export function poolReader(source: DataSource): Reader {
  const pool: StatementPool = (source.driver as MysqlDriver).pool;
  const traced = tracingIsOn();
  const run = <T>(how: 'query' | 'execute', sql: string, values: readonly SqlValue[]): Promise<T[]> => {
    source.logger.logQuery(sql, [...values]);
    return new Promise((resolve, reject) => {
      pool[how](sql, [...values], (error, rows) => (error ? reject(error) : resolve(rows as T[])));
    });
  };
  const read: typeof run = (how, sql, values) => {
    if (!traced) return run(how, sql, values);
    const attributes = { 'db.system.name': source.options.type, 'db.query.text': sql };
    return inSpan('db.query', attributes, () => run(how, sql, values));
  };
  return {
    manager: source.manager,
    rows: (sql, values = []) => read('query', sql, values),
    prepared: (sql, values) => read(values.length > MOST_VALUES ? 'query' : 'execute', sql, values),
  };
}
