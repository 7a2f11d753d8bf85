import { readFile, writeFile } from 'node:fs/promises';
import { createConnection, escapeId, format, type RowDataPacket } from 'mysql2/promise';
import { MIGRATIONS } from '../../migrations/all.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { migrateUp } from '../../src/db/migrate.js';
import { type DatabaseKind, type FreshStore, freshDatabase } from './stores.js';

/** Makes an empty database what the migrations make of one. */
type Fill = (url: string) => Promise<void>;

/** Migrating takes half a second of MariaDB and ends the same each time: it is done once in a worker, and copied. */
const fills = new Map<DatabaseKind, Promise<Fill>>();

/** A migrated database. Throws when the kind's server is not there. */
export async function migratedDatabase(kind: DatabaseKind): Promise<FreshStore> {
  const store = await freshDatabase(kind);
  const fill = fills.get(kind) ?? (kind === 'sqlite' ? sqliteFill() : mysqlFill());
  fills.set(kind, fill);
  await (await fill)(store.url);
  return store;
}

/** What `read` makes of a database that was migrated. */
async function ofMigrated<T>(kind: DatabaseKind, read: (url: string, db: Database) => Promise<T>): Promise<T> {
  const store = await freshDatabase(kind);
  const db = await openDatabase({ url: store.url }, MIGRATIONS);
  await migrateUp(db);
  const found = await read(store.url, db);
  await db.close();
  await store.drop();
  return found;
}

const pathOf = (url: string): string => url.slice('sqlite:'.length);

async function sqliteFill(): Promise<Fill> {
  const bytes = await ofMigrated('sqlite', async (url, db) => {
    // What was written last stands in a file beside it.
    await db.source.query('PRAGMA wal_checkpoint(TRUNCATE)');
    return readFile(pathOf(url));
  });
  return (url) => writeFile(pathOf(url), bytes);
}

async function mysqlFill(): Promise<Fill> {
  const statements = await ofMigrated('mysql', statementsOf);
  return (url) => withConnection(url, async (query) => void (await query(statements.join(';\n'))));
}

/** The statements that make a database's tables and their rows again. */
function statementsOf(url: string): Promise<string[]> {
  return withConnection(url, async (query) => {
    const name = escapeId(new URL(url).pathname.slice(1));
    const [database] = await query(`SHOW CREATE DATABASE ${name}`);
    const collation = /COLLATE (\w+)/.exec(String(database?.['Create Database']))?.[1] ?? '';
    const statements = ['SET foreign_key_checks = 0', `ALTER DATABASE CHARACTER SET utf8mb4 COLLATE ${collation}`];
    for (const table of (await query('SHOW TABLES')).flatMap((row) => Object.values(row)).map(String)) {
      const [made] = await query(`SHOW CREATE TABLE ${escapeId(table)}`);
      statements.push(String(made?.['Create Table']));
      const rows = await query(`SELECT * FROM ${escapeId(table)}`);
      if (rows.length > 0) statements.push(format('INSERT INTO ?? VALUES ?', [table, rows.map(Object.values)]));
    }
    return statements;
  });
}

async function withConnection<T>(
  url: string,
  use: (query: (sql: string) => Promise<RowDataPacket[]>) => Promise<T>,
): Promise<T> {
  const connection = await createConnection({ uri: url, multipleStatements: true });
  try {
    return await use(async (sql) => (await connection.query<RowDataPacket[]>(sql))[0]);
  } finally {
    await connection.end();
  }
}
