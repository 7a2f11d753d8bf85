import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { CloseCode, handleProtocols, type Server } from 'graphql-ws';
import { WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../lib/time.js';
import { SECOND } from '../lib/time.js';
import type { Executions } from '../live/executions.js';
import type { Callers } from './caller.js';
import type { Refusal as CapRefusal, ConnectionCap } from './connections.js';
import type { RequestErrorCode } from './failure.js';
import type { CallCredentials, OperationPipeline } from './operation.js';
import { watchRightsEnd } from './rights-end.js';
import { WsConnection } from './ws-connection.js';
import { createWsProtocol, type WsExtra } from './ws-protocol.js';

export interface WebSocketOptions {
  /** Origins of pages that may connect, besides pages of this server; programs send no Origin. */
  origins: readonly string[];
  /** The largest message that a client may send, in bytes: as large as a request over HTTP. */
  maxBodyBytes: number;
  /** What may wait for one connection, in bytes. */
  queueBytes: number;
  /** The most operations under way on one socket. Default 100. */
  mostOperations?: number;
  /** Milliseconds that a client has for its `connection_init`. Default 5,000. */
  initTimeout?: number;
  /** Milliseconds between heartbeats; a peer that misses two is cut off. Default 12,000. */
  heartbeat?: number;
}

export interface WebSocketParts {
  pipeline: OperationPipeline;
  executions: Executions;
  callers: Pick<Callers, 'callOf' | 'credentialsOf' | 'isOwnPage'>;
  cap: ConnectionCap;
  clock: Clock;
  /** Told of faults of our own. */
  onFault: (error: unknown) => void;
  options: WebSocketOptions;
}

/** The WebSocket side of `/graphql`. */
export interface WebSockets {
  /** Takes over a connection that asks for an upgrade, or refuses it with an HTTP status. */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly open: number;
  /** What waits in queues and sockets for readers, in bytes. */
  readonly waitingBytes: number;
  /** Asks every client to come back (1012), and cuts off those that do not leave within `grace` milliseconds. */
  close(grace: number): Promise<void>;
}

const PATH = '/graphql';
const SERVICE_RESTART = 1012;

const STATUS = {
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
} as const;

/** The codes that the log tells. */
const CODE = {
  403: 'FORBIDDEN',
  404: 'BAD_REQUEST',
  429: 'RATE_LIMITED',
  503: 'UNAVAILABLE',
} as const satisfies Record<keyof typeof STATUS, RequestErrorCode>;

type Refusal = [status: keyof typeof STATUS, why: string];

const TOO_MANY: Record<CapRefusal, Refusal> = {
  TOO_MANY: [503, 'The server has too many connections.'],
  TOO_MANY_FROM_ADDRESS: [429, 'Too many connections from your address.'],
};

function refuse(socket: Duplex, requestId: string, [status, why]: Refusal): void {
  socket.once('finish', () => socket.destroy());
  const head = `HTTP/1.1 ${status} ${STATUS[status]}\r\nconnection: close\r\ncontent-type: text/plain\r\n`;
  socket.end(`${head}x-request-id: ${requestId}\r\ncontent-length: ${Buffer.byteLength(why)}\r\n\r\n${why}`);
}

const MESSAGE_TOO_BIG = 1009;

/** A WebSocket that says why it closes when a message is too large: ws itself gives the code only. */
class TellingSocket extends WebSocket {
  override close(code?: number, reason?: string | Buffer): void {
    super.close(code, reason ?? (code === MESSAGE_TOO_BIG ? 'The message is larger than the server takes' : undefined));
  }
}

class WebSocketSide implements WebSockets {
  readonly #parts: WebSocketParts;
  readonly #protocol: Server<WsExtra>;
  readonly #origins: ReadonlySet<string>;
  readonly #connections = new Set<WsConnection>();
  readonly #heartbeat: NodeJS.Timeout;
  readonly #wss: WebSocketServer;
  #closing = false;

  constructor(parts: WebSocketParts) {
    const { pipeline, executions, options } = parts;
    this.#parts = parts;
    this.#origins = new Set(options.origins);
    this.#wss = new WebSocketServer({
      noServer: true,
      maxPayload: options.maxBodyBytes,
      perMessageDeflate: false,
      clientTracking: false,
      WebSocket: TellingSocket,
      handleProtocols: (protocols) => handleProtocols(protocols),
    });
    this.#protocol = createWsProtocol({
      pipeline,
      executions,
      initTimeout: options.initTimeout ?? 5 * SECOND,
      mostOperations: options.mostOperations ?? 100,
    });
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeat ?? 12 * SECOND);
    this.#heartbeat.unref();
  }

  get open(): number {
    return this.#connections.size;
  }

  get waitingBytes(): number {
    return [...this.#connections].reduce((sum, connection) => sum + connection.waitingBytes, 0);
  }

  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ignore = (): void => {};
    socket.on('error', ignore);
    const { callers, cap, pipeline } = this.#parts;
    const call = callers.callOf(req, 'WEBSOCKET');
    const { requestId, origin } = call;
    const fault = this.#faultOf(req);
    const place = fault ?? cap.take(origin.address);
    if (typeof place !== 'function') {
      const refusal = typeof place === 'string' ? TOO_MANY[place] : place;
      pipeline.refuse(call, CODE[refusal[0]], refusal[1]);
      refuse(socket, requestId, refusal);
      return;
    }
    // Also when the handshake fails, or the client goes before it is done.
    socket.once('close', place);
    const credentials: CallCredentials = { ...callers.credentialsOf(req), ...origin, requestId };
    this.#wss.handleUpgrade(req, socket, head, (client) => {
      socket.off('error', ignore);
      this.#accept(client, credentials);
    });
  }

  #faultOf(req: IncomingMessage): Refusal | null {
    const { origin } = req.headers;
    if ((req.url ?? '').split('?', 1)[0] !== PATH) return [404, `WebSockets are at ${PATH}.`];
    if (this.#closing) return [503, 'The server stops: connect again in a moment.'];
    if (origin === undefined || this.#origins.has(origin) || this.#parts.callers.isOwnPage(req)) return null;
    return [403, 'Pages of this origin may not connect here.'];
  }

  #accept(socket: WebSocket, credentials: CallCredentials): void {
    const { pipeline, clock, options } = this.#parts;
    const connection = new WsConnection(socket, options.queueBytes);
    this.#connections.add(connection);
    let stopWatching = (): void => {};
    const closed = this.#protocol.opened(this.#adapter(connection), {
      connection,
      credentials,
      onAccepted: (ctx) => {
        if (!connection.isOpen) return;
        connection.ctx = ctx;
        stopWatching = watchRightsEnd(pipeline, clock, ctx, (end) => {
          connection.ctx = null;
          connection.close(CloseCode.Forbidden, end === 'EXPIRED' ? 'Token expired' : 'Token revoked');
        });
      },
    });
    socket.on('pong', () => {
      connection.alive = true;
    });
    // ws closes the socket itself after an error of the peer (a frame too large, not UTF-8, a reset).
    socket.on('error', () => {});
    socket.once('close', (code, reason) => {
      stopWatching();
      connection.dispose();
      this.#connections.delete(connection);
      closed(code, String(reason)).catch(this.#parts.onFault);
    });
  }

  #adapter(connection: WsConnection): Parameters<Server<WsExtra>['opened']>[0] {
    const { socket } = connection;
    return {
      protocol: socket.protocol,
      send: (text) => connection.send(text),
      close: (code = CloseCode.InternalServerError, reason = '') => connection.close(code, reason),
      onMessage: (take) => {
        socket.on('message', (data) => {
          connection.alive = true;
          // A closing socket still hears what the peer had sent before it knew.
          if (!connection.isOpen) return;
          take(String(data)).catch((error: unknown) => this.#failed(connection, error));
        });
      },
    };
  }

  #failed(connection: WsConnection, error: unknown): void {
    if (error instanceof Error && error.message.startsWith('Unexpected message of type')) {
      connection.close(CloseCode.BadRequest, 'Invalid message received');
      return;
    }
    this.#parts.onFault(error);
    connection.close(CloseCode.InternalServerError, 'Internal server error');
  }

  #beat(): void {
    for (const connection of this.#connections) {
      if (!connection.alive) {
        connection.socket.terminate();
        continue;
      }
      connection.alive = false;
      if (connection.isOpen) connection.socket.ping();
    }
  }

  async close(grace: number): Promise<void> {
    this.#closing = true;
    clearInterval(this.#heartbeat);
    const gone = [...this.#connections].map((connection) => {
      connection.close(SERVICE_RESTART, 'Service restart');
      return new Promise<void>((resolve) => connection.socket.once('close', () => resolve()));
    });
    const cutOff = setTimeout(() => {
      for (const { socket } of this.#connections) socket.terminate();
    }, grace);
    await Promise.all(gone);
    clearTimeout(cutOff);
  }
}

export function createWebSockets(parts: WebSocketParts): WebSockets {
  return new WebSocketSide(parts);
}
