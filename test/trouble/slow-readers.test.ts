import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OrrerySdk, payloadOf } from '@orrery/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Follower } from '../kit/follower.js';
import { ADMIN_TOKEN } from '../kit/server.js';
import { ServerProcess } from '../kit/server-process.js';
import { type Message, RawSocket } from '../live/raw-socket.js';

const MEBIBYTE = 1_048_576;
const SOON = { timeout: 60_000, interval: 20 };

let root: string;
let server: ServerProcess;
let sdk: OrrerySdk;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orrery-slow-'));
  server = await ServerProcess.start({ dataDir: root, localAgent: 'false' });
  sdk = server.sdk();
});
afterEach(async () => {
  await server.end('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

/** A job whose definition takes so many bytes; returns its key. */
async function create(bytes: number): Promise<string> {
  const freezerAction = { action: 'exec', command: 'true', note: 'x'.repeat(bytes) };
  const input = { clientId: 'nobody', project: 'default', actions: [{ freezerAction }] };
  return payloadOf((await sdk.jobCreate({ input })).jobCreate).job.key;
}

interface Result {
  data?: { change: { key: string; cursor: string } };
  errors?: { extensions: { code: string } }[];
}

/** A reader of jobs and their definitions by the bare protocol, which can stop reading. */
class StallingReader {
  readonly keys = new Set<string>();
  readonly refusals = new Set<string>();
  readonly #raw: RawSocket;
  readonly #query: string;
  #cursor: string | null = null;
  #subscriptions = 0;

  constructor(number: number) {
    // A document of its own, so that nothing of it is shared with others.
    const fields = `key cursor job { own${number}: actions { freezerAction } }`;
    this.#query = `subscription ($after: String) { change: jobStatusChanged(after: $after) { ${fields} } }`;
    this.#raw = new RawSocket(`${server.url.replace('http', 'ws')}/graphql`);
    this.#raw.onMessage = (message) => this.#take(message);
  }

  async connect(): Promise<void> {
    await this.#raw.initialised(ADMIN_TOKEN);
    this.#subscribe();
  }

  #subscribe(): void {
    this.#raw.subscribe(`read-${this.#subscriptions}`, this.#query, { after: this.#cursor });
  }

  #take({ type, payload }: Message): void {
    if (type !== 'next') return;
    const { data, errors } = payload as Result;
    if (data) {
      this.keys.add(data.change.key);
      this.#cursor = data.change.cursor;
    } else {
      this.refusals.add(errors?.[0]?.extensions.code ?? 'none');
      this.#subscriptions += 1;
      this.#subscribe();
    }
  }

  stall(): void {
    this.#raw.socket.pause();
  }

  goOn(): void {
    this.#raw.socket.resume();
  }

  close(): void {
    this.#raw.close();
  }
}

/** Begins a request that is never finished; `answer` resolves with what came until the server closed it. */
async function begin(rest: string): Promise<{ socket: Socket; answer: Promise<string> }> {
  const socket = connect(Number(server.port), '127.0.0.1');
  let text = '';
  socket.on('error', () => {}).on('data', (data) => (text += data));
  const answer = once(socket, 'close').then(() => text);
  await once(socket, 'connect');
  socket.write(`POST /graphql HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${ADMIN_TOKEN}\r\n${rest}`);
  return { socket, answer };
}

/** The most memory the server took while something went on. */
async function peakMemory(work: () => Promise<void>): Promise<number> {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, server.memory());
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(peak, server.memory());
}

describe('slow readers of a server process', () => {
  it('that stall over WebSocket cost bounded memory, harm nobody, and miss nothing when they go on', async () => {
    const healthy = new Follower(async function* (signal) {
      for await (const { jobStatusChanged } of sdk.jobStatusChanged({}, signal)) yield jobStatusChanged.key;
    });
    const made: string[] = [];
    const load = async (): Promise<void> => {
      const keys: string[] = [];
      for (let job = 0; job < 80; job += 1) keys.push(await create(200_000));
      await expect.poll(() => healthy.seen, SOON).toEqual(expect.arrayContaining(keys));
      made.push(...keys);
    };
    const readers = Array.from({ length: 20 }, (_, number) => new StallingReader(number));
    for (const reader of readers) await reader.connect();
    const heard = async (): Promise<boolean> => {
      await create(10);
      return healthy.seen.length > 0 && readers.every(({ keys }) => keys.size > 0);
    };
    await expect.poll(heard, SOON).toBe(true);
    // All of them read: what the work itself takes.
    const before = await peakMemory(load);
    await expect.poll(() => readers.every(({ keys }) => made.every((key) => keys.has(key))), SOON).toBe(true);
    for (const reader of readers) reader.stall();
    // Each would have 16 MB waiting for it: 320 MB together. What is left of the difference is garbage.
    const during = await peakMemory(load);
    expect((during - before) / MEBIBYTE).toBeLessThan(160);
    for (const reader of readers) reader.goOn();
    await expect.poll(() => readers.every(({ keys }) => made.every((key) => keys.has(key))), SOON).toBe(true);
    for (const { refusals } of readers) expect([...refusals]).toEqual(['SLOW_CONSUMER']);
    for (const reader of readers) reader.close();
    await healthy.stop();
    expect(new Set(healthy.seen).size).toBe(healthy.seen.length);
  }, 120_000);

  it('that never finish their requests do not keep others from being answered, and are cut off', async () => {
    const inHeader = await Promise.all(Array.from({ length: 250 }, () => begin('')));
    const body = 'content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"query":';
    const inBody = await Promise.all(Array.from({ length: 250 }, () => begin(body)));
    for (let asked = 0; asked < 200; asked += 1) expect((await sdk.jobs({ first: 1 })).jobs.nodes).toEqual([]);
    expect((await server.ready()).code).toBe(200);
    // Those that are still in the body have longer.
    for (const { answer } of inHeader) expect(await answer).toMatch(/^HTTP\/1\.1 408 /);
    for (const { socket } of inBody) socket.destroy();
  }, 120_000);
});
