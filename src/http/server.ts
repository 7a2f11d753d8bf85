import { createServer, type Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SECOND } from '../lib/time.js';
import { listen } from './listen.js';
import type { HttpParts } from './parts.js';
import { createRouter } from './router.js';

/** A server that listens. */
export interface HttpServer {
  readonly server: Server;
  /** Where people reach it, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Takes nothing new, waits for what is under way, then closes every connection. */
  stop(): Promise<void>;
}

/** A client that sends its header or body drop by drop is cut off after these. */
const HEADERS_TIMEOUT = 10 * SECOND;
const REQUEST_TIMEOUT = 30 * SECOND;
const KEEP_ALIVE = 65 * SECOND;
const MAX_HEADER_BYTES = 16_384;

function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return;
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

/** Starts the one port of the server. Throws ListenError when it cannot listen. */
export async function startHttpServer(parts: HttpParts): Promise<HttpServer> {
  const { options } = parts;
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: HEADERS_TIMEOUT,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE,
    connectionsCheckingInterval: 2 * SECOND,
    noDelay: true,
  });
  server.on('request', createRouter(parts));
  server.on('clientError', refuseBroken);
  if (parts.upgrade) server.on('upgrade', parts.upgrade);
  // Among them those that became WebSockets, of which the HTTP server knows no more.
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const port = await listen(server, options.host, options.port);
  const host = options.host.includes(':') && !options.host.startsWith('[') ? `[${options.host}]` : options.host;
  const url = (options.publicUrl ?? `http://${host}:${port}`).replace(/\/$/, '');
  return { server, url, port, stop: () => stop(server, open, parts) };
}

/** How often a stop looks for connections that have nothing under way any more. */
const IDLE_CHECK_MS = 50;

async function stop(
  server: Server,
  open: ReadonlySet<Socket>,
  { options, pipeline, health }: HttpParts,
): Promise<void> {
  health.setReady(false);
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
  const end = setTimeout(() => {
    pipeline.cancelAll();
    for (const socket of open) socket.destroy();
  }, options.shutdownTimeoutMs);
  await closed;
  clearInterval(idle);
  clearTimeout(end);
}
