import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from './kit/server.js';

describe.each([
  ['fast path', true],
  ['Yoga', false],
])('GraphQL over HTTP by the %s', (_way, fastPath) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ http: { fastPath } });
  });
  afterAll(() => server.stop());

  const fetchFn = (url: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${server.token}`);
    return fetch(url, { ...init, headers });
  };

  for (const audit of serverAudits({ url: () => `http://127.0.0.1:${server.http.port}/graphql`, fetchFn })) {
    it(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      expect(result).toMatchObject({ status: 'ok' });
    });
  }
});
