import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type ConnectionState, createOrreryClient, createSdk } from '@orrery/sdk';
import { afterEach, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';

/** What a subscription is answered with. */
type Answer = { data: unknown } | { errors: { message: string; extensions: Record<string, unknown> }[] };

const servers: WebSocketServer[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server that gives the cursor of now as `now`, and each subscription the next of the answers. */
async function scripted(answers: Answer[]) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' });
  servers.push(server);
  await once(server, 'listening');
  const asked: unknown[] = [];
  const seen = { connections: 0 };
  const answer = (socket: WebSocket, text: string): void => {
    const { type, id, payload } = JSON.parse(text);
    const send = (message: object): void => socket.send(JSON.stringify(message));
    if (type === 'connection_init') send({ type: 'connection_ack' });
    if (type !== 'subscribe') return;
    const isQuery = payload.query.startsWith('query');
    asked.push(isQuery ? 'now?' : (payload.variables.after ?? null));
    const given = isQuery ? { data: { serverInfo: { liveCursor: 'now' } } } : answers.shift();
    send({ type: 'next', id, payload: given });
    send({ type: 'complete', id });
  };
  server.on('connection', (socket) => {
    seen.connections += 1;
    socket.on('message', (text) => answer(socket, String(text)));
  });
  const states: ConnectionState[] = [];
  const client = createOrreryClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    longestWait: 1,
    onConnection: (state) => states.push(state),
  });
  return { client, sdk: createSdk(client), asked, seen, states };
}

const failed = (code: string, more: Record<string, unknown> = {}): Answer => ({
  errors: [{ message: code, extensions: { code, ...more } }],
});
const moved = (cursor: string) => ({ shardMoved: { cursor } });

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

it('begins at the cursor of now, and goes on behind that of SLOW_CONSUMER and after a limit', async () => {
  const { client, sdk, asked, seen, states } = await scripted([
    failed('UNAVAILABLE'),
    failed('SLOW_CONSUMER', { cursor: 'sent' }),
    failed('RATE_LIMITED', { retryAfterSeconds: 0.002 }),
    { data: moved('later') },
  ]);
  expect(await all(sdk.shardMoved({}))).toEqual([moved('later')]);
  expect(asked).toEqual(['now?', 'now', 'now', 'sent', 'sent']);
  const waits = states.flatMap((state) => (state.kind === 'LOST' ? [state] : []));
  expect(waits.at(-1)).toMatchObject({ reason: 'RATE_LIMITED', retryInMs: 2 });
  expect(seen.connections).toBe(1);
  await client.close();
});

it('begins where it is told to, and where the subscription begins by itself', async () => {
  const { client, sdk, asked } = await scripted([{ data: moved('1') }, { data: null }]);
  await all(sdk.shardMoved({ after: 'mine' }));
  await all(sdk.runOutputAppended({ runId: '1' }));
  expect(asked).toEqual(['mine', null]);
  await client.close();
});

it('ends with an error that no other try mends', async () => {
  const { client, sdk } = await scripted([failed('RESYNC_REQUIRED', { cursor: 'oldest' })]);
  await expect(all(sdk.shardMoved({}))).rejects.toMatchObject({
    code: 'RESYNC_REQUIRED',
    extensions: { cursor: 'oldest' },
  });
  await client.close();
});
