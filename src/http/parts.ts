import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Authenticator } from '../auth/authenticate.js';
import type { Sessions } from '../auth/sessions.js';
import type { Clock } from '../lib/time.js';
import type { Health } from '../telemetry/health.js';
import type { Logger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { Callers } from './caller.js';
import type { Pipeline } from './pipeline.js';
import type { YogaWay } from './yoga.js';

export interface HttpOptions {
  host: string;
  port: number;
  /** The URL that people reach this server by; null: host and port. */
  publicUrl: string | null;
  /** The name of the service, shown by the health pages. */
  name: string;
  maxBodyBytes: number;
  graphiql: boolean;
  /** Whether /metrics answers without a token. */
  metricsPublic: boolean;
  corsOrigins: readonly string[];
  /** How long a stop waits for requests under way, in milliseconds. */
  shutdownTimeoutMs: number;
  /** Whether JSON by POST takes the short way; left out, it does. The audits test both ways. */
  fastPath?: boolean;
}

/** Answers requests of one path. May throw: the failure is logged and masked. */
export type Route = (req: IncomingMessage, res: ServerResponse, url: URL) => void | Promise<void>;

/** What the HTTP server is made of. */
export interface HttpParts {
  options: HttpOptions;
  callers: Callers;
  pipeline: Pipeline;
  yoga: YogaWay;
  authenticator: Authenticator;
  sessions: Sessions;
  health: Health;
  metrics: Metrics;
  clock: Clock;
  log: Logger;
  /** Answers a request for an event stream (`Accept: text/event-stream`). */
  eventStream?: Route;
  /** Takes over a connection that asks for another protocol (WebSocket). */
  upgrade?: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Further paths: exact ones, or prefixes that end in `/`. */
  routes?: ReadonlyMap<string, Route>;
}
