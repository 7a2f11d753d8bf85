import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ConnectionState,
  createOrreryClient,
  createSdk,
  isNamedError,
  JobsDocument,
  OrreryError,
  payloadOf,
  RefusedError,
} from '@orrery/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SdkAgent } from '../kit/sdk-agent.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { TcpProxy } from '../kit/tcp-proxy.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const input = {
  clientId: 'web1',
  start: false,
  actions: [{ freezerAction: { action: 'backup', path_to_backup: '/srv' } }],
};

describe('queries and mutations', () => {
  it('answer typed data, by method or by document', async () => {
    const client = server.client();
    const made = payloadOf((await createSdk(client).jobCreate({ input: { ...input, key: 'typed' } })).jobCreate);
    expect(made.job.status).toBe('STOPPED');
    const { jobs } = await client.request(JobsDocument, { filter: { keys: ['typed'] } });
    expect(jobs.nodes.map((job) => job.key)).toEqual(['typed']);
  });

  it('give what the caller did wrong as data, and as an error where that is wanted', async () => {
    const sdk = createSdk(server.client());
    const { jobCreate } = await sdk.jobCreate({ input: { ...input, key: 'not a key', clientId: '' } });
    expect(isNamedError(jobCreate)).toBe(true);
    expect(jobCreate).toMatchObject({ __typename: 'InvalidInputError', code: 'INVALID_INPUT' });
    expect(() => payloadOf(jobCreate)).toThrow(RefusedError);
    try {
      payloadOf(jobCreate);
    } catch (error) {
      expect((error as RefusedError).issues.map(({ path }) => path.at(-1)).sort()).toEqual(['clientId', 'key']);
    }
  });

  it('throw what is no answer: no rights, no server, no GraphQL', async () => {
    const wrong = createSdk(server.client('wrong'));
    await expect(wrong.viewer()).rejects.toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
    const away = createSdk(createOrreryClient({ url: 'http://127.0.0.1:1/graphql' }));
    await expect(away.viewer()).rejects.toMatchObject({ code: 'NETWORK' });
    const page = await listen((_req, res) => res.end('<html>'));
    const other = createSdk(createOrreryClient({ url: page.url }));
    await expect(other.viewer()).rejects.toMatchObject({ code: 'NETWORK', status: 200 });
    page.server.close();
  });

  it('end early with a signal', async () => {
    const sdk = createSdk(server.client());
    await expect(sdk.viewer({}, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('subscriptions', () => {
  it('resume by cursor when the server restarts: nothing is missed, nothing comes twice', async () => {
    const states: ConnectionState['kind'][] = [];
    const client = createOrreryClient({
      url: server.endpoint,
      token: () => server.token,
      onConnection: (state) => states.push(state.kind),
      longestWait: 50,
    });
    const sdk = createSdk(client);
    const agent = new SdkAgent(sdk, 'web1');
    await agent.register();
    const { job } = payloadOf((await sdk.jobCreate({ input })).jobCreate);
    const { run } = payloadOf((await sdk.jobRunNow({ input: { id: job.id } })).jobRunNow);
    const runId = run?.id ?? '';
    const output = sdk.runOutputAppended({ runId })[Symbol.asyncIterator]();
    const seen: string[] = [];
    const see = async (): Promise<void> => {
      const next = await output.next();
      if (!next.done) seen.push(next.value.runOutputAppended.output.text);
    };
    await agent.perform(runId, {
      lines: ['1\n', '2\n', '3\n', '4\n'],
      beforeEnd: async () => {
        await see();
        await server.restart();
        await see();
      },
    });
    for await (const { runOutputAppended } of { [Symbol.asyncIterator]: () => output }) {
      seen.push(runOutputAppended.output.text);
    }
    expect(seen.join('')).toBe('1\n2\n3\n4\n');
    expect(states).toEqual(expect.arrayContaining(['CONNECTED', 'LOST', 'CONNECTED']));
    await client.close();
  });

  it('miss nothing either when the connection breaks before the first event', async () => {
    const proxy = await TcpProxy.before(server.url);
    const url = proxy.through(server.endpoint);
    const client = createOrreryClient({ url, token: () => server.token, longestWait: 10 });
    const sdk = createSdk(server.client());
    const { job } = payloadOf((await sdk.jobCreate({ input: { ...input, start: true } })).jobCreate);
    const changes = createSdk(client)
      .jobStatusChanged({ filter: { jobs: [job.id] } })
      [Symbol.asyncIterator]();
    const first = changes.next();
    const metrics = async (): Promise<string> => (await fetch(`${server.url}/metrics`)).text();
    await expect.poll(metrics).toContain('orrery_live_members 1');
    proxy.cut();
    await sdk.jobStop({ input: { id: job.id } });
    proxy.restore();
    await sdk.jobStart({ input: { id: job.id } });
    expect(await first).toMatchObject({ value: { jobStatusChanged: { status: 'STOPPED' } } });
    expect(await changes.next()).toMatchObject({ value: { jobStatusChanged: { statusBefore: 'STOPPED' } } });
    await client.close();
    await proxy.close();
  });

  it('end with the signal, and with the reader', async () => {
    const client = server.client();
    const sdk = createSdk(client);
    const stop = new AbortController();
    const changes = sdk.jobStatusChanged({}, stop.signal)[Symbol.asyncIterator]();
    const next = changes.next();
    stop.abort();
    expect(await next).toMatchObject({ done: true });
  });

  it('end with an error that says why when they cannot go on', async () => {
    const sdk = createSdk(server.client());
    const broken = sdk.jobStatusChanged({ after: 'no cursor' })[Symbol.asyncIterator]();
    await expect(broken.next()).rejects.toBeInstanceOf(OrreryError);
    const stranger = createSdk(createOrreryClient({ url: server.endpoint, token: () => 'wrong', longestWait: 10 }));
    await expect(stranger.jobStatusChanged({})[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('end when their own message is too large, and go on when that of another is', async () => {
    const states: ConnectionState['kind'][] = [];
    const options = { url: server.endpoint, token: () => server.token, longestWait: 10 };
    const client = createOrreryClient({ ...options, onConnection: ({ kind }) => states.push(kind) });
    const sdk = createSdk(client);
    const changes = sdk.jobStatusChanged({})[Symbol.asyncIterator]();
    const next = changes.next();
    await expect.poll(() => states).toEqual(['CONNECTED']);
    const large = sdk.jobStatusChanged({ after: 'x'.repeat(4_200_000) })[Symbol.asyncIterator]();
    await expect(large.next()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await expect.poll(() => states).toEqual(['CONNECTED', 'LOST', 'CONNECTED']);
    for (let made = 0, done = false; !done; made += 1) {
      await createSdk(server.client()).jobCreate({ input: { ...input, key: `large-${made}`, start: true } });
      done = await Promise.race([next.then(() => true), new Promise<false>((later) => setImmediate(later, false))]);
    }
    await client.close();
  });
});

async function listen(answer: Parameters<typeof createServer>[1]): Promise<{ url: string; server: Server }> {
  const page = createServer(answer);
  await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(page.address() as AddressInfo).port}/graphql`, server: page };
}
