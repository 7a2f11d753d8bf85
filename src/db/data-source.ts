import { createRequire } from 'node:module';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { DataSource, type DataSourceOptions, type Logger, type MigrationInterface } from 'typeorm';
import { ENTITIES } from '../entities/all.js';
import { SnakeNaming } from './naming.js';

export type Dialect = 'mysql' | 'sqlite';

/** Connections to MySQL where nobody says how many. */
export const DEFAULT_POOL_SIZE = 10;

/** What `connect` needs to know of the database. */
export interface DatabaseOptions {
  /** `sqlite:/path/of/the/file` or `mysql://user:password@host:port/database`. */
  url: string;
  /** The most connections held at once (MySQL). Default 10. */
  poolSize?: number;
  /** Milliseconds after which the server itself ends a statement (MariaDB; on MySQL a SELECT). Default: never. */
  statementLimit?: number;
  /** Called with each statement sent; for tests that count them, and for traces. */
  onStatement?: (sql: string) => void;
}

type MigrationClass = new () => MigrationInterface;

function statementLogger(onStatement: (sql: string) => void): Logger {
  const ignore = (): void => {};
  return {
    logQuery: onStatement,
    logQueryError: ignore,
    logQuerySlow: ignore,
    logSchemaBuild: ignore,
    logMigration: ignore,
    log: ignore,
  };
}

/** Which SQL a database URL speaks. Throws a TypeError for any other scheme. */
export function dialectOf(url: string): Dialect {
  if (url.startsWith('sqlite:')) return 'sqlite';
  if (/^(mysql|mariadb):\/\//.test(url)) return 'mysql';
  throw new TypeError('A database URL starts with "sqlite:" or "mysql://".');
}

/** The path in a `sqlite:` URL. */
function sqlitePath(url: string): string {
  return url.slice('sqlite:'.length);
}

interface SqliteHandle {
  pragma(text: string): unknown;
}

function prepareSqlite(handle: SqliteHandle): void {
  handle.pragma('journal_mode = WAL');
  handle.pragma('synchronous = FULL');
  handle.pragma('busy_timeout = 5000');
}

/** The server behind a URL: TypeORM reads the schema of MariaDB and of MySQL in different ways. */
export type ServerKind = 'sqlite' | 'mysql' | 'mariadb';

/** Asks the server what it is. Throws the driver's error when it cannot be reached. */
export async function serverKind(url: string): Promise<ServerKind> {
  if (dialectOf(url) === 'sqlite') return 'sqlite';
  const connection = await createConnection({ uri: url.replace(/^mariadb:/, 'mysql:'), connectTimeout: 5_000 });
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
    return /mariadb/i.test(String(rows[0]?.version)) ? 'mariadb' : 'mysql';
  } finally {
    await connection.end();
  }
}

/** A TypeORM data source for one database; not yet connected. */
export function createDataSource(
  options: DatabaseOptions,
  server: ServerKind,
  migrations: readonly MigrationClass[] = [],
): DataSource {
  const shared = {
    entities: [...ENTITIES],
    migrations: [...migrations],
    namingStrategy: new SnakeNaming(),
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each' as const,
    logging: false,
    ...(options.onStatement ? { logger: statementLogger(options.onStatement) } : {}),
  };
  if (server === 'sqlite') {
    // libsql ships its binary inside the npm package: nothing to compile, and it speaks better-sqlite3's interface.
    const driver: unknown = createRequire(import.meta.url)('libsql');
    return new DataSource({
      ...shared,
      type: 'better-sqlite3',
      driver,
      database: sqlitePath(options.url),
      prepareDatabase: prepareSqlite,
    } satisfies DataSourceOptions);
  }
  return new DataSource({
    ...shared,
    type: server,
    url: options.url.replace(/^mariadb:/, 'mysql:'),
    timezone: 'Z',
    charset: 'utf8mb4',
    supportBigNumbers: true,
    bigNumberStrings: false,
    poolSize: options.poolSize ?? DEFAULT_POOL_SIZE,
    extra: {
      maxIdle: options.poolSize ?? DEFAULT_POOL_SIZE,
      enableKeepAlive: true,
      connectTimeout: 5_000,
      jsonStrings: true,
      // Of each connection: a server keeps 16,382 for all of them, unless it was told otherwise.
      maxPreparedStatements: 100,
    },
  } satisfies DataSourceOptions);
}
