// Lists of ours beside the limit: node:http, one prepared statement, JSON.stringify, over one database; each server in a
// process of its own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { putUnderLoad } from './autocannon.js';
import { startChild } from './child.js';
import { makeDatabase } from './database.js';
import { ADMIN_TOKEN, startOrrery } from './orrery-process.js';
import { quantile } from './process-figures.js';

/** What a list is to be compared with: at most so many times its time. */
export const GOAL = 1.5;
const CONNECTIONS = [1, 32];
const ROUNDS = 3;
const HEADERS = { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` };

/** A server that is measured. */
export interface Side {
  readonly pid: number;
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** A statement of the limit. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export type Query = <T>(sql: string, values?: readonly (string | number)[]) => Promise<T[]>;

/** A page of a list, as both sides are asked for it. */
interface Asked {
  /** The request to ours. */
  readonly body: string;
  readonly statement: Statement;
}

/** What both sides took, in turns: a busy moment of the machine hits both. */
export type Rounds<L> = readonly { readonly ours: L; readonly limit: L }[];

/** One value of the rounds: their median. */
export const median = <L>(rounds: Rounds<L>, value: (round: Rounds<L>[number]) => number): number =>
  quantile(rounds.map(value), 0.5);

/** Ours, on a database that is there, and what is asked of that. */
export interface Ours {
  readonly side: Side;
  readonly query: Query;
}

/** Runs `work` with a database and a server of ours, made by `prepare`, and takes all away after it. */
export async function withOurs<T>(
  prepare: (databaseUrl: string) => Promise<T>,
  work: (ours: Ours, prepared: T, databaseUrl: string) => Promise<void>,
): Promise<void> {
  const database = await makeDatabase();
  try {
    const prepared = await prepare(database.url);
    const connection = await createConnection({ uri: database.url, supportBigNumbers: true });
    const query: Query = async <R>(sql: string, values: readonly (string | number)[] = []) => {
      const [rows] = await connection.query<(R & RowDataPacket)[]>(sql, [...values]);
      return rows;
    };
    const server = await startOrrery(database.url, ['--role', 'api']);
    await work({ side: { pid: server.pid, url: server.endpoint, headers: HEADERS }, query }, prepared, database.url);
    await server.stop();
    await connection.end();
  } finally {
    await database.drop();
  }
}

/** Prints what the limit asks for a page, and how the database goes about it. */
export async function explain(name: string, { sql, values }: Statement, query: Query): Promise<void> {
  console.log(`\n${name}\n  ${sql.replace(/\s+/g, ' ')}`);
  for (const row of await query<Record<string, unknown>>(`EXPLAIN ${sql}`, values)) {
    console.log(`  EXPLAIN ${Object.values(row).join(' | ')}`);
  }
}

async function startLimit(databaseUrl: string, statements: readonly Statement[]) {
  const directory = await mkdtemp(join(tmpdir(), 'orrery-bench-'));
  const file = join(directory, 'statements.json');
  await writeFile(file, JSON.stringify(statements));
  const child = startChild('bench/jobs-list-limit.ts', [databaseUrl, file]);
  const side: Side = { pid: child.pid, url: `http://127.0.0.1:${await child.next<number>()}/`, headers: HEADERS };
  return {
    side,
    async end(): Promise<void> {
      await child.end();
      await rm(directory, { recursive: true });
    },
  };
}

/**
 * Measures each page on both sides, by 1 and by 32 connections, after `warmUp` requests of each: V8 compiles what is
 * long-running as it runs. `show` prints a line, and returns the ratio. Returns the ratios.
 */
export async function compareAll<P extends Asked, L>(
  databaseUrl: string,
  ours: Side,
  pages: readonly P[],
  warmUp: number,
  load: (side: Side, body: string, connections: number) => Promise<L>,
  show: (page: P, connections: number, rounds: Rounds<L>) => number,
): Promise<number[]> {
  const limit = await startLimit(
    databaseUrl,
    pages.map(({ statement }) => statement),
  );
  const named = pages.map((page, list) => ({ page, sides: [page.body, JSON.stringify({ list })] as const }));
  for (const { sides } of named) {
    for (const [at, { url, headers }] of [ours, limit.side].entries()) {
      await putUnderLoad({ method: 'POST', url, headers, body: sides[at] ?? '', connections: 32, amount: warmUp });
    }
  }
  const ratios: number[] = [];
  for (const connections of CONNECTIONS) {
    for (const { page, sides } of named) {
      const rounds: { ours: L; limit: L }[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        rounds.push({
          ours: await load(ours, sides[0], connections),
          limit: await load(limit.side, sides[1], connections),
        });
      }
      ratios.push(show(page, connections, rounds));
    }
  }
  await limit.end();
  console.log(
    `\nworst ratio ${Math.max(...ratios).toFixed(2)}, median ${quantile(ratios, 0.5).toFixed(2)}; goal ${GOAL}`,
  );
  return ratios;
}
