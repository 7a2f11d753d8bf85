import { randomBytes } from 'node:crypto';
import type { GraphQLSchema } from 'graphql';
import { MIGRATIONS } from '../../../migrations/all.js';
import { Activities } from '../../../src/auth/activity.js';
import { SYSTEM } from '../../../src/auth/actor.js';
import { Authenticator } from '../../../src/auth/authenticate.js';
import { Revocations } from '../../../src/auth/revocations.js';
import { Sessions } from '../../../src/auth/sessions.js';
import { ApiTokens } from '../../../src/auth/tokens.js';
import { type Database, openDatabase } from '../../../src/db/database.js';
import { isConnectionLost } from '../../../src/db/failures.js';
import { createOutbox } from '../../../src/events/outbox.js';
import { Callers } from '../../../src/http/caller.js';
import type { OperationPipeline } from '../../../src/http/operation.js';
import type { HttpOptions } from '../../../src/http/parts.js';
import { Pipeline, type PipelineOptions } from '../../../src/http/pipeline.js';
import { createOperations } from '../../../src/http/prepared.js';
import { type HttpServer, startHttpServer } from '../../../src/http/server.js';
import { createYogaWay } from '../../../src/http/yoga.js';
import { systemIds } from '../../../src/lib/ids.js';
import { type Clock, systemClock } from '../../../src/lib/time.js';
import { Health } from '../../../src/telemetry/health.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { Metrics } from '../../../src/telemetry/metrics.js';
import { migratedDatabase } from '../../kit/migrated.js';
import { testSchema } from './schema.js';

const PIPELINE: PipelineOptions = {
  maxDepth: 20,
  maxAliases: 50,
  maxDirectives: 50,
  maxTokens: 2_000,
  maxComplexity: 50_000,
  rateLimit: 0,
  operationTimeoutMs: 30_000,
  introspection: true,
};

export interface TestServerOptions {
  http?: Partial<HttpOptions>;
  pipeline?: Partial<PipelineOptions>;
  clock?: Clock;
  schema?: GraphQLSchema;
  trustedProxies?: readonly string[];
  publicUrl?: string;
  adminToken?: string;
}

export interface TestServer {
  http: HttpServer;
  db: Database;
  tokens: ApiTokens;
  sessions: Sessions;
  revocations: Revocations;
  activities: Activities;
  health: Health;
  operations: OperationPipeline;
  /** The lines of the log so far. */
  logged: string[];
  /** The text of an admin token. */
  token: string;
  /** Lets `slow` fields end. */
  release: () => void;
  /** Why `slow` fields were ended. */
  aborted: unknown[];
  /** Posts JSON to /graphql with the admin token. */
  post(body: unknown, headers?: Record<string, string>): Promise<Response>;
  stop(): Promise<void>;
}

/** A server on a free port over a fresh SQLite database. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const store = await migratedDatabase('sqlite');
  const clock = options.clock ?? systemClock;
  const db = await openDatabase({ url: store.url, clock }, MIGRATIONS);
  const logged: string[] = [];
  const log = createLogger({ level: 'info', to: { write: (line) => logged.push(line) } });
  const metrics = new Metrics({ processMetrics: false });
  const health = new Health();
  const revocations = new Revocations();
  const parts = { db, ids: systemIds, clock, random: randomBytes };
  const outbox = createOutbox({ ring: () => {} }, systemIds);
  const activities = new Activities({ db, outbox, ids: systemIds });
  const tokens = new ApiTokens({ ...parts, activities, revocations });
  const sessions = new Sessions(parts);
  const adminToken = options.adminToken ?? null;
  const authenticator = new Authenticator({ db, clock, sessions, revocations, adminToken, checkJwt: null });
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const aborted: unknown[] = [];
  const schema = options.schema ?? testSchema();
  const pipeline = new Pipeline({
    schema,
    createContext: (ctx, call) => ({
      ...ctx,
      rateLimit: call.rateLimit,
      signal: call.signal,
      gate,
      onAbort: (reason: unknown) => aborted.push(reason),
    }),
    clock,
    log,
    metrics,
    isUnavailable: isConnectionLost,
    options: { ...PIPELINE, ...options.pipeline },
  });
  const httpOptions: HttpOptions = {
    host: '127.0.0.1',
    port: 0,
    publicUrl: options.publicUrl ?? null,
    name: 'test',
    maxBodyBytes: 1_048_576,
    graphiql: true,
    metricsPublic: true,
    corsOrigins: [],
    shutdownTimeoutMs: 5_000,
    ...options.http,
  };
  const http = await startHttpServer({
    options: httpOptions,
    callers: new Callers({ trustedProxies: options.trustedProxies ?? [], publicUrl: httpOptions.publicUrl }),
    pipeline,
    yoga: createYogaWay(schema, pipeline, log, httpOptions.maxBodyBytes),
    authenticator,
    sessions,
    health,
    metrics,
    clock,
    log,
  });
  health.setReady(true);
  const { text: token } = await tokens.create(SYSTEM, { name: 'test admin', role: 'ADMIN' });
  return {
    http,
    db,
    tokens,
    sessions,
    revocations,
    activities,
    health,
    operations: createOperations({ schema, pipeline, authenticator, revocations }),
    logged,
    token,
    release,
    aborted,
    post: (body, headers = {}) =>
      fetch(`http://127.0.0.1:${http.port}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    async stop() {
      release();
      await http.stop();
      await db.close();
      await store.drop();
    },
  };
}
