import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import fastify from 'fastify';
import type { GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import mercurius from 'mercurius';
import { Authenticator } from '../src/auth/authenticate.js';
import { Revocations } from '../src/auth/revocations.js';
import { Sessions } from '../src/auth/sessions.js';
import { openDatabase } from '../src/db/database.js';
import { Callers } from '../src/http/caller.js';
import { type OperationCall, Pipeline } from '../src/http/pipeline.js';
import { startHttpServer } from '../src/http/server.js';
import { createYogaWay } from '../src/http/yoga.js';
import { systemIds } from '../src/lib/ids.js';
import { systemClock } from '../src/lib/time.js';
import { Health } from '../src/telemetry/health.js';
import { silentLogger } from '../src/telemetry/logger.js';
import { Metrics } from '../src/telemetry/metrics.js';

export const SERVERS = ['orrery', 'mercurius', 'yoga', 'bare'] as const;
export type ServerName = (typeof SERVERS)[number];

interface Row {
  id: number;
  name: string;
}

const ROWS: readonly Row[] = Array.from({ length: 100 }, (_, id) => ({ id, name: `user ${id}` }));

function schemaOf(): GraphQLSchema {
  const builder = new SchemaBuilder<{ AuthScopes: { known: boolean } }>({
    plugins: [ScopeAuthPlugin, ComplexityPlugin],
    scopeAuth: { authScopes: () => ({ known: true }) },
    complexity: { defaultComplexity: 1, defaultListMultiplier: 10 },
  });
  const User = builder.objectRef<Row>('User').implement({
    fields: (t) => ({ id: t.exposeInt('id'), name: t.exposeString('name') }),
  });
  builder.queryType({
    fields: (t) => ({
      users: t.field({
        type: [User],
        args: { first: t.arg.int({ defaultValue: 50 }) },
        authScopes: { known: true },
        complexity: (args) => ({ field: 1, multiplier: args.first ?? 50 }),
        resolve: (_root, args) => ROWS.slice(0, args.first ?? 50),
      }),
    }),
  });
  return builder.toSchema();
}

/** Our server whole: authentication, limits, complexity, rate limit, metrics. */
async function serveOrrery(token: string): Promise<number> {
  const url = `sqlite:${join(tmpdir(), `orrery-bench-${randomBytes(6).toString('hex')}.sqlite`)}`;
  const db = await openDatabase({ url });
  const parts = { db, clock: systemClock, ids: systemIds, random: randomBytes };
  const sessions = new Sessions(parts);
  const metrics = new Metrics({ processMetrics: false });
  const schema = schemaOf();
  const options = {
    maxDepth: 20,
    maxAliases: 50,
    maxDirectives: 50,
    maxTokens: 2_000,
    maxComplexity: 50_000,
    rateLimit: 1_000_000_000,
    operationTimeoutMs: 30_000,
    introspection: true,
  };
  const log = silentLogger;
  const createContext = (ctx: object, call: OperationCall): object => ({
    ...ctx,
    rateLimit: call.rateLimit,
    get signal() {
      return call.signal;
    },
  });
  const pipeline = new Pipeline({
    schema,
    createContext,
    clock: systemClock,
    log,
    metrics,
    isUnavailable: () => false,
    options,
  });
  const revocations = new Revocations();
  const authenticator = new Authenticator({ ...parts, sessions, revocations, adminToken: token, checkJwt: null });
  const server = await startHttpServer({
    options: {
      host: '127.0.0.1',
      port: 0,
      publicUrl: null,
      name: 'bench',
      maxBodyBytes: 1_048_576,
      graphiql: false,
      metricsPublic: true,
      corsOrigins: [],
      shutdownTimeoutMs: 0,
    },
    callers: new Callers({ trustedProxies: [], publicUrl: null }),
    pipeline,
    yoga: createYogaWay(schema, pipeline, log, 1_048_576),
    authenticator,
    sessions,
    health: new Health(),
    metrics,
    clock: systemClock,
    log,
  });
  return server.port;
}

async function serveMercurius(): Promise<number> {
  const app = fastify();
  await app.register(mercurius, { schema: schemaOf(), jit: 1 });
  return Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

/** The limit: the same answer without GraphQL. */
function serveBare(): Promise<number> {
  return listen(
    createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        JSON.parse(Buffer.concat(chunks).toString());
        const text = JSON.stringify({ data: { users: ROWS } });
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
        res.end(text);
      });
    }),
  );
}

/** Starts one of the servers on a free port. */
export function serve(name: ServerName, token: string): Promise<number> {
  if (name === 'orrery') return serveOrrery(token);
  if (name === 'mercurius') return serveMercurius();
  if (name === 'yoga') return listen(createServer(createYoga({ schema: schemaOf(), logging: false })));
  return serveBare();
}
