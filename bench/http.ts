// A 100-row list over HTTP: our fast path, Mercurius with jit, Yoga as it comes, and a bare node:http server as the
// limit, over the same Pothos schema, in turns. Run: node scripts/run-ts.mjs bench/http.ts [rounds] [seconds]
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type LoadResult, putUnderLoad } from './autocannon.js';
import { SERVERS, type ServerName } from './http-servers.js';

const [, , first = '3', second = '6'] = process.argv;
const TOKEN = 'benchmark-token-of-at-least-thirty-two-characters';
const BODY = JSON.stringify({ query: '{ users(first: 100) { id name } }' });
const CONNECTIONS = 50;

/** Starts one server in a process of its own; the port comes back as its first message. */
async function start(name: ServerName): Promise<{ child: ChildProcess; port: number }> {
  const child = spawn(process.execPath, ['scripts/run-ts.mjs', 'bench/http-serve.ts', name, TOKEN], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const [port]: unknown[] = await once(child, 'message');
  return { child, port: Number(port) };
}

async function load(port: number, seconds: number): Promise<LoadResult> {
  return putUnderLoad({
    url: `http://127.0.0.1:${port}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
    body: BODY,
    connections: CONNECTIONS,
    duration: seconds,
  });
}

/** The CPU time that a server has used, in microseconds. */
async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const [used]: unknown[] = await once(child, 'message');
  return Number(used);
}

interface Round {
  rate: number;
  /** CPU time of the server for one request, in microseconds: the load generator and others do not blur it. */
  cpu: number;
  p50: number;
  p99: number;
}

async function measure(name: ServerName, seconds: number): Promise<Round> {
  const { child, port } = await start(name);
  try {
    await load(port, 2);
    const before = await cpuOf(child);
    const result = await load(port, seconds);
    const cpu = ((await cpuOf(child)) - before) / result.requests.total;
    if (result.non2xx > 0 || result.errors > 0) throw new Error(`${name}: ${result.non2xx} answers at fault`);
    return { rate: result.requests.average, cpu, p50: result.latency.p50, p99: result.latency.p99 };
  } finally {
    child.kill();
    await once(child, 'exit');
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

async function main(rounds: number, seconds: number): Promise<void> {
  const found = new Map<ServerName, Round[]>(SERVERS.map((name) => [name, []]));
  // In turns, so that a busy moment of the machine hits everybody.
  for (let round = 0; round < rounds; round += 1) {
    for (const name of SERVERS) found.get(name)?.push(await measure(name, seconds));
  }
  const cpuTime = (name: ServerName): number => median((found.get(name) ?? []).map((round) => round.cpu));
  const rateOf = (name: ServerName): number => median((found.get(name) ?? []).map((round) => round.rate));
  const peer = rateOf('mercurius');
  console.log(`| server | requests/s | of Mercurius | CPU us/request | p50 ms | p99 ms |\n|---|---|---|---|---|---|`);
  for (const [name, all] of found) {
    const rate = rateOf(name);
    const cells = [
      rate.toFixed(0),
      (rate / peer).toFixed(2),
      cpuTime(name).toFixed(1),
      median(all.map((r) => r.p50)),
      median(all.map((r) => r.p99)),
    ];
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}

await main(Number(first), Number(second));
