import type { Pool } from 'mysql2';
import type { DataSource } from 'typeorm';
import type { MysqlDriver } from 'typeorm/driver/mysql/MysqlDriver.js';
import type { ServerKind } from './data-source.js';

/** The statement by which a session of a server gives up what takes longer than so many milliseconds. */
function limitSql(server: Exclude<ServerKind, 'sqlite'>, milliseconds: number): string {
  if (server === 'mariadb') return `SET SESSION max_statement_time = ${milliseconds / 1_000}`;
  // MySQL knows a limit for SELECT alone.
  return `SET SESSION max_execution_time = ${milliseconds}`;
}

/**
 * A session that asks nothing for so many seconds in the middle of a transaction belongs to a process that is frozen or
 * gone: MariaDB ends it, and with it the locks that it holds. MySQL has no such bound.
 */
const IDLE_TRANSACTION = 10;

/** Once for each connection, where TypeORM would ask for it once more before each transaction. */
const ISOLATION = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

/**
 * Gives every session of MySQL its isolation, the bound of its idle transactions and, where there is one, the limit of
 * its statements: the server itself then ends what takes longer, so that an operation whose time is over leaves nothing
 * running behind it. SQLite answers
 * within the process and needs neither.
 */
export async function prepareSessions(
  source: DataSource,
  server: ServerKind,
  limit: number | undefined,
): Promise<void> {
  if (server === 'sqlite') return;
  const bound = server === 'mariadb' ? [`SET SESSION idle_transaction_timeout = ${IDLE_TRANSACTION}`] : [];
  const statements = [ISOLATION, ...bound, ...(limit === undefined ? [] : [limitSql(server, limit)])];
  const pool: Pool = (source.driver as MysqlDriver).pool;
  pool.on('connection', (connection) => {
    for (const sql of statements) connection.query(sql);
  });
  // The connection that there is already.
  for (const sql of statements) await source.query(sql);
}
