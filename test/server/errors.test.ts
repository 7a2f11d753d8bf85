import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

it('an expected failure of a query says where in the answer it stands', async () => {
  const { body } = await server.post({ query: '{ few: jobs(first: 0) { nodes { id } } }' });
  expect(body).toMatchObject({
    data: null,
    errors: [{ path: ['few'], extensions: { code: 'INVALID_INPUT', requestId: expect.any(String) } }],
  });
});
