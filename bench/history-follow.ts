// One deployment replayed at full speed through the API (each task RUNNING, then READY) while dashboards follow it.
// Every dashboard must end with the rows of the table. The lag is from the moment that the reporter knows its report to
// be stored, which is the first that anybody outside knows of the commit, to the arrival at each dashboard.
//   npm run build && node scripts/run-ts.mjs bench/history-follow.ts [dashboards] [nodes] [tasks]
// ORRERY_TEST_DATABASE_URL names a MySQL or MariaDB server on which a database may be made (scripts/services.sh up mariadb).
import { setTimeout as wait } from 'node:timers/promises';
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { type BenchChild, startChild } from './child.js';
import { makeDatabase } from './database.js';
import { digestOf, type Followed, type ShownRow } from './history-follow-rows.js';
import { ADMIN_TOKEN, migrate, type OrreryProcess, startOrrery } from './orrery-process.js';
import { cpuTime, quantile } from './process-figures.js';

const [, , dashboards = '50', nodes = '100', tasks = '100'] = process.argv;
const PROCESSES = 5;
const GOAL = 1_000;

interface Shape {
  readonly reporters: number;
  /** Events of one report. */
  readonly batch: number;
}

const SHAPES: readonly Shape[] = [
  { reporters: 1, batch: 500 },
  { reporters: 10, batch: 500 },
  { reporters: 10, batch: 100 },
  { reporters: 100, batch: 20 },
];

interface ReportedEvent {
  readonly taskName: string;
  readonly nodeId: string;
  readonly status: string;
}

const MUTATIONS = {
  transactionStart: 'TransactionStartInput',
  transactionReport: 'TransactionReportInput',
  transactionEnd: 'TransactionEndInput',
} as const;

