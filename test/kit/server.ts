import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOrreryClient, type OrreryClient } from '@orrery/sdk';
import { loadConfig } from '../../src/config/config.js';
import { type RunningServer, startServer } from '../../src/main/serve.js';
import { type Logger, silentLogger } from '../../src/telemetry/logger.js';
import { migratedDatabase } from './migrated.js';
import type { DatabaseKind } from './stores.js';

/** The rights of the person who configured a test server. */
export const ADMIN_TOKEN = 'test-admin-token-of-at-least-32-characters';

export interface TestServerOptions {
  store?: DatabaseKind;
  /** Further settings, as flags of `orrery serve` by key (`localAgent: 'true'`). */
  flags?: Record<string, string>;
  /** Where it logs; nowhere when left out. */
  log?: Logger;
}

/** A whole server in this process, over HTTP on a free port, with stores of its own. */
export interface TestServer {
  readonly url: string;
  /** The GraphQL endpoint. */
  readonly endpoint: string;
  readonly token: string;
  readonly dataDir: string;
  readonly databaseUrl: string;
  /** A client with all rights, or with those of another token. */
  client(token?: string): OrreryClient;
  /** The answer to a GraphQL request as it came, whatever its status. */
  post(body: unknown, headers?: Record<string, string>): Promise<{ status: number; body: unknown }>;
  /** Stops the server and starts it again on the same port, with the same stores. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server. On SQLite it lives in a data directory of its own; the local agent is off unless asked for. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'orrery-server-'));
  const store = options.store === 'mysql' ? await migratedDatabase('mysql') : null;
  const databaseUrl = store?.url ?? `sqlite:${join(dataDir, 'orrery.sqlite')}`;
  const start = (port: number): Promise<RunningServer> => {
    const flags = { dataDir, databaseUrl, port: String(port), localAgent: 'false', adminToken: ADMIN_TOKEN };
    const config = loadConfig({ env: {}, file: null, flags: { ...flags, ...options.flags } });
    return startServer(config, { version: '0.0.0-test', log: options.log ?? silentLogger, processMetrics: false });
  };
  let running = await start(0);
  const { url, port } = running;
  const endpoint = `${url}/graphql`;
  const clients: OrreryClient[] = [];
  return {
    url,
    endpoint,
    token: ADMIN_TOKEN,
    dataDir,
    databaseUrl,
    client: (token = ADMIN_TOKEN) => {
      const client = createOrreryClient({ url: endpoint, token: () => token });
      clients.push(client);
      return client;
    },
    post: async (body, headers = {}) => {
      const answer = await fetch(endpoint, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status: answer.status, body: await answer.json() };
    },
    restart: async () => {
      await running.stop();
      running = await start(port);
    },
    stop: async () => {
      for (const client of clients) await client.close();
      await running.stop();
      await store?.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
