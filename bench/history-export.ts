// 1,000,000 tasks exported over HTTP into a file, beside mysql2's own stream of them into a file, in turns; the memory
// of the server while it sends, and while clients have stopped reading. Then the seed's list of a large transaction, and
// six exports without a pause between them from a server that has just begun.
//   npm run build && node scripts/run-ts.mjs bench/history-export.ts [transactions of 100 tasks] [tasks of the large one]
// ORRERY_TEST_DATABASE_URL names a MySQL or MariaDB server (scripts/services.sh up mariadb).
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { startChild } from './child.js';
import { makeDatabase } from './database.js';
import { seedHistory } from './history-seed.js';
import { ADMIN_TOKEN, migrate, type OrreryProcess, startOrrery } from './orrery-process.js';
import { quantile, residentBytes } from './process-figures.js';

const [, , transactions = '10000', large = '100000'] = process.argv;
const ROWS = Number(transactions) * 100 + Number(large);
const ROUNDS = 3;
const IN_A_ROW = 6;
const MEBIBYTE = 1024 * 1024;

/** The most memory that a process has while something is done, in bytes. */
async function peakOf<T>(pid: number, work: Promise<T>): Promise<{ result: T; peak: number }> {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, residentBytes(pid));
  }, 50);
  const result = await work.finally(() => clearInterval(timer));
  return { result, peak };
}

function ask({ endpoint }: OrreryProcess, path: string): Promise<IncomingMessage> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const asked = request(new URL(path, endpoint), { headers }).end();
  return new Promise((resolve, reject) => {
    asked.once('response', resolve);
    asked.once('error', reject);
  });
}

/** Seconds until all of an answer stands in a file. Throws when it is not whole. */
async function download(server: OrreryProcess, path: string, file: string): Promise<number> {
  const began = performance.now();
  const answer = await ask(server, path);
  await pipeline(answer, createWriteStream(file));
  const seconds = (performance.now() - began) / 1_000;
  const told = answer.trailers['orrery-export'];
  const whole = answer.statusCode === 200 && (!path.includes('export') || told === `complete; rows=${ROWS}`);
  if (!whole) throw new Error(`${path}: ${answer.statusCode}, ${told}`);
  return seconds;
}

async function peer(url: string, file: string, order: string): Promise<number> {
  const child = startChild('bench/history-export-peer.ts', [url, file, order]);
  const { rows, seconds } = await child.next<{ rows: number; seconds: number }>();
  await child.exit;
  if (rows !== ROWS) throw new Error(`The peer wrote ${rows} rows.`);
  return seconds;
}

const rate = (rows: number, seconds: number): string => Math.round(rows / seconds).toLocaleString('en');
const mebibytes = (bytes: number): string => `${Math.round(bytes / MEBIBYTE)} MiB`;

/** Each way in turn, so that a busy machine is busy for all of them. Seconds of each round, by way. */
async function inTurns(server: OrreryProcess, url: string, folder: string, idle: number): Promise<void> {
  const file = join(folder, 'out');
  const ways: Record<string, () => Promise<number>> = {
    'mysql2, as the table stands': () => peer(url, file, ''),
    'mysql2, by time': () => peer(url, file, 'ORDER BY ordered_at, number'),
    'export as CSV': () => download(server, '/api/export/tasks-history?format=csv', file),
    'export as JSON lines': () => download(server, '/api/export/tasks-history?format=jsonl', file),
  };
  const seconds = new Map<string, number[]>();
  const peaks: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const { result, peak } = await peakOf(server.pid, way());
      seconds.set(name, [...(seconds.get(name) ?? []), result]);
      if (name.startsWith('export')) peaks.push(peak);
    }
  }
  const limit = quantile(seconds.get('mysql2, as the table stands') ?? [], 0.5);
  const sorted = quantile(seconds.get('mysql2, by time') ?? [], 0.5);
  for (const [name, each] of seconds) {
    const median = quantile(each, 0.5);
    const [plain, alike] = [limit / median, sorted / median].map((ratio) => ratio.toFixed(2));
    console.log(`${name}: ${rate(ROWS, median)} rows a second; ${plain} of mysql2's stream, ${alike} of it by time`);
  }
  // Node's collector lets garbage of one export lie until the next: each peak is told.
  const more = peaks.map((peak) => mebibytes(peak - idle)).join(', ');
  console.log(`memory: ${mebibytes(idle)} idle; more, at most, in each export, one after the other: ${more}`);
}

/** Exports without a pause between them: garbage of one lies until the collector looks at what is old. */
async function inARow(url: string, large: string, folder: string): Promise<void> {
  const file = join(folder, 'out');
  const server = await startOrrery(url, ['--role', 'api']);
  try {
    await download(server, `/api/tasks/${large}/tasks_history?nodes=busy`, file);
    const idle = residentBytes(server.pid);
    const told: string[] = [];
    for (let index = 0; index < IN_A_ROW; index += 1) {
      const format = index % 2 === 0 ? 'csv' : 'jsonl';
      const work = download(server, `/api/export/tasks-history?format=${format}`, file);
      const { result, peak } = await peakOf(server.pid, work);
      told.push(`${format} ${mebibytes(peak - idle)}, ${rate(ROWS, result)} rows a second`);
    }
    console.log(`${IN_A_ROW} in a row of a new server, ${mebibytes(idle)} idle; more, at most: ${told.join('; ')}`);
  } finally {
    await server.stop();
  }
}

/** Clients that ask for everything and read nothing. */
async function stalled(server: OrreryProcess): Promise<void> {
  const before = residentBytes(server.pid);
  const path = '/api/export/tasks-history';
  const answers = await Promise.all(Array.from({ length: 4 }, () => ask(server, path)));
  const { peak } = await peakOf(server.pid, wait(5_000));
  console.log(`4 clients that read nothing for 5 s: ${mebibytes(Math.max(0, peak - before))} more`);
  for (const answer of answers) {
    answer.once('error', () => {});
    answer.destroy();
  }
  await Promise.all(answers.map((answer) => answer.closed || once(answer, 'close')));
}

const database = await makeDatabase();
const folder = await mkdtemp(join(tmpdir(), 'orrery-bench-'));
try {
  await migrate(database.url);
  const seeded = await seedHistory(database.url, { transactions: Number(transactions), large: Number(large) });
  const server = await startOrrery(database.url, ['--role', 'api']);
  try {
    await download(server, `/api/tasks/${seeded.large}/tasks_history?nodes=busy`, join(folder, 'out'));
    const idle = residentBytes(server.pid);
    await inTurns(server, database.url, folder, idle);
    await stalled(server);
    const seconds = await download(server, `/api/tasks/${seeded.large}/tasks_history`, join(folder, 'out'));
    console.log(`the seed's list of ${large} tasks: ${rate(Number(large), seconds)} rows a second`);
  } finally {
    await server.stop();
  }
  await inARow(database.url, seeded.large, folder);
} finally {
  await rm(folder, { recursive: true, force: true });
  await database.drop();
}