async function mutate({ endpoint }: OrreryProcess, name: keyof typeof MUTATIONS, input: object): Promise<string> {
  const payload = `${name.charAt(0).toUpperCase()}${name.slice(1)}Payload`;
  const query = `mutation ($input: ${MUTATIONS[name]}!) { made: ${name}(input: $input) { ... on UserError { message }
    ... on ${payload} { transaction { id } } } }`;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` };
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers,
    body: JSON.stringify({ query, variables: { input } }),
  });
  const body = (await answer.json()) as { data?: { made: { transaction?: { id: string } } } };
  const id = body.data?.made.transaction?.id;
  if (id === undefined) throw new Error(JSON.stringify(body));
  return id;
}

const NODES = Array.from({ length: Number(nodes) }, (_, index) => `node-${index}`);
const TASKS = Array.from({ length: Number(tasks) }, (_, index) => `task-${index}`);

/** What a reporter tells: its nodes' tasks one after another, as they run side by side on the nodes. */
function replayOf(reporter: number, { reporters, batch }: Shape): ReportedEvent[][] {
  const own = NODES.filter((_, index) => index % reporters === reporter);
  const events = TASKS.flatMap((taskName) =>
    ['running', 'ready'].flatMap((status) => own.map((nodeId) => ({ taskName, nodeId, status }))),
  );
  return Array.from({ length: Math.ceil(events.length / batch) }, (_, index) =>
    events.slice(index * batch, (index + 1) * batch),
  );
}

const nameOf = (taskName: string, nodeId: string, status: string): string =>
  `${taskName} ${nodeId} ${status.toUpperCase()}`;

/** Replays the deployment, all reporters at once; when each event was known to be stored. */
async function replay(server: OrreryProcess, transactionId: string, shape: Shape): Promise<Map<string, number>> {
  const stored = new Map<string, number>();
  const tell = async (reporter: number): Promise<void> => {
    for (const [index, events] of replayOf(reporter, shape).entries()) {
      await mutate(server, 'transactionReport', { transactionId, reportId: `${reporter}-${index}`, events });
      for (const { taskName, nodeId, status } of events) stored.set(nameOf(taskName, nodeId, status), Date.now());
    }
  };
  await Promise.all(Array.from({ length: shape.reporters }, (_, reporter) => tell(reporter)));
  return stored;
}

/** Resolves when every dashboard is subscribed. */
async function subscribed({ endpoint }: OrreryProcess): Promise<void> {
  const metrics = endpoint.replace(/graphql$/, 'metrics');
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  for (;;) {
    const text = await (await fetch(metrics, { headers })).text();
    if (text.includes(`\norrery_live_members ${dashboards}\n`)) return;
    await wait(50);
  }
}

interface StoredRow extends RowDataPacket {
  id: string;
  name: string;
  node: string;
  status: string;
  start: number | null;
  end: number | null;
}

async function tableOf(pool: Pool, transactionId: string): Promise<ShownRow[]> {
  const [rows] = await pool.query<StoredRow[]>(
    `SELECT id, task_name AS name, node_id AS node, status, time_start AS start, time_end AS end
     FROM tasks WHERE transaction_id = ?`,
    [transactionId],
  );
  const instant = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  return rows.map(({ id, name, node, status, start, end }) => {
    return { id, name, nodeId: node, status, timeStart: instant(start), timeEnd: instant(end) };
  });
}

interface StoredFact extends RowDataPacket {
  seq: number;
  payload: { changes: { tasks: [id: string, nodeId: string, taskName: string, status: string][] }[] };
}

/** When each fact was known to be stored, by its position in the log. */
async function factsOf(pool: Pool, stored: ReadonlyMap<string, number>): Promise<Map<number, number>> {
  const [rows] = await pool.query<StoredFact[]>(
    "SELECT seq, payload FROM events WHERE topic = 'taskHistoryChanged' AND seq IS NOT NULL",
  );
  const known = new Map<number, number>();
  for (const { seq, payload } of rows) {
    const [, nodeId = '', taskName = '', status = ''] = payload.changes[0]?.tasks[0] ?? [];
    const at = stored.get(nameOf(taskName, nodeId, status));
    if (at !== undefined) known.set(seq, at);
  }
  return known;
}

/** Milliseconds from the storing of each fact to its arrival at each dashboard. */
async function lagsOf(pool: Pool, stored: ReadonlyMap<string, number>, followed: readonly Followed[]) {
  const facts = await factsOf(pool, stored);
  return followed.flatMap(({ arrivals }) =>
    arrivals.flatMap(([position, at]) => {
      const known = facts.get(position);
      // The announcement is told of too, where its last facts were numbered after the dashboards had come.
      return known === undefined ? [] : Math.max(0, at - known);
    }),
  );
}

let deployments = 0;

async function measure(server: OrreryProcess, pool: Pool, watchers: readonly BenchChild[], shape: Shape) {
  deployments += 1;
  const graph = { tasks: TASKS.map((name) => ({ name, nodes: NODES })) };
  const id = await mutate(server, 'transactionStart', { cluster: 'bench', externalId: `d-${deployments}`, graph });
  for (const { process } of watchers) process.send(id);
  await subscribed(server);
  const [began, cpu] = [Date.now(), cpuTime(server.pid)];
  const acknowledged = await replay(server, id, shape);
  const stored = Date.now();
  const followed = await Promise.all(watchers.map((watcher) => watcher.next<Followed>()));
  const seen = Math.max(...followed.map(({ at }) => at));
  const used = (cpuTime(server.pid) - cpu) / 1_000;
  await mutate(server, 'transactionEnd', { transactionId: id, status: 'READY' });
  const wanted = digestOf(await tableOf(pool, id));
  const digests = followed.flatMap((one) => one.digests);
  const wrong = digests.filter((digest) => digest !== wanted).length;
  if (wrong > 0) throw new Error(`${wrong} of ${digests.length} dashboards do not show the rows of the table.`);
  const lags = await lagsOf(pool, acknowledged, followed);
  const messages = followed.reduce((sum, { arrivals }) => sum + arrivals.length, 0);
  const resumed = followed.reduce((sum, one) => sum + one.resumed, 0);
  const events = NODES.length * TASKS.length * 2;
  const rate = (end: number): string => ((events / (end - began)) * 1_000).toFixed(0);
  const cells = [
    `${shape.reporters} x ${shape.batch}`,
    ...[rate(stored), rate(seen), quantile(lags, 0.5), quantile(lags, 0.99), Math.max(...lags)],
    ...[GOAL, (messages / digests.length).toFixed(0), resumed, (used / (seen - began)).toFixed(2)],
  ];
  return `| ${cells.join(' | ')} |`;
}

const database = await makeDatabase();
await migrate(database.url);
const server = await startOrrery(database.url);
const pool = createPool(database.url);
const each = String(Number(dashboards) / PROCESSES);
const total = String(NODES.length * TASKS.length);
const watchers = Array.from({ length: PROCESSES }, () =>
  startChild('bench/history-follow-watch.ts', [server.endpoint, each, total]),
);
try {
  for (const watcher of watchers) await watcher.next();
  // Once unmeasured, so that compiled code and first connections do not count.
  await measure(server, pool, watchers, { reporters: 10, batch: 500 });
  console.log(`${NODES.length} nodes x ${TASKS.length} tasks, each RUNNING and then READY; ${dashboards} dashboards`);
  console.log(
    '| reporters x events a report | stored, events/s | seen by all, events/s | lag p50 ms | p99 | max | goal < | messages | resumed | CPUs |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|');
  for (const shape of SHAPES) console.log(await measure(server, pool, watchers, shape));
} finally {
  for (const watcher of watchers) await watcher.end();
  await pool.end();
  await server.stop();
  await database.drop();
}
