import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MIGRATIONS } from '../../migrations/all.js';
import { openDatabase } from '../../src/db/database.js';
import { migratedDatabase } from '../kit/migrated.js';
import { ServerProcess, WORKING_SERVER } from '../kit/server-process.js';
import { describeWithStores, type FreshStore } from '../kit/stores.js';

// Real processes that start, die and come back.
vi.setConfig({ testTimeout: 240_000 });

const SOON = { timeout: 60_000, interval: 25 };

describeWithStores('leased work of two server processes on one MySQL', ['mysql'], () => {
  let store: FreshStore;
  let directory: string;
  let servers: ServerProcess[];

  beforeEach(async () => {
    store = await migratedDatabase('mysql');
    directory = await mkdtemp(join(tmpdir(), 'orrery-work-'));
    await writeFile(join(directory, 'log'), '');
    servers = [];
  });
  afterEach(async () => {
    await Promise.all(servers.map((server) => server.end('SIGKILL')));
    await rm(directory, { recursive: true });
    await store.drop();
  });

  async function start(name: string, more: Record<string, string> = {}): Promise<ServerProcess> {
    const settings = { databaseUrl: store.url, name, shardLease: '3s', ...more };
    const server = await ServerProcess.start(settings, { TRIAL_DIRECTORY: directory }, WORKING_SERVER);
    servers.push(server);
    return server;
  }

  const log = async (): Promise<string[]> => (await readFile(join(directory, 'log'), 'utf8')).trim().split('\n');
  const put = (name: string): Promise<void> => appendFile(join(directory, name), '');
  const said = (what: string, { pid }: ServerProcess) => expect.poll(log, SOON).toContain(`${what} ${pid}`);
  const held = (server: ServerProcess): Promise<number> => server.metric('orrery_shards_held');

  /** The rows of a query, by a connection of the test's own. */
  async function rows<T>(sql: string): Promise<T[]> {
    const db = await openDatabase({ url: store.url }, MIGRATIONS);
    const found = await db.reader.rows<T>(sql);
    await db.close();
    return found;
  }

  const lease = async () =>
    (await rows<{ state: string; attempts: number }>("SELECT state, attempts FROM leases WHERE kind = 'trial'"))[0];
  const states = () => rows<{ name: string; state: string }>('SELECT name, state FROM services ORDER BY name');

  /** The one that has the work, and the other. */
  async function both(more: Record<string, string> = {}): Promise<[ServerProcess, ServerProcess]> {
    const first = await start('a', more);
    await said('wrote', first);
    return [first, await start('b', more)];
  }

  it('ends within the grace of a SIGTERM, after the shards were handed over, and the process with 0', async () => {
    const [first, second] = await both({ shutdownTimeout: '60s' });
    await expect.poll(() => held(second), SOON).toBe(8);
    first.signal('SIGTERM');
    await expect.poll(() => held(second), SOON).toBe(16);
    expect(await first.ready()).toMatchObject({ code: 503, status: 'not ready' });
    expect(await states()).toMatchObject([{ state: 'STOPPED' }, { state: 'ACTIVE' }]);
    expect(await lease()).toMatchObject({ state: 'RUNNING' });
    await put('go');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    expect(await log()).toContain(`end ${first.pid}`);
    expect(await lease()).toBeUndefined();
    expect(await second.metric('orrery_shard_takeovers_total')).toBe(0);
    expect(first.faults()).toEqual([]);
  });

  it('is handed back when the grace of a SIGTERM is over, heeded or not, and goes on elsewhere at once', async () => {
    const [first, second] = await both({ shutdownTimeout: '1s', shardLease: '60s' });
    await put('stubborn');
    first.signal('SIGTERM');
    await said('wrote', second);
    expect(await first.ended).toEqual({ code: 0, signal: null });
    expect(await log()).not.toContain(`end ${first.pid}`);
    expect(await lease()).toMatchObject({ state: 'RUNNING', attempts: 1 });
    await rm(join(directory, 'stubborn'));
    second.signal('SIGTERM');
    await said('stopped', second);
    expect(await second.ended).toEqual({ code: 0, signal: null });
    expect(await lease()).toMatchObject({ state: 'WAITING', attempts: 0 });
  });

  it('is taken up by another when a second SIGTERM, or kill -9, ends the process at once', async () => {
    const [first, second] = await both({ shutdownTimeout: '60s' });
    first.signal('SIGTERM');
    await expect.poll(() => held(second), SOON).toBe(16);
    first.signal('SIGTERM');
    expect(await first.ended).toEqual({ code: 143, signal: null });
    await said('wrote', second);
    expect(await lease()).toMatchObject({ attempts: 2 });
    const third = await start('c');
    await second.end('SIGKILL');
    await said('wrote', third);
    await expect.poll(states, SOON).toMatchObject([{ state: 'STOPPED' }, { state: 'FAILED' }, { state: 'ACTIVE' }]);
    await put('go');
    await said('end', third);
    await expect.poll(lease, SOON).toBeUndefined();
    expect(await third.metric('orrery_work_total')).toBeGreaterThan(0);
  });

  it('is never written by an owner that was only paused, and that is counted', async () => {
    const [first, second] = await both();
    // It may be stopped in the middle of a write, whose connection the database ends: it must try another all the same.
    await put('stubborn');
    first.signal('SIGSTOP');
    await said('wrote', second);
    const before = (await log()).length;
    first.signal('SIGCONT');
    await said('refused', first);
    const after = (await log()).slice(before);
    expect(after.indexOf(`refused ${first.pid}`)).toBeGreaterThanOrEqual(0);
    // The last write may have been committed, and not yet told of, when the process was stopped.
    expect(after.filter((line) => line === `wrote ${first.pid}`).length).toBeLessThan(2);
    await put('go');
    await said('end', second);
    expect(await log()).not.toContain(`end ${first.pid}`);
    expect(await first.metric('orrery_fence_refused_total')).toBeGreaterThan(0);
    await expect.poll(states, SOON).toMatchObject([{ state: 'ACTIVE' }, { state: 'ACTIVE' }]);
  });
});
