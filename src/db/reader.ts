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

type Send = (way: 'query' | 'execute', sql: string, values: readonly SqlValue[]) => Promise<unknown>;

/** Sends statements by the pool of MySQL's driver itself. */
function poolSender(source: DataSource): Send {
  const pool: MysqlDoor = (source.driver as MysqlDriver).pool;
  const traced = tracingIsOn();
  return async (way, sql, values) => {
    source.logger.logQuery(sql, [...values]);
    if (!traced) return mysqlStatement(pool, way, sql, values);
    const attributes = { 'db.system.name': source.options.type, 'db.query.text': sql };
    return inSpan('db.query', attributes, () => mysqlStatement(pool, way, sql, values));
  };
}

/** Reads by the pool of MySQL's driver itself. */
export function poolReader(source: DataSource): Reader {
  const send = poolSender(source);
  return {
    manager: source.manager,
    rows: async <T>(sql: string, values: readonly SqlValue[] = []) => (await send('query', sql, values)) as T[],
    prepared: async <T>(sql: string, values: readonly SqlValue[], parts?: number) =>
      (await send(preparedWay(values, parts), sql, values)) as T[],
  };
}

/** Executes one statement of MySQL that is its own transaction: how many rows it changed or matched. */
export async function poolExecute(source: DataSource, sql: string, values: readonly SqlValue[]): Promise<number> {
  const { affectedRows } = (await poolSender(source)('query', sql, values)) as { affectedRows?: number };
  return affectedRows ?? 0;
}
