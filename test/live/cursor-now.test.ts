import { createSdk, payloadOf } from '@orrery/sdk';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

it('who takes the cursor of now, reads a state and then follows, misses nothing in between', async () => {
  const sdk = createSdk(server.client());
  const { serverInfo } = await sdk.liveCursor();
  const { job } = payloadOf(
    (await sdk.jobCreate({ input: { clientId: 'web1', key: 'between', actions: [] } })).jobCreate,
  );
  const ending = new AbortController();
  const facts = sdk.jobStatusChanged({ filter: {}, after: serverInfo.liveCursor }, ending.signal);
  for await (const { jobStatusChanged } of facts) {
    expect(jobStatusChanged.job?.id).toBe(job.id);
    ending.abort();
  }
});
