import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorCodesDocument } from '../../src/http/error-codes.js';
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

it('the codes of top-level errors are documented as they are', async () => {
  expect(await readFile('docs/security.md', 'utf8')).toContain(errorCodesDocument());
});
