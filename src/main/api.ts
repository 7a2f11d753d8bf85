import { checkReason } from '../auth/reason.js';
import { LOGIN_CODE_LIFETIME } from '../auth/sessions.js';
import type { Config } from '../config/config.js';
import { isConnectionLost } from '../db/failures.js';
import { Callers } from '../http/caller.js';
import { ConnectionCap } from '../http/connections.js';
import { Pipeline } from '../http/pipeline.js';
import { createOperations } from '../http/prepared.js';
import { createRest } from '../http/rest/rest.js';
import { type HttpServer, startHttpServer } from '../http/server.js';
import { createEventStreams, type EventStreams } from '../http/sse.js';
import { createWebSockets, type WebSockets } from '../http/websocket.js';
import { createYogaWay } from '../http/yoga.js';
import { SECOND, systemClock } from '../lib/time.js';
import { createExecutions, type Executions } from '../live/executions.js';
import { CallContext, type Services } from '../schema/context.js';
import { buildSchema } from '../schema/schema.js';
import type { Domain, Identity, Telemetry } from './domain.js';
import type { Stores } from './stores.js';

/** The one port of this process, listening. */
export interface Api {
  readonly url: string;
  readonly port: number;
  /** Sends the live connections elsewhere, lets what is under way end, closes. */
  stop(): Promise<void>;
}

function createServices(
  config: Config,
  stores: Stores,
  domain: Domain,
  identity: Identity,
  { log }: Pick<Telemetry, 'log'>,
  url: () => string,
): Services {
  const { rights, jobs, runs, history, retention, analysis, reports, clients, clusters, directory, live } = domain;
  return {
    activities: rights.activities,
    refused: async (ctx, entry) => {
      try {
        await rights.activities.recordApart(ctx, entry);
      } catch (error) {
        log.warn({ error, requestId: ctx.requestId, action: entry.action }, 'a refused command is not in the activity');
      }
    },
    tokens: rights.tokens,
    loginLink: async (ctx, given) => {
      const reason = checkReason(given);
      const code = await rights.sessions.makeCode(ctx.actor);
      const entry = { action: 'loginLinkCreate', subject: ctx.actor.id.slice(0, 64), project: ctx.actor.project };
      await rights.activities.recordApart(ctx, { ...entry, outcome: 'OK', ...(reason ? { detail: { reason } } : {}) });
      return { url: `${url()}/login?code=${code}`, expiresAt: new Date(systemClock.now() + LOGIN_CODE_LIFETIME) };
    },
    serverInfo: { ...identity, startedAt: systemClock.now(), role: config.server.role, database: stores.db.dialect },
    storeNow: () => stores.db.now(),
    jobs,
    runs,
    history,
    retention,
    analysis,
    reports,
    clients,
    clusters,
    directory,
    live,
  };
}

function createPipeline(config: Config, services: Services, telemetry: Telemetry) {
  const { limits, rights } = config;
  const schema = buildSchema();
  const pipeline = new Pipeline({
    schema,
    createContext: (ctx, call) => new CallContext(ctx, services, call),
    clock: systemClock,
    log: telemetry.log,
    metrics: telemetry.metrics,
    isUnavailable: isConnectionLost,
    options: {
      introspection: rights.introspection,
      maxDepth: limits.maxDepth,
      maxAliases: limits.maxAliases,
      maxDirectives: limits.maxDirectives,
      maxTokens: limits.maxTokens,
      maxComplexity: limits.maxComplexity,
      rateLimit: limits.rateLimit,
      operationTimeoutMs: limits.operationTimeout,
    },
  });
  return { schema, pipeline };
}

interface LiveSide {
  sockets: WebSockets;
  streams: EventStreams;
}

function createLiveSide(
  config: Config,
  executions: Executions,
  operations: ReturnType<typeof createOperations>,
  callers: Callers,
  { log, metrics }: Telemetry,
): LiveSide {
  const shared = {
    pipeline: operations,
    executions,
    callers,
    cap: new ConnectionCap(config.live.maxConnections),
    clock: systemClock,
  };
  const limits = { maxBodyBytes: config.limits.maxBodyBytes, queueBytes: config.live.maxQueueBytes };
  const sockets = createWebSockets({
    ...shared,
    onFault: (error) => log.error({ error }, 'a live connection failed'),
    options: { ...limits, origins: config.rights.websocketOrigins },
  });
  const streams = createEventStreams({ ...shared, options: limits });
  metrics.gauge('orrery_websockets_open', 'WebSocket connections.', () => sockets.open);
  metrics.gauge('orrery_event_streams_open', 'Server-sent event streams.', () => streams.open);
  metrics.gauge('orrery_live_members', 'Subscribers that share executions.', () => executions.counts().members);
  metrics.gauge('orrery_live_groups', 'Executions that are shared.', () => executions.counts().groups);
  return { sockets, streams };
}

/** Opens the one port. Throws ListenError when it cannot listen. */
export async function startApi(
  config: Config,
  stores: Stores,
  domain: Domain,
  identity: Identity,
  telemetry: Telemetry,
): Promise<Api> {
  const { rights } = domain;
  let url = '';
  const services = createServices(config, stores, domain, identity, telemetry, () => url);
  const { schema, pipeline } = createPipeline(config, services, telemetry);
  const operations = createOperations({ schema, pipeline, ...rights });
  const { publicUrl, trustedProxies } = config.server;
  const callers = new Callers({ trustedProxies, publicUrl });
  const executions = createExecutions();
  const { sockets, streams } = createLiveSide(config, executions, operations, callers, telemetry);
  const { history, exports } = domain;
  const { authenticator } = rights;
  const clock = systemClock;
  const entries = { pipeline, operations, authenticator, callers, clock, ...telemetry };
  const server: HttpServer = await startHttpServer({
    ...telemetry,
    options: {
      host: config.server.host,
      port: config.server.port,
      publicUrl,
      name: identity.name,
      maxBodyBytes: config.limits.maxBodyBytes,
      graphiql: config.rights.graphiql,
      metricsPublic: config.rights.metricsPublic,
      corsOrigins: config.rights.corsOrigins,
      shutdownTimeoutMs: config.server.shutdownTimeout,
    },
    callers,
    pipeline,
    yoga: createYogaWay(schema, pipeline, telemetry.log, config.limits.maxBodyBytes),
    authenticator: rights.authenticator,
    sessions: rights.sessions,
    clock: systemClock,
    eventStream: streams.route,
    routes: createRest({ ...entries, history, exports }),
    upgrade: (req, socket, head) => sockets.upgrade(req, socket, head),
  });
  url = server.url;
  return {
    url,
    port: server.port,
    stop: async () => {
      streams.close();
      await sockets.close(SECOND);
      await server.stop();
    },
  };
}
