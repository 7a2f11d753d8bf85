import { type Client, createClient } from 'graphql-ws/client';
import type { ClientOptions } from './options.js';

/** Milliseconds of silence after which the server is asked whether it is still there. */
const KEEP_ALIVE = 15_000;
/** Milliseconds that it has for the answer: a connection that a sleeping laptop or a proxy lost says nothing at all. */
const PONG_WAIT = 10_000;

/** Milliseconds that a connection without a stream is kept: the next one may follow at once. */
const IDLE_WAIT = 100;

async function webSocketClass(options: ClientOptions): Promise<unknown> {
  return options.webSocket ?? globalThis.WebSocket ?? (await import('ws')).WebSocket;
}

/** Opens nothing yet: the connection behind all streams of one client is opened by the first, closed after the last. */
export async function connect(options: ClientOptions): Promise<Client> {
  let overdue: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url: options.url.replace(/^http/, 'ws'),
    webSocketImpl: await webSocketClass(options),
    lazy: true,
    lazyCloseTimeout: IDLE_WAIT,
    retryAttempts: 0,
    keepAlive: KEEP_ALIVE,
    connectionAckWaitTimeout: PONG_WAIT,
    connectionParams: async () => {
      const token = await options.token?.();
      return token ? { authorization: `Bearer ${token}` } : {};
    },
    on: {
      connected: () => options.onConnection?.({ kind: 'CONNECTED' }),
      ping: (received) => {
        if (!received) overdue = setTimeout(() => client.terminate(), PONG_WAIT);
      },
      pong: (received) => {
        if (received) clearTimeout(overdue);
      },
      closed: () => clearTimeout(overdue),
    },
  });
  return client;
}
