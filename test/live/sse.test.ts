import { request } from 'node:http';
import { createClient } from 'graphql-sse';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commit, fact, freshLogStore, type LogStore, type Process, startProcess } from '../events/log-kit.js';
import { type LiveServer, type LiveServerOptions, startLiveServer } from './live-server.js';
import { takeItems } from './reading.js';

const CHANGES = 'subscription ($after: String) { clientChanged(after: $after) { key cursor } }';
interface Change {
  clientChanged: { key: string; cursor: string };
}

describe('server-sent events', () => {
  let store: LogStore;
  let node: Process;
  let server: LiveServer;
  const servers: LiveServer[] = [];
  const start = async (options?: LiveServerOptions): Promise<LiveServer> => {
    const started = await startLiveServer(node, options);
    servers.push(started);
    return started;
  };
  beforeAll(async () => {
    store = await freshLogStore('sqlite');
    node = await startProcess(await store.open());
    server = await start();
  });
  afterAll(async () => {
    await Promise.all(servers.map((one) => one.close()));
    await node.close();
    await store.drop();
    expect(servers.flatMap((one) => one.faults)).toEqual([]);
  });

  const connect = (name = 'me', url = server.url) =>
    createClient({ url, retryAttempts: 0, headers: { authorization: `Bearer ${name}` } });
  const joined = async (members: number, of = server): Promise<void> => {
    await expect.poll(() => of.executions.counts().members, { interval: 2 }).toBe(members);
  };
  const post = (body: string, headers: Record<string, string> = {}, url = server.url): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      body,
      headers: {
        accept: 'text/event-stream',
        authorization: 'Bearer me',
        'content-type': 'application/json',
        ...headers,
      },
    });

  it('answers queries and mutations', async () => {
    const client = connect();
    const ask = (query: string) => takeItems(client.iterate({ query }), 2);
    expect(await ask('{ hello }')).toEqual([{ data: { hello: 'hello me' } }]);
    expect(await ask('mutation { add(to: 1) }')).toEqual([{ data: { add: 2 } }]);
  });

  it('streams a subscription and resumes it behind a cursor', async () => {
    const client = connect();
    const first = client.iterate<Change>({ query: CHANGES });
    const waiting = takeItems(first, 2);
    await joined(1);
    await commit(node, fact('a', 1), fact('a', 2));
    const seen = (await waiting).map((result) => result.data?.clientChanged);
    await first.return?.();
    await joined(0);
    await commit(node, fact('a', 3));
    const again = client.iterate<Change>({ query: CHANGES, variables: { after: seen[0]?.cursor } });
    const rest = takeItems(again, 3);
    await joined(1);
    await commit(node, fact('a', 4));
    expect((await rest).map((result) => result.data?.clientChanged.key)).toEqual(['a:2', 'a:3', 'a:4']);
    await again.return?.();
    await joined(0);
  });

  it('streams to a browser by GET', async () => {
    const url = `${server.url}?query=${encodeURIComponent('{ hello }')}&variables=%7B%7D`;
    const response = await fetch(url, { headers: { accept: 'text/event-stream', authorization: 'Bearer me' } });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await response.text()).toBe(
      'event: next\ndata: {"data":{"hello":"hello me"}}\n\nevent: complete\ndata: \n\n',
    );
  });

  it('tells what is wrong with an operation in the stream', async () => {
    const [syntax] = await takeItems(connect().iterate({ query: '{ hello' }), 2);
    expect(syntax?.errors?.[0]?.message).toContain('Syntax Error');
    const [cursor] = await takeItems(connect().iterate({ query: CHANGES, variables: { after: 'broken' } }), 2);
    expect(cursor).toMatchObject({ errors: [{ extensions: { code: 'INVALID_INPUT' } }] });
  });

  it('refuses what cannot be a request with a status', async () => {
    const get = (query: string) =>
      fetch(`${server.url}?query=${encodeURIComponent(query)}`, { headers: { authorization: 'Bearer me' } });
    const status = async (response: Promise<Response>): Promise<number> => (await response).status;
    expect(await status(post('{"query":"{ hello }"}', { authorization: 'Bearer nobody' }))).toBe(401);
    expect(await status(post('{"query":"{ hello }"}', { authorization: 'Bearer away' }))).toBe(503);
    expect(await status(post('{'))).toBe(400);
    expect(await status(post('[]'))).toBe(400);
    expect(await status(post('query=x', { 'content-type': 'application/x-www-form-urlencoded' }))).toBe(415);
    expect(await status(post(JSON.stringify({ query: 'x'.repeat(200_000) })))).toBe(413);
    expect(await status(get('mutation { add(to: 1) }'))).toBe(405);
    expect(await status(fetch(server.url, { method: 'PUT' }))).toBe(405);
  });

  it('caps connections together with the WebSockets', async () => {
    const small = await start({ mostOfAddress: 1 });
    const held = connect('me', small.url).iterate({ query: CHANGES });
    const waiting = held.next();
    await joined(1, small);
    expect((await post('{"query":"{ hello }"}', {}, small.url)).status).toBe(429);
    await held.return?.();
    await waiting;
    await joined(0, small);
  });

  it('ends with UNAUTHENTICATED when the rights are revoked, and shares executions otherwise', async () => {
    const kept = connect('kept').iterate<Change>({ query: CHANGES });
    const revoked = connect('revoked').iterate<Change>({ query: CHANGES });
    const [first, last] = [takeItems(kept, 1), takeItems(revoked, 2)];
    await joined(2);
    expect(server.executions.counts().groups).toBe(1);
    server.pipeline.revoke('revoked');
    expect(await last).toMatchObject([{ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] }]);
    await commit(node, fact('kept'));
    expect((await first)[0]?.data?.clientChanged.key).toBe('kept:0');
    await kept.return?.();
    await joined(0);
  });

  it('cuts a reader off that has stalled, and harms nobody meanwhile', async () => {
    const strict = await start({ heartbeat: 200, queueBytes: 100_000 });
    const quick = connect('me', strict.url).iterate<Change>({ query: CHANGES });
    const stalled = request(strict.url, {
      method: 'POST',
      headers: { accept: 'text/event-stream', authorization: 'Bearer me', 'content-type': 'application/json' },
    });
    const broken = new Promise<void>((resolve) => {
      stalled.on('error', () => resolve());
      stalled.on('response', (response) => {
        response.pause();
        response.on('error', () => resolve());
        response.on('close', () => resolve());
      });
    });
    stalled.end(JSON.stringify({ query: CHANGES }));
    const big = 'x'.repeat(60_000);
    const firstOne = quick.next();
    await joined(2, strict);
    for (let index = 0; index < 120; index += 1) {
      await commit(node, { ...fact('big', index), payload: { key: `${index}:${big}`, change: 'UPDATED' } });
      const next = index === 0 ? await firstOne : await quick.next();
      expect(next.done ? null : next.value.data?.clientChanged.key).toBe(`${index}:${big}`);
    }
    await expect.poll(() => strict.streams.open, { timeout: 20_000 }).toBe(1);
    stalled.destroy();
    await broken;
    await quick.return?.();
  });
});
