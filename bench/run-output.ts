// One run's log appended through the public API and streamed to ten watchers, beside the limit: node:http, one
// transaction for each batch, ws. In pieces as full as an agent makes them, and in pieces of one line each.
//   npm run build && node scripts/run-ts.mjs bench/run-output.ts [lines] [watchers]
// ORRERY_TEST_DATABASE_URL names a MySQL or MariaDB server on which a database may be made (scripts/services.sh up mariadb).
import { createOrreryClient, createSdk, type OrrerySdk, payloadOf } from '@orrery/sdk';
import { startChild } from './child.js';
import { makeDatabase } from './database.js';
import { ADMIN_TOKEN, migrate, type OrreryProcess, startOrrery } from './orrery-process.js';
import { residentBytes } from './process-figures.js';
import { batches, type Piece } from './run-output-log.js';

const [, , lines = '100000', watchers = '10'] = process.argv;
const MEGABYTE = 1_048_576;
const GOAL = 64;
const CLIENT = 'bench-host';
const SESSION = 'bench-session';
const SHAPES = ['full', 'single'] as const;

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

/** Appends the whole log and waits for the watchers. */
async function feed(
  watch: ReturnType<typeof startChild>,
  shape: (typeof SHAPES)[number],
  count: number,
  append: (pieces: Piece[]) => Promise<void>,
  end: () => Promise<void>,
): Promise<Taken> {
  const begun = performance.now();
  for (const batch of batches(count, shape)) await append(batch);
  await end();
  const stored = (performance.now() - begun) / 1_000;
  const seen = await watch.next<number[]>();
  if (seen.some((got) => got !== count)) throw new Error(`Of ${count} lines the watchers saw ${seen.join(', ')}.`);
  return { stored, seen: (performance.now() - begun) / 1_000 };
}

async function ours(
  server: OrreryProcess,
  sdk: OrrerySdk,
  shape: (typeof SHAPES)[number],
  count: number,
): Promise<Taken> {
  const run = await beginRun(sdk);
  const watch = startChild('bench/run-output-watch.ts', ['ours', server.endpoint, run.id, watchers, String(count)]);
  await watch.next();
  const taken = await feed(watch, shape, count, run.append, run.end);
  await watch.end();
  return taken;
}

async function limit(databaseUrl: string, shape: (typeof SHAPES)[number], count: number): Promise<Taken> {
  const server = startChild('bench/run-output-limit.ts', [databaseUrl]);
  const address = `127.0.0.1:${await server.next<number>()}`;
  const watch = startChild('bench/run-output-watch.ts', ['limit', `ws://${address}`, '', watchers, String(count)]);
  await watch.next();
  const append = async (pieces: Piece[]): Promise<void> => {
    await (await fetch(`http://${address}/`, { method: 'POST', body: JSON.stringify(pieces) })).text();
  };
  const taken = await feed(watch, shape, count, append, async () => undefined);
  await watch.end();
  await server.end();
  return taken;
}

async function compare(server: OrreryProcess, sdk: OrrerySdk, shape: (typeof SHAPES)[number]): Promise<void> {
  const count = Number(lines);
  const before = residentBytes(server.pid);
  const { peak, result } = await peakDuring(server.pid, () => ours(server, sdk, shape, count));
  const database = await makeDatabase();
  const bare = await limit(database.url, shape, count).finally(() => database.drop());
  const rate = (taken: Taken): string => (count / taken.seen).toFixed(0);
  const cells = [
    shape === 'full' ? 'as full as an agent makes them' : 'of one line each',
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
  for (const shape of SHAPES) await ours(server, sdk, shape, 2_000);
  console.log(`${lines} lines of 100 bytes, ${watchers} watchers; complete and in order at every one`);
  console.log('| pieces | ours, lines/s | limit, lines/s | ratio | server MiB | growth MiB | goal < |');
  console.log('|---|---|---|---|---|---|---|');
  for (const shape of SHAPES) await compare(server, sdk, shape);
} finally {
  await client.close();
  await server.stop();
  await database.drop();
}
