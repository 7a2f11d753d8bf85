import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExportPage, ExportService } from '../../src/history/export/export-service.js';
import { START } from '../kit/clock.js';
import { type RestServer, startRestServer } from './kit/rest-server.js';

const EXPORT = '/api/export/tasks-history?format=jsonl';
/** Characters of one page, about. */
const PAGE_TEXT = 1_000_000;
const ROWS = 100;
const SOON = { timeout: 60_000, interval: 10 };

/** A page of a made-up export, of a megabyte. */
function page(number: number): ExportPage {
  const tasks = Array.from({ length: ROWS }, (_, at) => ({
    number: number * ROWS + at,
    id: `task_${number}_${at}`,
    transactionId: 'deploy_1',
    scope: 'cluster_1',
    graphTaskId: 'g',
    taskName: 'a',
    nodeId: '1',
    attempt: 1,
    status: 'READY' as const,
    reason: 'x'.repeat(PAGE_TEXT / ROWS),
    timeStart: START,
    timeEnd: START,
    orderedAt: START,
    exitCode: null,
    custom: null,
    hasSummary: 0,
  }));
  return { tasks, transactions: new Map([['deploy_1', { number: 1, name: 'one' }]]), clusters: new Map() };
}

/** What is known of the export under way. */
class Source {
  read = 0;
  readonly #ended: Promise<void>;
  #end = (): void => {};

  constructor() {
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** Resolves when nobody reads it any more. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  async *pages(next: (number: number) => Promise<ExportPage | null>): AsyncGenerator<ExportPage> {
    try {
      for (let found = await next(0); found; found = await next(this.read)) {
        this.read += 1;
        yield found;
      }
    } finally {
      this.#end();
    }
  }
}

/** What a connection brings until its end, whatever that is. */
async function readOn(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.resume();
  await closed;
  return Buffer.concat(chunks).toString('latin1');
}

describe('a stream', () => {
  let server: RestServer;
  afterEach(() => server.stop());

  /** A server whose exports are made up. */
  async function serve(source: Source, next: (number: number) => Promise<ExportPage | null>, idle?: number) {
    const exports = (own: ExportService): ExportService => ({ ...own, tasks: async () => source.pages(next) });
    server = await startRestServer({ exports, ...(idle === undefined ? {} : { idle }) });
  }
  const outcome = async (name: string): Promise<boolean> =>
    (await server.metrics.text()).includes(`kind="tasks_history_export",outcome="${name}"} 1`);

  it('costs nothing for a client that stops reading, and is cut off after a while', async () => {
    const source = new Source();
    await serve(source, async (number) => page(number), 250);
    const socket = await server.ask(EXPORT);
    await source.ended;
    // What the kernel holds for the connection, and two pages of ours: of a list without end.
    expect(source.read).toBeLessThan(30);
    expect(await readOn(socket)).not.toContain('complete');
    await expect.poll(() => outcome('stalled')).toBe(true);
  });

  it('goes on where a slow client reads on, and is whole at the end', async () => {
    const source = new Source();
    await serve(source, async (number) => (number < 40 ? page(number) : null));
    const socket = await server.ask(EXPORT);
    await expect.poll(() => source.read).toBeGreaterThan(1);
    const text = await readOn(socket);
    expect(text.match(/"number":\d+/g)).toHaveLength(40 * ROWS);
    expect(text.endsWith('0\r\nOrrery-Export: complete; rows=4000\r\n\r\n')).toBe(true);
    await expect.poll(() => outcome('200')).toBe(true);
  });

  it('is broken off where it fails in the middle, so that nobody takes it for whole', async () => {
    const source = new Source();
    await serve(source, async (number) => {
      if (number === 1) throw new Error('a secret of the database');
      return page(number);
    });
    await expect(server.get(EXPORT).then((answer) => answer.text())).rejects.toThrow('terminated');
    expect(server.logged.filter((line) => line.includes('a secret of the database'))).toHaveLength(1);
    expect(server.logged.some((line) => line.includes('a stream was broken off'))).toBe(true);
  });

  it.each([
    ['whole', 'closed'],
    ['broken', 'ECONNRESET'],
  ])('by HTTP/1.0, where there is no trailer, is %s: the connection is %s', async (how, ending) => {
    let text = '';
    const rowsRead = (): number => text.match(/"number":\d+/g)?.length ?? 0;
    await serve(new Source(), async (number) => {
      if (number < 3) return page(number);
      // Where something is still unread, Node's own clients take a reset for an end.
      await expect.poll(rowsRead, SOON).toBe(3 * ROWS);
      if (how === 'broken') throw new Error('a secret of the database');
      return null;
    });
    const socket = await server.ask(EXPORT, '1.0');
    const ended = new Promise((resolve) => {
      socket.once('end', () => resolve('closed'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    });
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.resume();
    expect(await ended).toBe(ending);
    expect(rowsRead()).toBe(3 * ROWS);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(text).not.toMatch(/transfer-encoding|trailer|secret/i);
  });

  it('tells a failure before its first row as an answer, masked', async () => {
    await serve(new Source(), () => Promise.reject(new Error('a secret of the database')));
    const answer = await server.get(EXPORT);
    expect(answer.status).toBe(500);
    expect(await answer.json()).toEqual({
      code: 'INTERNAL',
      message: expect.not.stringContaining('secret'),
      request_id: answer.headers.get('x-request-id'),
    });
  });

  it('tells that a store is away as it is told everywhere', async () => {
    const away = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    await serve(new Source(), () => Promise.reject(away));
    const answer = await server.get(EXPORT);
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'UNAVAILABLE' }]);
  });

  it('stops to be read when its client leaves', async () => {
    const source = new Source();
    await serve(source, async (number) => page(number));
    const socket = await server.ask(EXPORT);
    await expect.poll(() => source.read).toBeGreaterThan(0);
    socket.destroy();
    await source.ended;
    await expect.poll(() => outcome('gone')).toBe(true);
  });

  it("ends with its caller's rights", async () => {
    const source = new Source();
    await serve(source, async (number) => page(number));
    const { id, text } = await server.token({ role: 'READER' });
    const answer = await server.get(EXPORT, { headers: { authorization: `Bearer ${text}` } });
    await server.revoke(id);
    await expect(answer.text()).rejects.toThrow();
    await source.ended;
  });

  it('has so many beside it and no more', async () => {
    const source = new Source();
    let letGo = (): void => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await serve(source, async (number) => {
      if (number > 0) await gate;
      return number > 0 ? null : page(number);
    });
    const under = await Promise.all([1, 2, 3, 4].map(() => server.get(EXPORT)));
    expect(under.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    const refused = await server.get(EXPORT);
    expect([refused.status, await refused.json()]).toMatchObject([429, { code: 'RATE_LIMITED' }]);
    letGo();
    for (const answer of under) expect((await answer.text()).length).toBeGreaterThan(PAGE_TEXT);
    await expect.poll(async () => (await server.get(EXPORT, { method: 'HEAD' })).status).toBe(200);
  });
});
