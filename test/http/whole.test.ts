import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { MIGRATIONS } from '../../migrations/all.js';
import { openDatabase } from '../../src/db/database.js';
import { startTestServer, type TestServer } from '../kit/server.js';

describe('the whole server over HTTP', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it('counts the stale jobs in its metrics', async () => {
    const stale = async (): Promise<string | undefined> => {
      const headers = { authorization: `Bearer ${server.token}` };
      const text = await (await fetch(`${server.url}/metrics`, { headers })).text();
      return /^orrery_jobs_stale (.+)$/m.exec(text)?.[1];
    };
    for (const key of ['late', 'fresh']) {
      const input = { key, clientId: 'nobody', staleAfter: 3_600, start: false };
      const query = 'mutation ($input: JobCreateInput!) { jobCreate(input: $input) { __typename } }';
      expect((await server.post({ query, variables: { input } })).body).toEqual({
        data: { jobCreate: { __typename: 'JobCreatePayload' } },
      });
    }
    expect(await stale()).toBe('0');
    const db = await openDatabase({ url: server.databaseUrl }, MIGRATIONS);
    await db.transaction((tx) => tx.execute("UPDATE jobs SET stale_at = 1 WHERE `key` = 'late'"));
    await db.close();
    expect(await stale()).toBe('1');
  });

  it('names the key that a WebSocket without a token lacks', async () => {
    const socket = new WebSocket(server.endpoint.replace('http', 'ws'), 'graphql-transport-ws');
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: { token: server.token } }));
    const [code, reason] = await once(socket, 'close');
    expect(code).toBe(4401);
    expect(String(reason)).toBe(
      'No token came: send {"authorization": "Bearer <token>"} as the payload of connection_init.',
    );
  });
});
