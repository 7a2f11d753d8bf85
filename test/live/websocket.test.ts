import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { commit, fact, freshLogStore, type LogStore, type Process, startProcess } from '../events/log-kit.js';
import { type LiveServer, type LiveServerOptions, startLiveServer } from './live-server.js';
import { RawSocket } from './raw-socket.js';
import { takeItems } from './reading.js';

const CHANGES = 'subscription ($after: String) { clientChanged(after: $after) { key cursor } }';

describe('WebSocket', () => {
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

  const connect = (name = 'me', url = server.wsUrl) =>
    createClient({
      url,
      webSocketImpl: WebSocket,
      retryAttempts: 0,
      connectionParams: { authorization: `Bearer ${name}` },
    });
  /** Waits until the server knows so many subscribers of shared executions. */
  const joined = async (members: number, of = server): Promise<void> => {
    await expect.poll(() => of.executions.counts().members, { interval: 2 }).toBe(members);
  };

  it('answers queries and mutations', async () => {
    const client = connect();
    const ask = (query: string) => takeItems(client.iterate({ query }), 2);
    expect(await ask('{ hello }')).toEqual([{ data: { hello: 'hello me' } }]);
    expect(await ask('mutation { add(to: 1) }')).toEqual([{ data: { add: 2 } }]);
    await client.dispose();
  });

  it('streams a subscription and resumes it behind a cursor', async () => {
    const client = connect();
    const first = client.iterate<{ clientChanged: { key: string; cursor: string } }>({ query: CHANGES });
    const waiting = takeItems(first, 2);
    await joined(1);
    await commit(node, fact('a', 1), fact('a', 2));
    const seen = (await waiting).map((result) => result.data?.clientChanged);
    expect(seen.map((change) => change?.key)).toEqual(['a:1', 'a:2']);
    await first.return?.();
    await joined(0);
    await commit(node, fact('a', 3));
    const again = client.iterate<{ clientChanged: { key: string } }>({
      query: CHANGES,
      variables: { after: seen[0]?.cursor },
    });
    const rest = takeItems(again, 3);
    await joined(1);
    await commit(node, fact('a', 4));
    expect((await rest).map((result) => result.data?.clientChanged.key)).toEqual(['a:2', 'a:3', 'a:4']);
    await client.dispose();
    await joined(0);
  });

  it('serves a subscription shared by several sockets, each under its own operation id', async () => {
    const one = await new RawSocket(server.wsUrl).initialised();
    const other = await new RawSocket(server.wsUrl).initialised('you');
    one.subscribe('first "quoted"', CHANGES);
    other.subscribe('second', CHANGES);
    await joined(2);
    await commit(node, fact('shared'));
    const [a, b] = [await one.next('next', 'first "quoted"'), await other.next('next', 'second')];
    expect(a.payload).toMatchObject({ data: { clientChanged: { key: 'shared:0' } } });
    expect(b.payload).toEqual(a.payload);
    one.send({ type: 'complete', id: 'first "quoted"' });
    await joined(1);
    other.close();
    one.close();
    await joined(0);
  });

  it('keeps the socket open when one operation has a syntax error, is invalid, or has a bad cursor', async () => {
    const raw = await new RawSocket(server.wsUrl).initialised();
    raw.subscribe('1', '{ hello');
    expect((await raw.next('error', '1')).payload).toMatchObject([
      { message: expect.stringContaining('Syntax Error') },
    ]);
    raw.subscribe('2', '{ nothing }');
    expect(await raw.next('error', '2')).toBeTruthy();
    raw.subscribe('3', CHANGES, { after: 'broken' });
    expect(await raw.next('next', '3')).toMatchObject({
      payload: { errors: [{ extensions: { code: 'INVALID_INPUT' } }] },
    });
    await raw.next('complete', '3');
    raw.subscribe('4', '{ hello }');
    expect((await raw.next('next', '4')).payload).toEqual({ data: { hello: 'hello me' } });
    raw.close();
  });

  it('takes a query back that the client completes', async () => {
    const raw = await new RawSocket(server.wsUrl).initialised();
    raw.subscribe('waits', '{ wait }');
    raw.subscribe('next', '{ hello }');
    await raw.next('complete', 'next');
    raw.send({ type: 'complete', id: 'waits' });
    raw.subscribe('waits', '{ hello }');
    expect((await raw.next('next', 'waits')).payload).toEqual({ data: { hello: 'hello me' } });
    raw.close();
  });

  it('closes with 4401 for bad credentials, 4400 for nonsense, 4408 without connection_init', async () => {
    const closes = async (say: (raw: RawSocket) => void, headers?: Record<string, string>): Promise<number> => {
      const raw = await new RawSocket(server.wsUrl, headers).opened();
      say(raw);
      return raw.ended;
    };
    const init = (payload?: object) => (raw: RawSocket) => raw.send({ type: 'connection_init', payload });
    expect(await closes(init())).toBe(4401);
    expect(await closes(init({ authorization: 'Bearer nobody' }))).toBe(4401);
    expect(await closes(init({ authorization: 'Bearer nobody' }), { authorization: 'Bearer me' })).toBe(4401);
    expect(await closes(init({ authorization: 'Bearer away' }))).toBe(1013);
    expect(await closes((raw) => raw.subscribe('1', '{ hello }'))).toBe(4401);
    expect(await closes((raw) => raw.send('{'))).toBe(4400);
    expect(await closes((raw) => raw.send({ type: 'next', id: '1', payload: { data: {} } }))).toBe(4400);
    const hasty = await start({ initTimeout: 1 });
    expect(await new RawSocket(hasty.wsUrl).ended).toBe(4408);
    expect(await new RawSocket(server.wsUrl, {}, []).ended).toBe(4406);
  });

  it('takes the token from the request too, and from headers within connection_init', async () => {
    const raw = await new RawSocket(server.wsUrl, { authorization: 'Bearer header' }).opened();
    raw.send({ type: 'connection_init' });
    await raw.next('connection_ack');
    raw.subscribe('1', '{ hello }');
    expect((await raw.next('next', '1')).payload).toEqual({ data: { hello: 'hello header' } });
    const other = await new RawSocket(server.wsUrl).opened();
    other.send({ type: 'connection_init', payload: { headers: { Authorization: 'Bearer nested' } } });
    await other.next('connection_ack');
    raw.close();
    other.close();
  });

  it('ends with 4403 when the rights expire or are revoked', async () => {
    server.pipeline.expiresAt.set('brief', Date.now() + 50);
    const brief = await new RawSocket(server.wsUrl).initialised('brief');
    expect(await brief.ended).toBe(4403);
    const revoked = await new RawSocket(server.wsUrl).initialised('revoked');
    revoked.subscribe('1', CHANGES);
    await joined(1);
    server.pipeline.revoke('revoked');
    expect(await revoked.ended).toBe(4403);
    await joined(0);
  });

  it('refuses other paths and pages of other origins before the upgrade', async () => {
    const listed = await start({ origins: ['https://console.example'] });
    const status = (origin: string): Promise<number> => new RawSocket(listed.wsUrl, { origin }).ended;
    expect(await status('https://evil.example')).toBe(403);
    expect(await status('null')).toBe(403);
    expect(await new RawSocket(listed.wsUrl.replace('/graphql', '/other')).ended).toBe(404);
    for (const origin of ['https://console.example', listed.url.replace('/graphql', '')]) {
      const raw = await new RawSocket(listed.wsUrl, { origin }).initialised();
      raw.close();
    }
  });

  it('caps connections in all and by address, and gives places back', async () => {
    const small = await start({ most: 2, mostOfAddress: 1 });
    const first = await new RawSocket(small.wsUrl).initialised();
    expect(await new RawSocket(small.wsUrl).ended).toBe(429);
    first.close();
    await expect.poll(() => small.sockets.open, { interval: 2 }).toBe(0);
    (await new RawSocket(small.wsUrl).initialised()).close();
    const none = await start({ most: 0 });
    expect(await new RawSocket(none.wsUrl).ended).toBe(503);
  });

  it('caps the operations of one socket, and the size of a message at that of a request', async () => {
    const small = await start({ mostOperations: 2, maxBodyBytes: 1_048_576 });
    const raw = await new RawSocket(small.wsUrl).initialised();
    for (const id of ['1', '2']) raw.subscribe(id, CHANGES);
    raw.subscribe('3', '{ hello }');
    expect((await raw.next('error', '3')).payload).toMatchObject([{ extensions: { code: 'LIMIT_EXCEEDED' } }]);
    raw.send({ type: 'complete', id: '2' });
    raw.subscribe('4', `{ hello } #${'x'.repeat(1_000_000)}`);
    expect((await raw.next('next', '4')).payload).toEqual({ data: { hello: 'hello me' } });
    const said = new Promise<string>((resolve) => {
      raw.socket.once('close', (_code, reason) => resolve(String(reason)));
    });
    raw.subscribe('5', `{ hello } #${'x'.repeat(1_048_576)}`);
    expect([await raw.ended, await said]).toEqual([1009, 'The message is larger than the server takes']);
  });

  it('cuts a reader off that has stalled, with bounded memory, and harms nobody meanwhile', async () => {
    const strict = await start({ heartbeat: 300, queueBytes: 100_000 });
    const stalled = await new RawSocket(strict.wsUrl).initialised();
    const quick = await new RawSocket(strict.wsUrl).initialised();
    stalled.subscribe('1', CHANGES);
    quick.subscribe('1', CHANGES);
    await joined(2, strict);
    stalled.socket.pause();
    const big = 'x'.repeat(60_000);
    let peak = 0;
    for (let index = 0; index < 120; index += 1) {
      await commit(node, fact(`${big}${index % 2}`.slice(-64), index), {
        ...fact('big', index),
        payload: { key: `${index}:${big}`, change: 'UPDATED' },
      });
      await quick.next('next', '1');
      const second = await quick.next('next', '1');
      expect(second.payload).toMatchObject({ data: { clientChanged: { key: `${index}:${big}` } } });
      peak = Math.max(peak, strict.sockets.waitingBytes);
    }
    // The queue, what the sockets hold, and one message more.
    expect(peak).toBeLessThan(100_000 + 2 * 65_536 + 2 * 60_100);
    await expect.poll(() => strict.sockets.open, { timeout: 20_000 }).toBe(1);
    quick.subscribe('2', '{ hello }');
    await quick.next('complete', '2');
    quick.close();
    stalled.close();
  });

  it('asks clients to come back with 1012 when the server stops', async () => {
    const stopping = await start();
    const raw = await new RawSocket(stopping.wsUrl).initialised();
    await stopping.sockets.close(1_000);
    expect(await raw.ended).toBe(1012);
    expect(await new RawSocket(stopping.wsUrl).ended).toBe(503);
  });
});
