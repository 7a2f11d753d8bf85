// Agent sessions, connected and idle: what each costs the server; then one run for each of them started at once, beside
// the limit: ws and one row in the database. The agents are real ones, but their executor ends at once.
//   npm run build && node scripts/run-ts.mjs bench/agents.ts [sessions] [idle seconds]
// ORRERY_TEST_DATABASE_URL names a MySQL or MariaDB server on which a database may be made (scripts/services.sh up mariadb).
import { setTimeout as sleep } from 'node:timers/promises';
import { createOrreryClient, createSdk, type OrrerySdk, payloadOf } from '@orrery/sdk';
import type { Begun } from './agents-host.js';
import { type BenchChild, startChild } from './child.js';
import { COLLECTING, settledBytes } from './collection.js';
import { makeDatabase } from './database.js';
import { ADMIN_TOKEN, migrate, type OrreryProcess, startOrrery } from './orrery-process.js';
import { cpuTime, quantile } from './process-figures.js';

const [, , sessions = '1000', idleSeconds = '20'] = process.argv;
const COUNT = Number(sessions);
const HOSTS = 4;
const AT_ONCE = 50;
const PROJECT = 'default';

/** Does something for each number below `count`, so many at once. */
async function forEach(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      await work(next - 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

interface Idle {
  /** Resident memory for each session, in KiB. */
  memory: number;
  /** CPU time for each session and second, in microseconds. */
  cpu: number;
}

/**
 * What sessions cost that `connect` opens: memory once, CPU time while nothing happens. Garbage is no memory of a
 * session: it is collected before and after.
 */
async function idle(pid: number, connect: () => Promise<void>): Promise<Idle> {
  const before = await settledBytes(pid);
  await connect();
  await sleep(5_000);
  const begun = cpuTime(pid);
  await sleep(Number(idleSeconds) * 1_000);
  const cpu = (cpuTime(pid) - begun) / COUNT / Number(idleSeconds);
  return { memory: ((await settledBytes(pid)) - before) / 1_024 / COUNT, cpu };
}

/** A server, and the client of its admin. */
interface Side {
  server: OrreryProcess;
  sdk: OrrerySdk;
  stop(): Promise<void>;
}

/** The tokens of a host's agents, by client. */
async function makeTokens(sdk: OrrerySdk, host: number): Promise<Record<string, string>> {
  const tokens: Record<string, string> = {};
  await forEach(COUNT / HOSTS, async (index) => {
    const clientKey = `agent-${host}-${index}`;
    const input = { name: clientKey, role: 'AGENT' as const, project: PROJECT, clientKey };
    tokens[clientKey] = payloadOf((await sdk.apiTokenCreate({ input })).apiTokenCreate).secret;
  });
  return tokens;
}

async function makeJobs(sdk: OrrerySdk, clients: readonly string[]): Promise<string[]> {
  const jobs: string[] = [];
  await forEach(clients.length, async (index) => {
    const actions = [{ freezerAction: { action: 'backup', path_to_backup: '/srv/data', backup_name: 'data' } }];
    const input = { clientId: clients[index] ?? '', project: PROJECT, actions, start: false };
    jobs.push(payloadOf((await sdk.jobCreate({ input })).jobCreate).job.id);
  });
  return jobs;
}

type RunPage = Awaited<ReturnType<OrrerySdk['runs']>>['runs'];

/** The runs as the server shows them when all have ended. */
async function endedRuns(sdk: OrrerySdk): Promise<RunPage['nodes']> {
  const runs: RunPage['nodes'] = [];
  let after: string | null = null;
  do {
    const page: RunPage = (await sdk.runs({ filter: { states: ['ENDED'] }, first: 500, after })).runs;
    runs.push(...page.nodes);
    after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
  } while (after !== null);
  return runs;
}

interface Burst {
  /** Seconds until every run has ended. */
  seconds: number;
  /** CPU time of the server for each run, in milliseconds. */
  cpu: number;
  /** Milliseconds from the making of a run to its beginning at the agent. */
  p50: number;
  p99: number;
}

/** Starts a run of every job at once, and waits until all have ended, each begun once. */
async function burst({ server, sdk }: Side, jobs: readonly string[], hosts: readonly BenchChild[]): Promise<Burst> {
  const begun = new Map<string, number>();
  for (const { process: host } of hosts) {
    host.on('message', ({ runId, at }: Begun) => {
      if (begun.has(runId)) throw new Error(`The run ${runId} was begun twice.`);
      begun.set(runId, at);
    });
  }
  const start = performance.now();
  const cpuBefore = cpuTime(server.pid);
  await Promise.all(jobs.map(async (id) => payloadOf((await sdk.jobRunNow({ input: { id } })).jobRunNow)));
  let runs = await endedRuns(sdk);
  while (runs.length < COUNT) {
    await sleep(100);
    runs = await endedRuns(sdk);
  }
  const seconds = (performance.now() - start) / 1_000;
  const cpu = (cpuTime(server.pid) - cpuBefore) / 1_000 / COUNT;
  const odd = runs.filter(({ id, result }) => result !== 'SUCCESS' || !begun.has(id));
  if (odd.length > 0 || begun.size !== COUNT) throw new Error(`${odd.length} of ${runs.length} runs went wrong.`);
  const latencies = runs.map(({ id, createdAt }) => (begun.get(id) ?? 0) - Date.parse(createdAt));
  return { seconds, cpu, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}

async function startSide(databaseUrl: string): Promise<Side> {
  const server = await startOrrery(databaseUrl, [], COLLECTING);
  const client = createOrreryClient({ url: server.endpoint, token: () => ADMIN_TOKEN });
  const stop = async (): Promise<void> => {
    await client.close();
    await server.stop();
  };
  return { server, sdk: createSdk(client), stop };
}

interface Seeded {
  tokens: Record<string, string>[];
  jobs: string[];
}

/** Tokens and jobs of all agents, made by a server of its own: what making them left in its heap is no session's. */
async function seed(databaseUrl: string): Promise<Seeded> {
  const { sdk, stop } = await startSide(databaseUrl);
  const tokens: Record<string, string>[] = [];
  for (let host = 0; host < HOSTS; host += 1) tokens.push(await makeTokens(sdk, host));
  const jobs = await makeJobs(sdk, tokens.flatMap(Object.keys));
  await stop();
  return { tokens, jobs };
}

async function ours(side: Side, { tokens, jobs }: Seeded): Promise<{ idle: Idle; burst: Burst }> {
  const hosts = tokens.map(() => startChild('bench/agents-host.ts', [side.server.endpoint]));
  const cost = await idle(side.server.pid, async () => {
    for (const [index, host] of hosts.entries()) {
      host.process.send(tokens[index] ?? {});
      await host.next();
    }
  });
  const taken = await burst(side, jobs, hosts);
  for (const host of hosts) {
    host.process.send('stop');
    await host.exit;
  }
  return { idle: cost, burst: taken };
}

async function limit(databaseUrl: string): Promise<{ idle: Idle; seconds: number }> {
  const server = startChild('bench/agents-limit.ts', [databaseUrl], COLLECTING);
  const url = `ws://127.0.0.1:${await server.next<number>()}`;
  const hosts: BenchChild[] = [];
  const cost = await idle(server.pid, async () => {
    for (let index = 0; index < HOSTS; index += 1) {
      const host = startChild('bench/agents-limit-host.ts', [url, String(COUNT / HOSTS)]);
      await host.next();
      hosts.push(host);
    }
  });
  const start = performance.now();
  server.process.send('start');
  await Promise.all(
    hosts.map(async (host) => {
      for (let ended = 0; ended < COUNT / HOSTS; ended += 1) await host.next();
    }),
  );
  const seconds = (performance.now() - start) / 1_000;
  for (const child of [...hosts, server]) await child.end();
  return { idle: cost, seconds };
}

const database = await makeDatabase();
const other = await makeDatabase();
await migrate(database.url);
const seeded = await seed(database.url);
const side = await startSide(database.url);
try {
  const found = await ours(side, seeded);
  const bare = await limit(other.url);
  console.log(`${sessions} sessions in ${HOSTS} processes`);
  console.log('| what | ours | limit | ratio |\n|---|---|---|---|');
  const line = (what: string, value: number, least: number, digits: number): void => {
    // So little that the process gave back more meanwhile.
    const ratio = least > 0 ? (value / least).toFixed(1) : '-';
    console.log(`| ${what} | ${value.toFixed(digits)} | ${least.toFixed(digits)} | ${ratio} |`);
  };
  line('memory of an idle session, KiB', found.idle.memory, bare.idle.memory, 1);
  line('CPU time of an idle session, us a second', found.idle.cpu, bare.idle.cpu, 1);
  line(`${sessions} runs started at once: all claimed, reported and ended, s`, found.burst.seconds, bare.seconds, 2);
  console.log(`CPU time of our server for a run: ${found.burst.cpu.toFixed(1)} ms.`);
  console.log(`None twice. From made to begun at the agent: p50 ${found.burst.p50} ms, p99 ${found.burst.p99} ms.`);
} finally {
  await side.stop();
  await database.drop();
  await other.drop();
}
