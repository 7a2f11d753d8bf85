// One run's log appended through the public API and streamed to ten watchers, beside the limit: node:http, one
// transaction for each batch, ws. In pieces as full as an agent makes them, and in pieces of one line each.
//   npm run build && node scripts/run-ts.mjs bench/run-output.ts [lines] [watchers]
// ORRERY_TEST_DATABASE_URL names a MySQL or MariaDB server on which a database may be made (scripts/services.sh up mariadb).
import { createOrreryClient, createSdk, type OrrerySdk, payloadOf } from '@orrery/sdk';
import { type BenchChild, startChild } from './child.js';
import { makeDatabase } from './database.js';
import { ADMIN_TOKEN, migrate, type OrreryProcess, startOrrery } from './orrery-process.js';
import { residentBytes } from './process-figures.js';
import { batches, type Piece } from './run-output-log.js';

const [, , lines = '100000', watchers = '10'] = process.argv;
const MEGABYTE = 1_048_576;
const GOAL = 64;
const CLIENT = 'bench-host';
const SESSION = 'bench-session';

/** When the watchers come: before all but the first line, or when everything is there. */
type Coming = 'early' | 'late';

interface Scenario {
  readonly name: string;
  readonly shape: 'full' | 'single';
  readonly coming: Coming;
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'pieces as full as an agent makes them', shape: 'full', coming: 'early' },
  { name: 'the same, watchers come at the end', shape: 'full', coming: 'late' },
  { name: 'pieces of one line each', shape: 'single', coming: 'early' },
];

/** The most memory of a process while something goes on, in bytes. */
async function peakDuring<T>(pid: number, work: () => Promise<T>): Promise<{ peak: number; result: T }> {
  let peak = residentBytes(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, 20);
  try {
    return { result: await work(), peak };
  } finally {
    clearInterval(timer);
  }
}

/** A new run that this process has claimed and begun: what takes its output, and what ends it. */
async function beginRun(
  sdk: OrrerySdk,
): Promise<{ id: string; append(pieces: Piece[]): Promise<void>; end(): Promise<void> }> {
  const actions = [{ freezerAction: { action: 'backup', path_to_backup: '/srv/data', backup_name: 'data' } }];
  const { job } = payloadOf((await sdk.jobCreate({ input: { clientId: CLIENT, actions, start: false } })).jobCreate);
  const { run } = payloadOf((await sdk.jobRunNow({ input: { id: job.id } })).jobRunNow);
  if (!run) throw new Error('There is no run.');
  const input = { runId: run.id, sessionId: SESSION };
  const { fence, instruction } = payloadOf((await sdk.runClaim({ input })).runClaim);
  const { task } = instruction;
  if (!task) throw new Error('The run has nothing to do.');
  const held = { ...input, fence };
  const attempt = { taskId: task.id, attempt: task.attempt };
  const report = async (sequence: number, rest: object): Promise<void> => {
    payloadOf((await sdk.runReport({ input: { ...held, ...attempt, sequence, ...rest } })).runReport);
  };
  await report(1, { started: true });
  return {
    id: run.id,
    append: async (pieces) => {
      const output = pieces.map((piece) => ({ ...attempt, stream: 'STDOUT' as const, ...piece }));
      payloadOf((await sdk.runOutputAppend({ input: { ...held, pieces: output } })).runOutputAppend);
    },
    end: () => report(2, { ended: { outcome: 'SUCCEEDED', exitCode: 0 } }),
  };
}

interface Taken {
  /** Seconds until the last batch was stored. */
  stored: number;
  /** Seconds until every watcher had every line. */
  seen: number;
}

/** Appends the whole log and waits until every watcher has every line; `end` ends the run. */
async function feed(
  { shape, coming }: Scenario,
  count: number,
  watch: () => BenchChild,
  append: (pieces: Piece[]) => Promise<void>,
  end: () => Promise<void>,
): Promise<Taken> {
  const [first = [], ...rest] = batches(count, shape);
  await append(first);
  const early = coming === 'early' ? watch() : null;
  await early?.next();
  const begun = performance.now();
  for (const batch of rest) await append(batch);
  await end();
  const stored = (performance.now() - begun) / 1_000;
  const watching = early ?? watch();
  if (!early) await watching.next();
  const from = early ? begun : performance.now();
  const seen = await watching.next<number[]>();
  if (seen.some((got) => got !== count)) throw new Error(`Of ${count} lines the watchers saw ${seen.join(', ')}.`);
  await watching.end();
  return { stored, seen: (performance.now() - from) / 1_000 };
}

async function ours(server: OrreryProcess, sdk: OrrerySdk, scenario: Scenario, count: number): Promise<Taken> {
  const run = await beginRun(sdk);
  const args = ['ours', server.endpoint, run.id, watchers, String(count)];
  return feed(scenario, count, () => startChild('bench/run-output-watch.ts', args), run.append, run.end);
}

async function limit(databaseUrl: string, scenario: Scenario, count: number): Promise<Taken> {
  const server = startChild('bench/run-output-limit.ts', [databaseUrl]);
  const address = `127.0.0.1:${await server.next<number>()}`;
  const args = ['limit', `ws://${address}`, '', watchers, String(count)];
  const append = async (pieces: Piece[]): Promise<void> => {
    await (await fetch(`http://${address}/`, { method: 'POST', body: JSON.stringify(pieces) })).text();
  };
  const watch = (): BenchChild => startChild('bench/run-output-watch.ts', args);
  const taken = await feed(scenario, count, watch, append, async () => undefined);
  await server.end();
  return taken;
}

async function compare(server: OrreryProcess, sdk: OrrerySdk, scenario: Scenario): Promise<void> {
  const count = Number(lines);
  const before = residentBytes(server.pid);
  const { peak, result } = await peakDuring(server.pid, () => ours(server, sdk, scenario, count));
  const database = await makeDatabase();
  const bare = await limit(database.url, scenario, count).finally(() => database.drop());
  const rate = (taken: Taken): string => (count / taken.seen).toFixed(0);
  const cells = [
    scenario.name,
    rate(result),
    rate(bare),
    (result.seen / bare.seen).toFixed(2),
    `${(before / MEGABYTE).toFixed(0)} -> ${(peak / MEGABYTE).toFixed(0)}`,
    ((peak - before) / MEGABYTE).toFixed(0),
    GOAL,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}

const database = await makeDatabase();
await migrate(database.url);
const server = await startOrrery(database.url);
const client = createOrreryClient({ url: server.endpoint, token: () => ADMIN_TOKEN });
const sdk = createSdk(client);
try {
  const registration = { key: CLIENT, hostname: CLIENT, version: '1', capabilities: {}, sessionId: SESSION };
  payloadOf((await sdk.clientRegister({ input: registration })).clientRegister);
  // The same on a small scale, so that compiled code and first buffers do not count as growth.
  for (const scenario of SCENARIOS) await ours(server, sdk, scenario, 2_000);
  console.log(`${lines} lines of 100 bytes, ${watchers} watchers; complete and in order at every one`);
  console.log('| log | ours, lines/s | limit, lines/s | ratio | server MiB | growth MiB | goal < |');
  console.log('|---|---|---|---|---|---|---|');
  for (const scenario of SCENARIOS) await compare(server, sdk, scenario);
} finally {
  await client.close();
  await server.stop();
  await database.drop();
}
