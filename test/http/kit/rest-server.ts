import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { Activities } from '../../../src/auth/activity.js';
import { SYSTEM } from '../../../src/auth/actor.js';
import { Authenticator } from '../../../src/auth/authenticate.js';
import { Revocations } from '../../../src/auth/revocations.js';
import { Sessions } from '../../../src/auth/sessions.js';
import { ApiTokens, type NewToken } from '../../../src/auth/tokens.js';
import { isConnectionLost } from '../../../src/db/failures.js';
import { createExportService, type ExportService } from '../../../src/history/export/export-service.js';
import { Callers } from '../../../src/http/caller.js';
import { Pipeline } from '../../../src/http/pipeline.js';
import { createOperations } from '../../../src/http/prepared.js';
import { createRest } from '../../../src/http/rest/rest.js';
import { startHttpServer } from '../../../src/http/server.js';
import { createYogaWay } from '../../../src/http/yoga.js';
import { systemIds } from '../../../src/lib/ids.js';
import { Health } from '../../../src/telemetry/health.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { Metrics } from '../../../src/telemetry/metrics.js';
import { createWorld, type World, type WorldOptions } from '../../kit/world.js';

export interface RestServerOptions extends WorldOptions {
  /** Milliseconds after which a client that takes nothing is cut off. */
  idle?: number;
  /** Cost that one token may spend a minute. */
  rateLimit?: number;
  /** What is read instead of the world's tasks. */
  exports?: (own: ExportService) => ExportService;
}

/** A world that answers REST by HTTP. */
export interface RestServer {
  readonly world: World;
  readonly port: number;
  readonly metrics: Metrics;
  readonly logged: string[];
  /** A new token with these rights; an admin's where nothing is said. */
  token(grant?: Partial<NewToken>): Promise<{ id: string; text: string }>;
  revoke(id: string): Promise<void>;
  /** Asks with an admin's token, or with the headers given. */
  get(path: string, init?: RequestInit): Promise<Response>;
  /** The body of an answer. Throws when it is not a 200. */
  json<T>(path: string): Promise<T>;
  /** A connection that has asked for a path and reads nothing yet. */
  ask(path: string, version?: '1.0' | '1.1'): Promise<Socket>;
  stop(): Promise<void>;
}

export async function startRestServer(options: RestServerOptions = {}): Promise<RestServer> {
  const world = await createWorld(options);
  const { db, clock, schema } = world;
  const logged: string[] = [];
  const log = createLogger({ level: 'info', to: { write: (line) => logged.push(line) } });
  const metrics = new Metrics({ processMetrics: false });
  const health = new Health();
  const revocations = new Revocations();
  const parts = { db, ids: systemIds, clock, random: randomBytes };
  const tokens = new ApiTokens({ ...parts, revocations, activities: new Activities(world.deps) });
  const sessions = new Sessions(parts);
  const authenticator = new Authenticator({ db, clock, sessions, revocations, adminToken: null, checkJwt: null });
  const pipeline = new Pipeline({
    schema,
    createContext: (ctx) => world.context(ctx.actor),
    clock,
    log,
    metrics,
    isUnavailable: isConnectionLost,
    options: {
      maxDepth: 20,
      maxAliases: 50,
      maxDirectives: 50,
      maxTokens: 2_000,
      maxComplexity: 50_000,
      rateLimit: options.rateLimit ?? 0,
      operationTimeoutMs: 30_000,
      introspection: true,
    },
  });
  const callers = new Callers({ trustedProxies: [], publicUrl: null });
  const operations = createOperations({ schema, pipeline, authenticator, revocations });
  const own = createExportService({ db });
  const rest = createRest({
    pipeline,
    operations,
    authenticator,
    callers,
    clock,
    metrics,
    log,
    history: world.services.history,
    exports: options.exports?.(own) ?? own,
    ...(options.idle === undefined ? {} : { idle: options.idle }),
  });
  const http = await startHttpServer({
    options: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      name: 'test',
      maxBodyBytes: 1_048_576,
      graphiql: false,
      metricsPublic: true,
      corsOrigins: [],
      shutdownTimeoutMs: 1_000,
    },
    callers,
    pipeline,
    yoga: createYogaWay(schema, pipeline, log, 1_048_576),
    authenticator,
    sessions,
    health,
    metrics,
    clock,
    log,
    routes: rest,
  });
  const token = async (grant: Partial<NewToken> = {}): Promise<{ id: string; text: string }> => {
    const made = await tokens.create(SYSTEM, { name: 'test', role: 'ADMIN', ...grant });
    return { id: made.token.id, text: made.text };
  };
  const admin = await token();
  const get = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${http.port}${path}`, { headers: { authorization: `Bearer ${admin.text}` }, ...init });
  return {
    world,
    port: http.port,
    metrics,
    logged,
    token,
    revoke: async (id) => {
      await tokens.revoke(SYSTEM, id);
    },
    get,
    json: async <T>(path: string) => {
      const answer = await get(path);
      if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as T;
    },
    ask: async (path, version = '1.1') => {
      const socket = connect({ port: http.port, host: '127.0.0.1' });
      socket.pause();
      await new Promise((resolve) => socket.once('connect', resolve));
      const lines = [`GET ${path} HTTP/${version}`, 'Host: test', `Authorization: Bearer ${admin.text}`];
      socket.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`);
      return socket;
    },
    async stop() {
      await http.stop();
      await world.close();
    },
  };
}
