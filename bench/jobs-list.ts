// 100,000 jobs in MariaDB, listed 50 a page over HTTP with filters and orders, beside the limit: node:http, one prepared
// mysql2 statement with the same WHERE and ORDER BY, JSON.stringify. In turns, each server in a process of its own.
//   npm run build && node scripts/run-ts.mjs bench/jobs-list.ts [seconds] [jobs]
// ORRERY_TEST_DATABASE_URL names a MySQL or MariaDB server on which a database may be made (scripts/services.sh up mariadb).
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { putUnderLoad } from './autocannon.js';
import { startChild } from './child.js';
import { makeDatabase } from './database.js';
import { type ListCase, listCases, type Mark, PAGE, QUERY, statementOf } from './jobs-list-cases.js';
import { seedJobs } from './jobs-list-seed.js';
import { ADMIN_TOKEN, migrate, startOrrery } from './orrery-process.js';
import { cpuTime, quantile } from './process-figures.js';

const [, , seconds = '3', jobs = '100000'] = process.argv;
const GOAL = 1.5;
const CONNECTIONS = [1, 32];
/** Requests of each page to each side before anything is measured: V8 compiles what is long-running as it runs. */
const WARM_UP = 2_000;

interface Side {
  readonly pid: number;
  readonly url: string;
  readonly headers: Record<string, string>;
}

interface Answer {
  data: { jobs: { edges: { cursor: string; node: { id: string } }[]; pageInfo: { endCursor: string | null } } };
  errors?: unknown;
}

async function ask(side: Side, variables: object): Promise<Answer['data']['jobs']> {
  const body = JSON.stringify({ query: QUERY, variables });
  const answer: Answer = await (await fetch(side.url, { method: 'POST', headers: side.headers, body })).json();
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data.jobs;
}

/** The cursor after so many pages of 500, and the job there. */
async function walk(side: Side, { variables, deep }: ListCase): Promise<{ after: string; id: string }> {
  let after: string | null = null;
  let id = '';
  for (let page = 0; page < deep; page += 1) {
    const { edges, pageInfo } = await ask(side, { ...variables, first: 500, after });
    after = pageInfo.endCursor;
    id = edges.at(-1)?.node.id ?? '';
  }
  if (after === null) throw new Error('The list is too short for its deep page.');
  return { after, id };
}

interface Page {
  readonly name: string;
  readonly variables: object;
  readonly sql: string;
  readonly values: (string | number)[];
}

type Query = <T>(sql: string, values?: readonly (string | number)[]) => Promise<T[]>;

async function pagesOf(list: ListCase, side: Side, query: Query): Promise<Page[]> {
  const first: Page = { name: `${list.name}: first`, variables: list.variables, ...statementOf(list, null) };
  if (list.deep === 0) return [first];
  const { after, id } = await walk(side, list);
  const columns = 'id, time_created AS timeCreated, next_run_at AS nextRunAt';
  const [mark] = await query<Mark>(`SELECT ${columns} FROM jobs WHERE id = ?`, [id]);
  if (!mark) throw new Error(`The job ${id} is gone.`);
  const deep: Page = {
    name: `${list.name}: after ${list.deep * 500}`,
    variables: { ...list.variables, after },
    ...statementOf(list, mark),
  };
  return [first, deep];
}

/** Both sides must show the same jobs; the limit's EXPLAIN is printed. */
async function check(page: Page, side: Side, query: Query): Promise<void> {
  const { edges } = await ask(side, { ...page.variables, first: PAGE });
  const rows = await query<{ id: string }>(page.sql, page.values);
  const ours = edges.map(({ node }) => Buffer.from(node.id, 'base64').toString().replace(/^Job:/, ''));
  const theirs = rows.slice(0, PAGE).map(({ id }) => id);
  if (ours.length === 0 || ours.some((id, index) => id !== theirs[index] && edges[index]?.node.id !== theirs[index])) {
    throw new Error(`${page.name}: the two sides differ`);
  }
  console.log(`\n${page.name}\n  ${page.sql.replace(/\s+/g, ' ')}`);
  for (const row of await query<Record<string, unknown>>(`EXPLAIN ${page.sql}`, page.values)) {
    console.log(`  EXPLAIN ${Object.values(row).join(' | ')}`);
  }
}

