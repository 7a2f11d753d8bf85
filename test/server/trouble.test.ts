import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/all.js';
import { loadConfig } from '../../src/config/config.js';
import { openDatabase } from '../../src/db/database.js';
import { migrateUp } from '../../src/db/migrate.js';
import { type RunningServer, startServer } from '../../src/main/serve.js';
import { silentLogger } from '../../src/telemetry/logger.js';

let root: string;
const running: RunningServer[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orrery-trouble-'));
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await rm(root, { recursive: true, force: true });
});

async function start(flags: Record<string, string> = {}): Promise<RunningServer> {
  const given = { dataDir: join(root, 'data'), port: '0', localAgent: 'false', ...flags };
  const config = loadConfig({ env: {}, file: null, flags: given });
  const server = await startServer(config, { version: '0.0.0-test', log: silentLogger, processMetrics: false });
  running.push(server);
  return server;
}

const failure = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'it started',
    (error: Error) => error.message,
  );

describe('a start in trouble says in one line what to do', () => {
  it('when the data directory is in use', async () => {
    const first = await start();
    const message = await failure(start());
    expect(message).toContain(`in use by the server with process id ${process.pid} at ${first.url}`);
    expect(message).toContain('--data-dir');
    expect(message).not.toContain('\n');
  });

  it('when the port is in use', async () => {
    const first = await start();
    const message = await failure(start({ dataDir: join(root, 'other'), port: String(first.port) }));
    expect(message).toContain(`port ${first.port}`);
    expect(message).toContain('another Orrery server');
    expect(message).toContain('--port');
  });

  it('when the port is in use by a program that is no Orrery', async () => {
    const other = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const message = await failure(start({ port: String(port) }));
    other.close();
    expect(message).toContain(`port ${port}`);
    expect(message).toMatch(/process \d+|another program/);
  });

  it('when the data directory is somebody else’s, and writes nothing into it', async () => {
    await mkdir(join(root, 'theirs'));
    await writeFile(join(root, 'theirs', 'letter.txt'), 'dear');
    const message = await failure(start({ dataDir: join(root, 'theirs') }));
    expect(message).toContain('is not empty and is not a data directory of Orrery');
  });

  it('when the data directory cannot be made', async () => {
    await writeFile(join(root, 'file'), '');
    const message = await failure(start({ dataDir: join(root, 'file', 'data') }));
    expect(message).toContain('cannot be used: a part of the path is not a directory');
  });

  it('when the database is of a newer version', async () => {
    const databaseUrl = `sqlite:${join(root, 'newer.sqlite')}`;
    const db = await openDatabase({ url: databaseUrl }, MIGRATIONS);
    await migrateUp(db);
    await db.transaction((tx) =>
      tx.execute("INSERT INTO migrations (timestamp, name) VALUES (9999999999999, 'FromTheFuture9999999999999')"),
    );
    await db.close();
    const message = await failure(start({ databaseUrl }));
    expect(message).toContain('newer version of Orrery (it has FromTheFuture9999999999999)');
  });

  it('when roles are split over SQLite', async () => {
    expect(await failure(start({ role: 'api' }))).toContain('role "api" needs MySQL or MariaDB');
  });

  it('when the database cannot be reached, without its password', async () => {
    const message = await failure(start({ databaseUrl: 'mysql://orrery:geheim@127.0.0.1:9/orrery' }));
    expect(message).toMatch(/cannot be opened: .*\. Check ORRERY_DATABASE_URL and that the server runs\.$/s);
    expect(message).not.toContain('geheim');
  });

  it('and leaves nothing open: the next start works', async () => {
    const first = await start();
    await failure(start());
    await first.stop();
    running.length = 0;
    const second = await start();
    expect(second.url).toMatch(/^http:/);
  });
});

describe('a first start', () => {
  it('prints the address, a one-time login link and where the token lies, never the token', async () => {
    const { message, url } = await start();
    expect(message).toContain(`answers at ${url}`);
    expect(message).toContain(`${url}/login?code=`);
    expect(message).toContain(join(root, 'data', 'admin-token'));
    expect(message).not.toContain('orr_');
  });

  it('logs a browser in once with the link', async () => {
    const { message, url } = await start();
    const link = /http\S+login\S+/.exec(message)?.[0] ?? '';
    const first = await fetch(link);
    const cookie = first.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const asked = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie },
      body: JSON.stringify({ query: '{ viewer { role } }' }),
    });
    expect(await asked.json()).toEqual({ data: { viewer: { role: 'ADMIN' } } });
    expect((await fetch(link)).status).toBe(401);
  });
});
