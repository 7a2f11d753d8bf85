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

  it('has a name of its own also where the system chooses the port', async () => {
    const name = async ({ post }: TestServer): Promise<unknown> =>
      (await post({ query: '{ serverInfo { name } }' })).body;
    const other = await startTestServer();
    const names = [await name(server), await name(other)];
    await other.stop();
    expect(names[0]).not.toEqual(names[1]);
    expect(names).toEqual(Array(2).fill({ data: { serverInfo: { name: expect.stringMatching(/-[0-9a-f]{8}$/) } } }));
  });

  it('refuses a call without a token', async () => {
    const { status } = await server.post({ query: '{ viewer { role } }' }, { authorization: '' });
    expect(status).toBe(401);
  });
});
