import { createClient as createSseClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../kit/server.js';
import { RawSocket } from './raw-socket.js';
import { takeItems } from './reading.js';

const CHANGES = 'subscription ($after: String) { jobStatusChanged(after: $after) { cursor job { key } } }';
const CREATE = `mutation ($input: JobCreateInput!) { jobCreate(input: $input) { __typename } }`;

describe('live data of the whole server', () => {
  let server: TestServer;
  let wsUrl: string;
  beforeAll(async () => {
    server = await startTestServer();
    wsUrl = server.endpoint.replace('http', 'ws');
  });
  afterAll(() => server.stop());

  const connect = async (): Promise<RawSocket> => {
    const raw = await new RawSocket(wsUrl).opened();
    raw.send({ type: 'connection_init', payload: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    await raw.next('connection_ack');
    return raw;
  };
  const gauge = async (name: string): Promise<number> => {
    const text = await (await fetch(`${server.url}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
  };
  const joined = async (members: number): Promise<void> => {
    await expect.poll(() => gauge('orrery_live_members'), { interval: 5 }).toBe(members);
  };
  const createJob = async (key: string): Promise<void> => {
    const input = { key, clientId: 'nobody' };
    expect((await server.post({ query: CREATE, variables: { input } })).body).toMatchObject({
      data: { jobCreate: { __typename: 'JobCreatePayload' } },
    });
  };

  it('shares one execution among everyone with the same rights, over WebSocket and SSE alike', async () => {
    const sockets = [await connect(), await connect()];
    for (const raw of sockets) raw.subscribe('1', CHANGES);
    const sse = createSseClient({
      url: server.endpoint,
      retryAttempts: 0,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    const events = sse.iterate<{ jobStatusChanged: { job: { key: string } } }>({ query: CHANGES });
    const streamed = takeItems(events, 1);
    await joined(3);
    expect(await gauge('orrery_live_groups')).toBe(1);
    await createJob('shared');
    for (const raw of sockets) {
      expect((await raw.next('next')).payload).toMatchObject({
        data: { jobStatusChanged: { job: { key: 'shared' } } },
      });
      raw.close();
    }
    expect((await streamed)[0]?.data?.jobStatusChanged.job.key).toBe('shared');
    await events.return?.();
    await joined(0);
  });

  it('holds operations over a WebSocket against the same limits as over HTTP, and keeps the socket', async () => {
    const raw = await connect();
    const deep = `${'{ node(id: "x") '.repeat(30)}{ id }${'}'.repeat(30)}`;
    const refused = async (query: string): Promise<unknown> => {
      raw.subscribe('1', query);
      return (await raw.next('error', '1')).payload;
    };
    expect(await refused('{ viewer')).toMatchObject([{ extensions: { code: 'GRAPHQL_PARSE_FAILED' } }]);
    expect(await refused('{ nothing }')).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    expect(await refused(deep)).toBeTruthy();
    raw.subscribe('2', CHANGES, { after: 'broken' });
    expect(await raw.next('next', '2')).toMatchObject({
      payload: { errors: [{ extensions: { code: 'INVALID_INPUT' } }] },
    });
    raw.subscribe('3', '{ viewer { role } }');
    expect((await raw.next('next', '3')).payload).toEqual({ data: { viewer: { role: 'ADMIN' } } });
    raw.close();
  });

  it('resumes behind a cursor after the server was restarted', async () => {
    const raw = await connect();
    raw.subscribe('1', CHANGES);
    await joined(1);
    await createJob('before');
    const seen = (await raw.next('next')).payload as { data: { jobStatusChanged: { cursor: string } } };
    await createJob('missed');
    await server.restart();
    expect(await raw.ended).toBe(1012);
    const again = await connect();
    again.subscribe('1', CHANGES, { after: seen.data.jobStatusChanged.cursor });
    expect((await again.next('next')).payload).toMatchObject({
      data: { jobStatusChanged: { job: { key: 'missed' } } },
    });
    await joined(1);
    await createJob('after');
    expect((await again.next('next')).payload).toMatchObject({ data: { jobStatusChanged: { job: { key: 'after' } } } });
    again.close();
  });
});
