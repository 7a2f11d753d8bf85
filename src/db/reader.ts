import type { DataSource } from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import { inSpan, tracingIsOn } from '../telemetry/tracing.js';
import { type MysqlDoor, mysqlStatement, preparedWay } from './mysql-statement.js';
import type { SqlValue } from './sql-value.js';
import type { Reader } from './transaction.js';

/** Reads by TypeORM's query runner, which keeps the statements of SQLite prepared. */
export function sourceReader(source: DataSource): Reader {
  const rows = async <T>(sql: string, values: readonly SqlValue[] = []): Promise<T[]> => {
    const found: T[] = await source.query(sql, [...values]);
    return found;
  };
  return { manager: source.manager, rows, prepared: rows };
}

/** Reads by the pool of MySQL's driver itself. */
export function poolReader(source: DataSource): Reader {
  const pool: MysqlDoor = (source.driver as MysqlDriver).pool;
  const traced = tracingIsOn();
  const read = async <T>(way: 'query' | 'execute', sql: string, values: readonly SqlValue[]): Promise<T[]> => {
    source.logger.logQuery(sql, [...values]);
    if (!traced) return (await mysqlStatement(pool, way, sql, values)) as T[];
    const attributes = { 'db.system.name': source.options.type, 'db.query.text': sql };
    return inSpan('db.query', attributes, async () => (await mysqlStatement(pool, way, sql, values)) as T[]);
  };
  return {
    manager: source.manager,
    rows: (sql, values = []) => read('query', sql, values),
    prepared: (sql, values, parts) => read(preparedWay(values, parts), sql, values),
  };
}
