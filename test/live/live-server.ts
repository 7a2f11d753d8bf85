import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Callers } from '../../src/http/caller.js';
import { ConnectionCap } from '../../src/http/connections.js';
import { createEventStreams, type EventStreams } from '../../src/http/sse.js';
import { createWebSockets, type WebSocketOptions, type WebSockets } from '../../src/http/websocket.js';
import { systemClock } from '../../src/lib/time.js';
import { createExecutions, type Executions } from '../../src/live/executions.js';
import type { Process } from '../events/log-kit.js';
import { hubOf } from './live-kit.js';
import { TestPipeline } from './test-pipeline.js';

/** One server process with its port: WebSocket and SSE over the test schema. */
export interface LiveServer {
  /** `http://127.0.0.1:port/graphql` */
  url: string;
  wsUrl: string;
  pipeline: TestPipeline;
  executions: Executions;
  sockets: WebSockets;
  streams: EventStreams;
  /** Which runs have ended. */
  ended: Set<string>;
  faults: unknown[];
  close(): Promise<void>;
}

export interface LiveServerOptions extends Partial<WebSocketOptions> {
  most?: number;
  mostOfAddress?: number;
}

/** An hour: no heartbeat within a test that does not ask for one. */
const NEVER = 3_600_000;

export async function startLiveServer(process: Process, options: LiveServerOptions = {}): Promise<LiveServer> {
  const faults: unknown[] = [];
  const ended = new Set<string>();
  const live = hubOf(process);
  const pipeline = new TestPipeline({ live, executed: { count: 0 }, isEnded: async () => ended.size > 0 });
  const executions = createExecutions();
  const { most = 1_000, mostOfAddress, queueBytes = 1_048_576, heartbeat = NEVER, ...rest } = options;
  const limits = { maxBodyBytes: 100_000, queueBytes, heartbeat };
  const cap = new ConnectionCap(most, mostOfAddress);
  const callers = new Callers({ trustedProxies: [], publicUrl: null });
  const shared = { pipeline, executions, callers, cap, clock: systemClock };
  const onFault = (error: unknown): void => void faults.push(error);
  const sockets = createWebSockets({ ...shared, onFault, options: { ...limits, origins: [], ...rest } });
  const streams = createEventStreams({ ...shared, options: limits });
  const http = createServer((req, res) => {
    Promise.resolve(streams.route(req, res, new URL(req.url ?? '/', 'http://localhost'))).catch(onFault);
  });
  http.on('upgrade', (req, socket, head) => sockets.upgrade(req, socket, head));
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const { port } = http.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    wsUrl: `ws://127.0.0.1:${port}/graphql`,
    pipeline,
    executions,
    sockets,
    streams,
    ended,
    faults,
    async close() {
      streams.close();
      await sockets.close(1_000);
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
