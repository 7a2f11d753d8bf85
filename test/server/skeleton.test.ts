import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';

describe('a server over HTTP', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it('answers who calls and what it is', async () => {
    const { status, body } = await server.post({ query: '{ viewer { role } serverInfo { version database } }' });
    expect({ status, body }).toEqual({
      status: 200,
      body: { data: { viewer: { role: 'ADMIN' }, serverInfo: { version: '0.0.0-test', database: 'sqlite' } } },
    });
  });

  it('refuses a call without a token', async () => {
    const { status } = await server.post({ query: '{ viewer { role } }' }, { authorization: '' });
    expect(status).toBe(401);
  });
});
