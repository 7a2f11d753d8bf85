import { createClient } from 'graphql-sse';
import type { Process } from '../events/log-kit.js';
import { clientOf, hubOf } from './live-kit.js';
import type { LiveServer } from './live-server.js';
import { RawSocket } from './raw-socket.js';
import { Subscriber } from './subscriber.js';

export const TRANSPORTS = ['HUB', 'WEBSOCKET', 'SSE'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** A server process with its port. */
export interface Node {
  process: Process;
  server: LiveServer;
}

const QUERY = 'subscription ($after: String) { clientChanged(after: $after) { key cursor } }';

interface Change {
  key: string;
  cursor: string;
}

/** What one connection of a reader has seen. */
interface Connection {
  seen: Change[];
  leave(): void;
}

function overHub(node: Node, after: string, onSeen: () => void): Connection {
  const subscriber = new Subscriber(64 * 1_048_576);
  const seen: Change[] = [];
  const operation = clientOf(hubOf(node.process)).operation({ query: QUERY, variables: { after } });
  subscriber.onResult = (result) => {
    seen.push((result.data as { clientChanged: Change }).clientChanged);
    onSeen();
  };
  let left = false;
  void subscriber.start(node.server.executions, operation).then(() => (left ? subscriber.leave() : undefined));
  return {
    seen,
    leave: () => {
      left = true;
      void subscriber.leave();
    },
  };
}

function overWebSocket(node: Node, after: string, onSeen: () => void): Connection {
  const seen: Change[] = [];
  const raw = new RawSocket(node.server.wsUrl);
  raw.onMessage = ({ type, payload }) => {
    if (type === 'connection_ack') raw.subscribe('1', QUERY, { after });
    if (type !== 'next') return;
    seen.push((payload as { data: { clientChanged: Change } }).data.clientChanged);
    onSeen();
  };
  raw.socket.once('open', () => raw.send({ type: 'connection_init', payload: { authorization: 'Bearer me' } }));
  return { seen, leave: () => raw.close() };
}

function overSse(node: Node, after: string, onSeen: () => void): Connection {
  const seen: Change[] = [];
  const { url } = node.server;
  const client = createClient({ url, retryAttempts: 0, headers: { authorization: 'Bearer me' } });
  client.subscribe<{ clientChanged: Change }>(
    { query: QUERY, variables: { after } },
    {
      next: ({ data }) => {
        if (data) seen.push(data.clientChanged);
        onSeen();
      },
      error: () => {},
      complete: () => {},
    },
  );
  return { seen, leave: () => client.dispose() };
}

const OPEN = { HUB: overHub, WEBSOCKET: overWebSocket, SSE: overSse };

/** A client that reads on from its last cursor wherever it connects, and keeps all that it has seen. */
export class Reader {
  readonly #past: Change[] = [];
  #cursor: string;
  #connection: Connection | undefined;
  #waiting: { count: number; resolve: () => void } | undefined;

  constructor(cursor: string) {
    this.#cursor = cursor;
  }

  get keys(): string[] {
    return [...this.#past, ...(this.#connection?.seen ?? [])].map((change) => change.key);
  }

  connect(transport: Transport, node: Node): void {
    this.disconnect();
    const onSeen = (): void => this.#check();
    this.#connection = OPEN[transport](node, this.#cursor, onSeen);
  }

  /** What comes after this belongs to nobody: the client comes back with the cursor of what it has kept. */
  disconnect(): void {
    const seen = this.#connection?.seen.splice(0) ?? [];
    this.#connection?.leave();
    this.#connection = undefined;
    this.#past.push(...seen);
    this.#cursor = seen.at(-1)?.cursor ?? this.#cursor;
  }

  async until(count: number): Promise<void> {
    if (this.keys.length >= count) return;
    await new Promise<void>((resolve) => {
      this.#waiting = { count, resolve };
    });
  }

  #check(): void {
    if (!this.#waiting || this.keys.length < this.#waiting.count) return;
    this.#waiting.resolve();
    this.#waiting = undefined;
  }
}
