// 100,000 jobs in MariaDB, listed 50 a page over HTTP with filters and orders, beside the limit: node:http, one prepared
// mysql2 statement with the same WHERE and ORDER BY, JSON.stringify. In turns, each server in a process of its own.
//   npm run build && node scripts/run-ts.mjs bench/jobs-list.ts [seconds] [jobs]
// ORRERY_TEST_DATABASE_URL names a MySQL or MariaDB server on which a database may be made (scripts/services.sh up mariadb).
import { putUnderLoad } from './autocannon.js';
import { type ListCase, listCases, type Mark, PAGE, QUERY, statementOf } from './jobs-list-cases.js';
import { seedJobs } from './jobs-list-seed.js';
import {
  compareAll,
  explain,
  median,
  type Query,
  type Rounds,
  type Side,
  type Statement,
  withOurs,
} from './list-sides.js';
import { migrate } from './orrery-process.js';
import { cpuTime } from './process-figures.js';

const [, , seconds = '3', jobs = '100000'] = process.argv;
const WARM_UP = 2_000;

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
  readonly body: string;
  readonly statement: Statement;
}

function pageOf(list: ListCase, where: string, after: string | null, mark: Mark | null): Page {
  const variables = { ...list.variables, first: PAGE, ...(after === null ? {} : { after }) };
  const body = JSON.stringify({ query: QUERY, variables });
  return { name: `${list.name}: ${where}`, variables, body, statement: statementOf(list, mark) };
}

async function pagesOf(list: ListCase, side: Side, query: Query): Promise<Page[]> {
  const first = pageOf(list, 'first', null, null);
  if (list.deep === 0) return [first];
  const { after, id } = await walk(side, list);
  const columns = 'id, time_created AS timeCreated, next_run_at AS nextRunAt';
  const [mark] = await query<Mark>(`SELECT ${columns} FROM jobs WHERE id = ?`, [id]);
  if (!mark) throw new Error(`The job ${id} is gone.`);
  return [first, pageOf(list, `after ${list.deep * 500}`, after, mark)];
}

/** Both sides must show the same jobs; the limit's EXPLAIN is printed. */
async function check({ name, variables, statement }: Page, side: Side, query: Query): Promise<void> {
  const { edges } = await ask(side, variables);
  const rows = await query<{ id: string }>(statement.sql, statement.values);
  const ours = edges.map(({ node }) => Buffer.from(node.id, 'base64').toString().replace(/^Job:/, ''));
  const theirs = rows.slice(0, PAGE).map(({ id }) => id);
  if (ours.length === 0 || ours.some((id, index) => id !== theirs[index] && edges[index]?.node.id !== theirs[index])) {
    throw new Error(`${name}: the two sides differ`);
  }
  await explain(name, statement, query);
}

interface Load {
  rate: number;
  p99: number;
  /** CPU time of the server process for one request, in microseconds. */
  cpu: number;
}

async function load({ pid, url, headers }: Side, body: string, connections: number): Promise<Load> {
  const before = cpuTime(pid);
  const result = await putUnderLoad({ url, method: 'POST', headers, body, connections, duration: Number(seconds) });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url}: answers at fault`);
  const cpu = (cpuTime(pid) - before) / result.requests.total;
  return { rate: result.requests.average, p99: result.latency.p99, cpu };
}

function show({ name }: Page, connections: number, rounds: Rounds<Load>): number {
  const [ours, limit] = [median(rounds, (round) => round.ours.rate), median(rounds, (round) => round.limit.rate)];
  const both = (value: 'cpu' | 'p99'): string =>
    `${median(rounds, (round) => round.ours[value]).toFixed(0)} / ${median(rounds, (round) => round.limit[value]).toFixed(0)}`;
  const cells = [name, connections, ours.toFixed(0), limit.toFixed(0), (limit / ours).toFixed(2)];
  console.log(`| ${[...cells, both('cpu'), both('p99')].join(' | ')} |`);
  return limit / ours;
}

async function prepare(databaseUrl: string): Promise<number> {
  await migrate(databaseUrl);
  const begun = performance.now();
  const now = await seedJobs(databaseUrl, Number(jobs));
  console.log(`${jobs} jobs written in ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  return now;
}

await withOurs(prepare, async ({ side, query }, now, databaseUrl) => {
  const pages: Page[] = [];
  for (const list of listCases(now)) pages.push(...(await pagesOf(list, side, query)));
  for (const page of pages) await check(page, side, query);
  console.log('\n| list: page | connections | ours/s | limit/s | ratio | CPU us/request | p99 ms |');
  console.log('|---|---|---|---|---|---|---|');
  await compareAll(databaseUrl, side, pages, WARM_UP, load, show);
});
