import type { Pool } from 'mysql2';
import type { DataSource } from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import type { ServerKind } from './data-source.js';

/** The statement by which a session of a server gives up what takes longer than so many milliseconds. */
function limitSql(server: ServerKind, milliseconds: number): string | null {
  if (server === 'mariadb') return `SET SESSION max_statement_time = ${milliseconds / 1_000}`;
  // MySQL knows a limit for SELECT alone.
  return server === 'mysql' ? `SET SESSION max_execution_time = ${milliseconds}` : null;
}

/**
 * Lets the server itself end a statement that takes too long: an operation whose time is over leaves nothing running
 * behind it. SQLite answers within the process and is not limited.
 */
export async function limitStatements(source: DataSource, server: ServerKind, milliseconds: number): Promise<void> {
  const sql = limitSql(server, milliseconds);
  if (sql === null) return;
  const pool: Pool = (source.driver as MysqlDriver).pool;
  pool.on('connection', (connection) => connection.query(sql));
  await source.query(sql);
}
