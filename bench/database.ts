import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';

/** An empty database on the server that ORRERY_TEST_DATABASE_URL names. */
export interface BenchDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

const VARIABLE = 'ORRERY_TEST_DATABASE_URL';

/** Makes a database for one benchmark. Throws when no server is named. */
export async function makeDatabase(): Promise<BenchDatabase> {
  const server = process.env[VARIABLE];
  if (!server) throw new Error(`${VARIABLE} is not set: eval "$(scripts/services.sh up mariadb | sed 's/^/export /')"`);
  const url = new URL(server);
  url.pathname = '/';
  const execute = async (statement: string): Promise<void> => {
    const connection = await createConnection(url.href);
    await connection.query(statement).finally(() => connection.end());
  };
  const name = `orrery_bench_${process.pid}_${randomBytes(4).toString('hex')}`;
  await execute(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  return { url: new URL(`/${name}`, url).href, drop: () => execute(`DROP DATABASE IF EXISTS ${name}`) };
}
