import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServerProcess, WORKING_SERVER } from '../kit/server-process.js';

// Real processes that start, end and come back.
vi.setConfig({ testTimeout: 120_000 });

const SOON = { timeout: 60_000, interval: 25 };

describe('the end of the server that keeps everything in one directory', () => {
  let directory: string;
  let servers: ServerProcess[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'orrery-shutdown-'));
    await writeFile(join(directory, 'log'), '');
    servers = [];
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.end('SIGKILL')));
    await rm(directory, { recursive: true });
  });

  /** A server that has long work under way. */
  async function working(shutdownTimeout: string): Promise<ServerProcess> {
    const settings = { dataDir: join(directory, 'data'), localAgent: 'false', shutdownTimeout, logLevel: 'info' };
    const server = await ServerProcess.start(settings, { TRIAL_DIRECTORY: directory }, WORKING_SERVER);
    servers.push(server);
    await said('wrote', server);
    return server;
  }

  const log = async (): Promise<string[]> => (await readFile(join(directory, 'log'), 'utf8')).trim().split('\n');
  const go = (): Promise<void> => appendFile(join(directory, 'go'), '');
  const said = (what: string, { pid }: ServerProcess) => expect.poll(log, SOON).toContain(`${what} ${pid}`);

  it('lets work under way end, and is ready no more meanwhile', async () => {
    const server = await working('60s');
    server.signal('SIGTERM');
    await expect.poll(() => server.ready(), SOON).toMatchObject({ code: 503, status: 'not ready', down: [] });
    await go();
    expect(await server.ended).toEqual({ code: 0, signal: null });
    expect(await log()).toContain(`end ${server.pid}`);
    expect(server.faults()).toEqual([]);
  });

  it('hands back what does not end in time, and the next start goes on with it', async () => {
    const server = await working('300ms');
    expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(await log()).toContain(`stopped ${server.pid}`);
    expect(server.faults()).toEqual([]);
    const next = await working('60s');
    await go();
    await said('end', next);
    expect(await next.metric('orrery_work_total')).toBeGreaterThan(0);
    expect(await next.end('SIGINT')).toEqual({ code: 0, signal: null });
  });

  it('comes at once with a second signal, and the next start goes on with everything', async () => {
    const server = await working('60s');
    server.signal('SIGTERM');
    await expect.poll(() => server.ready(), SOON).toMatchObject({ status: 'not ready' });
    expect(await server.end('SIGTERM')).toEqual({ code: 143, signal: null });
    const next = await working('60s');
    expect(await next.ready()).toMatchObject({ code: 200, status: 'ready', reasons: {} });
    await go();
    await said('end', next);
    expect(await next.end()).toEqual({ code: 0, signal: null });
  });
});