interface Load {
  rate: number;
  p99: number;
  /** CPU time of the server process for one request, in microseconds. */
  cpu: number;
}

async function load(side: Side, body: string, connections: number, duration: number): Promise<Load> {
  const { url, headers } = side;
  const before = cpuTime(side.pid);
  const result = await putUnderLoad({ url, method: 'POST', headers, body, connections, duration });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url}: answers at fault`);
  const cpu = (cpuTime(side.pid) - before) / result.requests.total;
  return { rate: result.requests.average, p99: result.latency.p99, cpu };
}

const bodyOf = ({ variables }: Page): string =>
  JSON.stringify({ query: QUERY, variables: { ...variables, first: PAGE } });

async function warmUp(page: Page, index: number, ours: Side, limit: Side): Promise<void> {
  const request = { method: 'POST' as const, connections: 32, amount: WARM_UP };
  await putUnderLoad({ ...request, url: ours.url, headers: ours.headers, body: bodyOf(page) });
  await putUnderLoad({ ...request, url: limit.url, headers: limit.headers, body: JSON.stringify({ list: index }) });
}

async function compare(page: Page, index: number, ours: Side, limit: Side, connections: number): Promise<number> {
  const body = bodyOf(page);
  const duration = Number(seconds);
  const rounds: { ours: Load; limit: Load }[] = [];
  // In turns, so that a busy moment of the machine hits both.
  for (let round = 0; round < 3; round += 1) {
    rounds.push({
      ours: await load(ours, body, connections, duration),
      limit: await load(limit, JSON.stringify({ list: index }), connections, duration),
    });
  }
  const median = (value: (round: { ours: Load; limit: Load }) => number): number => quantile(rounds.map(value), 0.5);
  const ratio = median((round) => round.limit.rate) / median((round) => round.ours.rate);
  const cells = [
    page.name,
    connections,
    median((round) => round.ours.rate).toFixed(0),
    median((round) => round.limit.rate).toFixed(0),
    ratio.toFixed(2),
    `${median((round) => round.ours.cpu).toFixed(0)} / ${median((round) => round.limit.cpu).toFixed(0)}`,
    `${median((round) => round.ours.p99)} / ${median((round) => round.limit.p99)}`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
  return ratio;
}

async function measure(databaseUrl: string, directory: string): Promise<void> {
  await migrate(databaseUrl);
  const begun = performance.now();
  const now = await seedJobs(databaseUrl, Number(jobs));
  console.log(`${jobs} jobs written in ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  const connection = await createConnection({ uri: databaseUrl, supportBigNumbers: true });
  const query: Query = async <T>(sql: string, values: readonly (string | number)[] = []) => {
    const [rows] = await connection.query<(T & RowDataPacket)[]>(sql, [...values]);
    return rows;
  };
  const server = await startOrrery(databaseUrl, ['--role', 'api']);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` };
  const ours: Side = { pid: server.pid, url: server.endpoint, headers };
  const pages: Page[] = [];
  for (const list of listCases(now)) pages.push(...(await pagesOf(list, ours, query)));
  for (const page of pages) await check(page, ours, query);
  const file = join(directory, 'statements.json');
  await writeFile(file, JSON.stringify(pages.map(({ sql, values }) => ({ sql, values }))));
  const child = startChild('bench/jobs-list-limit.ts', [databaseUrl, file]);
  const limit: Side = { pid: child.pid, url: `http://127.0.0.1:${await child.next<number>()}/`, headers };
  console.log('\n| list: page | connections | ours/s | limit/s | ratio | CPU us/request | p99 ms |');
  console.log('|---|---|---|---|---|---|---|');
  const ratios: number[] = [];
  for (const [index, page] of pages.entries()) await warmUp(page, index, ours, limit);
  for (const connections of CONNECTIONS) {
    for (const [index, page] of pages.entries()) ratios.push(await compare(page, index, ours, limit, connections));
  }
  console.log(
    `\nworst ratio ${Math.max(...ratios).toFixed(2)}, median ${quantile(ratios, 0.5).toFixed(2)}; goal ${GOAL}`,
  );
  await child.end();
  await server.stop();
  await connection.end();
}

const database = await makeDatabase();
const directory = await mkdtemp(join(tmpdir(), 'orrery-bench-'));
try {
  await measure(database.url, directory);
} finally {
  await database.drop();
  await rm(directory, { recursive: true });
}
