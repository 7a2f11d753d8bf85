import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { createConnection } from 'mysql2/promise';
import { describe } from 'vitest';

/** The real servers that tests may use, by the variable that says where each one is (see scripts/services.sh). */
const VARIABLES = {
  mysql: 'ORRERY_TEST_DATABASE_URL',
  mongodb: 'ORRERY_TEST_MONGODB_URL',
  redis: 'ORRERY_TEST_REDIS_URL',
  amqp: 'ORRERY_TEST_AMQP_URL',
} as const;

export type StoreKind = keyof typeof VARIABLES;
export type DatabaseKind = 'sqlite' | 'mysql';

/** A store that belongs to one test file. */
export interface FreshStore {
  readonly url: string;
  /** Removes it with all that is in it; close the connections to it first. */
  drop(): Promise<void>;
}

/** A server that all test files share, with a prefix for the names that one file uses there. */
export interface SharedStore {
  readonly url: string;
  readonly prefix: string;
}

/** The URL of a real server, or undefined where its variable is not set. */
function storeUrl(kind: StoreKind): string | undefined {
  return process.env[VARIABLES[kind]] || undefined;
}

/** The databases to run a noun's tests on: SQLite always, MySQL or MariaDB where there is one. */
export function storeKinds(): DatabaseKind[] {
  if (storeUrl('mysql') === undefined) return ['sqlite'];
  return process.env.ORRERY_TEST_STORES === 'servers' ? ['mysql'] : ['sqlite', 'mysql'];
}

/** An empty database without tables. Throws when the kind's server is not there. */
export async function freshDatabase(kind: DatabaseKind): Promise<FreshStore> {
  return kind === 'sqlite' ? freshSqlite() : freshMysql();
}

/** An empty MongoDB database. Throws when no server is there. */
export async function freshMongo(): Promise<FreshStore> {
  const url = withDatabase(requiredUrl('mongodb'), uniqueName());
  return {
    url,
    async drop() {
      const client = new MongoClient(url);
      try {
        await client.db().dropDatabase();
      } finally {
        await client.close();
      }
    },
  };
}

/** The Redis server, with a prefix for channels (pub/sub does not know Redis' numbered databases). */
export function freshRedis(): SharedStore {
  return { url: requiredUrl('redis'), prefix: `${uniqueName()}:` };
}

/** The RabbitMQ server, with a prefix for the queues of one file. */
export function freshAmqp(): SharedStore {
  return { url: requiredUrl('amqp'), prefix: `${uniqueName()}.` };
}

/** Why tests that need these servers cannot run here; undefined when they can. */
function missingStores(needs: readonly StoreKind[]): string | undefined {
  const unset = needs.filter((kind) => storeUrl(kind) === undefined).map((kind) => VARIABLES[kind]);
  return unset.length === 0 ? undefined : `${unset.join(', ')} not set (scripts/services.sh up)`;
}

/** A describe block for `*.services.test.ts`: where one of the stores is missing, skipped and counted, with the reason. */
export function describeWithStores(name: string, needs: readonly StoreKind[], body: () => void): void {
  describeUnless(missingStores(needs), name, body);
}

/** A describe block that is skipped and counted when there is a reason; the reason is printed. */
export function describeUnless(reason: string | undefined, name: string, body: () => void): void {
  if (reason !== undefined) console.warn(`skipped: ${name}: ${reason}`);
  describe.skipIf(reason !== undefined)(name, body);
}

async function freshSqlite(): Promise<FreshStore> {
  const directory = await mkdtemp(join(tmpdir(), 'orrery-test-'));
  return {
    url: `sqlite:${join(directory, 'orrery.sqlite')}`,
    drop: () => rm(directory, { recursive: true, force: true }),
  };
}

async function freshMysql(): Promise<FreshStore> {
  const server = requiredUrl('mysql');
  const name = uniqueName();
  await onServer(server, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  return { url: withDatabase(server, name), drop: () => onServer(server, `DROP DATABASE IF EXISTS ${name}`) };
}

async function onServer(url: string, statement: string): Promise<void> {
  const connection = await createConnection(withDatabase(url, ''));
  try {
    await connection.query(statement);
  } finally {
    await connection.end();
  }
}

function requiredUrl(kind: StoreKind): string {
  const url = storeUrl(kind);
  if (url === undefined) throw new Error(`${VARIABLES[kind]} is not set: run scripts/services.sh up`);
  return url;
}

/** The URL with another database name; options after `?` stay. */
function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}

function uniqueName(): string {
  return `orrery_test_${process.pid}_${randomBytes(6).toString('hex')}`;
}
