// Reports of deployments taken in over the API, beside bare multi-row INSERTs that write the same three tables (task,
// task event, feed event) in the same transactions, by as many connections. In turns, on two databases of one server.
//   npm run build && node scripts/run-ts.mjs bench/reports.ts [events]
// ORRERY_TEST_DATABASE_URL names a MySQL or MariaDB server (scripts/services.sh up mariadb).
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise';
import { makeDatabase } from './database.js';
import { ADMIN_TOKEN, migrate, type OrreryProcess, startOrrery } from './orrery-process.js';
import { cpuTime } from './process-figures.js';

const EVENTS = Number(process.argv[2] ?? 40_000);
const BATCH = 500;
const GOAL = 0.5;
const REPORTERS = [1, 10, 100];

const MUTATIONS = {
  transactionStart: '... on TransactionStartPayload { transaction { id } }',
  transactionReport: '... on TransactionReportPayload { accepted refused { message } }',
};

type Mutation = keyof typeof MUTATIONS;

async function mutate<T>({ endpoint }: OrreryProcess, name: Mutation, input: object): Promise<T> {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on UserError { code message }
    ${MUTATIONS[name]} } }`;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}` };
  const body = JSON.stringify({ query, variables: { input } });
  const answer = await (await fetch(endpoint, { method: 'POST', headers, body })).json();
  const data = answer.data?.[name];
  if (!data?.__typename.endsWith('Payload')) throw new Error(JSON.stringify(answer));
  return data;
}

/** One event: a task that ended. Each reporter has a node of its own. */
const eventOf = (reporter: number, index: number) => ({
  taskName: `task-${String(index).padStart(6, '0')}`,
  nodeId: `node-${reporter}`,
  status: 'ready',
  timeStart: 1_700_000_000 + index,
  timeEnd: 1_700_000_130 + index,
});

type Batch = ReturnType<typeof eventOf>[];

function batchesOf(reporter: number, events: number): Batch[] {
  const all = Array.from({ length: events }, (_one, index) => eventOf(reporter, index));
  return Array.from({ length: Math.ceil(events / BATCH) }, (_one, part) => all.slice(part * BATCH, (part + 1) * BATCH));
}

/** How many events each of so many reporters tells of: at least one batch. */
const eventsOfEach = (reporters: number): number => Math.max(BATCH, Math.floor(EVENTS / reporters / BATCH) * BATCH);

/** Every reporter tells its batches one after another, all reporters at once. Events a second. */
async function inTurns(reporters: number, tell: (reporter: number, batch: Batch, part: number) => Promise<void>) {
  const each = eventsOfEach(reporters);
  const plans = Array.from({ length: reporters }, (_one, reporter) => batchesOf(reporter, each));
  const began = performance.now();
  await Promise.all(
    plans.map(async (batches, reporter) => {
      for (const [part, batch] of batches.entries()) await tell(reporter, batch, part);
    }),
  );
  return (each * reporters) / ((performance.now() - began) / 1_000);
}

async function ours(server: OrreryProcess, reporters: number, round: string): Promise<number> {
  const start = { cluster: 'bench', externalId: round };
  const { transaction } = await mutate<{ transaction: { id: string } }>(server, 'transactionStart', start);
  return inTurns(reporters, async (reporter, events, part) => {
    const input = { transactionId: transaction.id, reportId: `${reporter}-${part}`, events };
    const { accepted } = await mutate<{ accepted: number }>(server, 'transactionReport', input);
    if (accepted !== events.length) throw new Error(`only ${accepted} events were taken in`);
  });
}

/** The rows that a server has written, as they are written again by bare INSERTs. */
interface Copies {
  readonly table: string;
  readonly columns: string[];
  readonly sample: (string | number | null)[];
}

const TABLES = ['tasks', 'task_events', 'events'];

async function copiesOf(pool: Pool): Promise<Copies[]> {
  const copies: Copies[] = [];
  for (const table of TABLES) {
    const where = table === 'events' ? "topic = 'taskHistoryChanged'" : "status = 'READY'";
    const [rows] = await pool.query<RowDataPacket[]>({ sql: `SELECT * FROM ${table} WHERE ${where} LIMIT 1` });
    const row: Record<string, unknown> = { ...rows[0] };
    delete row.number;
    const sample = Object.values(row).map((value) =>
      typeof value === 'number' || value === null
        ? value
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value),
    );
    copies.push({ table, columns: Object.keys(row).map((name) => `\`${name}\``), sample });
  }
  return copies;
}

let serial = 0;

/** The same rows with keys of their own: ids and what tells attempts apart. */
function rowsOf({ columns, sample }: Copies, batch: Batch, id: string): (string | number | null)[][] {
  const rows = columns.includes('`payload`') ? batch.slice(0, 1) : batch;
  return rows.map((event) => {
    serial += 1;
    const own: Record<string, string | number | null> = {
      '`id`': `${String(serial).padStart(12, '0')}-bare-0000-000000000000`,
      '`seq`': serial,
      '`transaction_id`': id,
      '`graph_task_id`': event.taskName,
      '`task_name`': event.taskName,
      '`node_id`': event.nodeId,
    };
    return columns.map((column, index) => own[column] ?? sample[index] ?? null);
  });
}

async function bare(pool: Pool, copies: readonly Copies[], reporters: number, round: string): Promise<number> {
  return inTurns(reporters, async (_reporter, batch) => {
    const connection = await pool.getConnection();
    await connection.beginTransaction();
    for (const copy of copies) {
      const sql = `INSERT INTO ${copy.table} (${copy.columns.join(', ')}) VALUES ?`;
      await connection.query(sql, [rowsOf(copy, batch, round)]);
    }
    await connection.commit();
    connection.release();
  });
}

async function bench(server: OrreryProcess, ourUrl: string, bareUrl: string): Promise<void> {
  const own = createPool(ourUrl);
  const pool = createPool({ uri: bareUrl, connectionLimit: 10 });
  await ours(server, 1, 'warm');
  const copies = await copiesOf(own);
  console.log('| reporters at once | ours, events/s | bare INSERTs, events/s | ratio | CPU us/event | goal >= |');
  console.log('|---|---|---|---|---|---|');
  for (const reporters of REPORTERS) {
    const rounds: { ours: number; bare: number }[] = [];
    const before = cpuTime(server.pid);
    for (let round = 0; round < 3; round += 1) {
      const name = `${reporters}-${round}`;
      rounds.push({ ours: await ours(server, reporters, name), bare: await bare(pool, copies, reporters, name) });
    }
    const [mine, theirs] = (['ours', 'bare'] as const).map(
      (side) => rounds.map((round) => round[side]).sort((a, b) => a - b)[1] ?? 0,
    );
    const cpu = (cpuTime(server.pid) - before) / (3 * reporters * eventsOfEach(reporters));
    const cells = [
      reporters,
      (mine ?? 0).toFixed(0),
      (theirs ?? 0).toFixed(0),
      ((mine ?? 0) / (theirs ?? 1)).toFixed(2),
    ];
    console.log(`| ${[...cells, cpu.toFixed(1), GOAL].join(' | ')} |`);
  }
  await Promise.all([own.end(), pool.end()]);
}

const [first, second] = [await makeDatabase(), await makeDatabase()];
try {
  await migrate(first.url);
  await migrate(second.url);
  const server = await startOrrery(first.url);
  await bench(server, first.url, second.url).finally(() => server.stop());
} finally {
  await first.drop();
  await second.drop();
}
