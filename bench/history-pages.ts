// 1,000,000 tasks in MariaDB, one of their transactions with 100,000, listed 50 a page over HTTP by each combination of
// filters, first page and hundredth, beside the limit: node:http, one prepared mysql2 statement with the same WHERE and
// ORDER BY (of the forms that we know the quickest), JSON.stringify. In turns, each server in a process of its own; and
// the rows that the database reads for each page.
//   npm run build && node scripts/run-ts.mjs bench/history-pages.ts [seconds] [transactions] [tasks of the large one]
// ORRERY_TEST_DATABASE_URL names a MySQL or MariaDB server on which a database may be made (scripts/services.sh up mariadb).
import {
  type ListCase,
  listCases,
  type Mark,
  PAGE,
  QUERIES,
  type Statement,
  statementsOf,
} from './history-pages-cases.js';
import { printRowsRead } from './history-rows-read.js';
import { seedHistory } from './history-seed.js';
import { latencies } from './latencies.js';
import { compareAll, explain, GOAL, median, type Query, type Rounds, type Side, withOurs } from './list-sides.js';
import { migrate } from './orrery-process.js';
import { cpuTime, quantile } from './process-figures.js';

const [, , seconds = '2', transactions = '10000', large = '100000'] = process.argv;
const WARM_UP = 1_000;
/** Pages before the deep one, and the most rows that one request skips. */
const DEEP = 99;
const STRIDE = 500;

interface Listed {
  edges: { cursor: string; node: { number: number } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}
interface Answer {
  data: { taskHistory?: Listed; transaction?: { tasks: Listed } };
  errors?: unknown;
}

async function ask(side: Side, list: ListCase, page: object): Promise<Listed> {
  const body = JSON.stringify({ query: QUERIES[list.query], variables: { ...list.variables, ...page } });
  const answer: Answer = await (await fetch(side.url, { method: 'POST', headers: side.headers, body })).json();
  const listed = answer.data?.taskHistory ?? answer.data?.transaction?.tasks;
  if (answer.errors || !listed) throw new Error(JSON.stringify(answer));
  return listed;
}

interface Page {
  readonly name: string;
  readonly list: ListCase;
  readonly after: string | null;
  readonly body: string;
  readonly statement: Statement;
}

/** The quickest of some statements that read the same: the median of some rounds, in turns. */
async function quickest(query: Query, statements: readonly Statement[]): Promise<Statement> {
  const times = statements.map((): number[] => []);
  for (let round = 0; round < 7; round += 1) {
    for (const [index, { sql, values }] of statements.entries()) {
      const begun = performance.now();
      await query(sql, values);
      times[index]?.push(performance.now() - begun);
    }
  }
  const medians = times.map((some) => quantile(some, 0.5));
  const best = statements[medians.indexOf(Math.min(...medians))];
  if (!best) throw new Error('There is no statement.');
  return best;
}

/** The cursor after the hundredth page, or after the last full one before; and the task there. */
async function walk(side: Side, list: ListCase): Promise<{ pages: number; after: string; number: number } | null> {
  let after: string | null = null;
  let number = 0;
  let skipped = 0;
  while (skipped < DEEP * PAGE) {
    const first = Math.min(STRIDE, DEEP * PAGE - skipped);
    const { edges, pageInfo } = await ask(side, list, { first, after });
    if (!pageInfo.hasNextPage) break;
    after = pageInfo.endCursor;
    number = edges.at(-1)?.node.number ?? 0;
    skipped += edges.length;
  }
  return after === null ? null : { pages: Math.floor(skipped / PAGE), after, number };
}

function pageOf(list: ListCase, number: number, after: string | null, statement: Statement): Page {
  const body = JSON.stringify({ query: QUERIES[list.query], variables: { ...list.variables, first: PAGE, after } });
  return { name: `${list.name}: ${number}`, list, after, body, statement };
}

async function pagesOf(list: ListCase, side: Side, query: Query): Promise<Page[]> {
  const first = pageOf(list, 1, null, await quickest(query, statementsOf(list, null)));
  const far = await walk(side, list);
  if (!far) return [first];
  const [mark] = await query<Mark>('SELECT number, ordered_at AS orderedAt FROM tasks WHERE number = ?', [far.number]);
  if (!mark) throw new Error(`The task ${far.number} is gone.`);
  return [first, pageOf(list, far.pages + 1, far.after, await quickest(query, statementsOf(list, mark)))];
}

/** Both sides must show the same tasks; the limit's EXPLAIN is printed. */
async function check({ name, list, after, statement }: Page, side: Side, query: Query): Promise<void> {
  const { edges } = await ask(side, list, { first: PAGE, after });
  const rows = await query<{ number: number }>(statement.sql, statement.values);
  const [ours, theirs] = [edges.map(({ node }) => node.number), rows.slice(0, PAGE).map(({ number }) => number)];
  if (ours.length === 0 || JSON.stringify(ours) !== JSON.stringify(theirs))
    throw new Error(`${name}: the sides differ`);
  await explain(name, statement, query);
}

interface Load {
  readonly p50: number;
  readonly p95: number;
  /** CPU time of the server process for one request, in microseconds. */
  readonly cpu: number;
}

async function load({ pid, url, headers }: Side, body: string, connections: number): Promise<Load> {
  const before = cpuTime(pid);
  const all = await latencies({ url, headers, body }, connections, Number(seconds));
  return { p50: quantile(all, 0.5), p95: quantile(all, 0.95), cpu: (cpuTime(pid) - before) / all.length };
}

function show({ name }: Page, connections: number, rounds: Rounds<Load>): number {
  const both = (value: keyof Load): string =>
    `${median(rounds, (round) => round.ours[value]).toFixed(2)} / ${median(rounds, (round) => round.limit[value]).toFixed(2)}`;
  const ratio = median(rounds, (round) => round.ours.p95 / round.limit.p95);
  const cpu = median(rounds, (round) => round.ours.cpu / round.limit.cpu);
  const cells = [name, connections, both('p50'), both('p95'), ratio.toFixed(2), both('cpu'), cpu.toFixed(2)];
  console.log(`| ${cells.join(' | ')} |`);
  return ratio;
}

async function prepare(databaseUrl: string) {
  await migrate(databaseUrl);
  const begun = performance.now();
  const seeded = await seedHistory(databaseUrl, { transactions: Number(transactions), large: Number(large) });
  console.log(`${transactions} transactions written in ${((performance.now() - begun) / 1_000).toFixed(1)} s`);
  return seeded;
}

await withOurs(prepare, async ({ side, query }, seeded, databaseUrl) => {
  const pages: Page[] = [];
  for (const list of listCases(seeded)) pages.push(...(await pagesOf(list, side, query)));
  for (const page of pages) await check(page, side, query);
  const readMuch = await printRowsRead(databaseUrl, pages);
  console.log(
    '\n| list: page | connections | p50 ms, ours / limit | p95 ms, ours / limit | ratio of p95 | CPU us | ratio of CPU |',
  );
  console.log('|---|---|---|---|---|---|---|');
  const ratios = await compareAll(databaseUrl, side, pages, WARM_UP, load, show);
  const missed = ratios.filter((ratio) => ratio > GOAL).length;
  console.log(`${missed} of ${ratios.length} above the goal; ${readMuch} of ${pages.length} pages read too many rows`);
});
