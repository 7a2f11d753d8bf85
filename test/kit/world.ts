import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLSchema,
  parse,
  subscribe,
  validate,
} from 'graphql';
import { MIGRATIONS } from '../../migrations/all.js';
import { Activities } from '../../src/auth/activity.js';
import type { Actor, Ctx } from '../../src/auth/actor.js';
import { Revocations } from '../../src/auth/revocations.js';
import { systemRandom } from '../../src/auth/secret.js';
import { ApiTokens } from '../../src/auth/tokens.js';
import { createClusterDirectory } from '../../src/cluster/cluster-directory.js';
import { createClusterService } from '../../src/cluster/cluster-service.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { inProcessDoorbell } from '../../src/events/doorbell/in-process.js';
import { openEventLog } from '../../src/events/event-log.js';
import { createOutbox } from '../../src/events/outbox.js';
import { createOutputLog } from '../../src/events/output-log.js';
import { createTaskEventLog } from '../../src/events/task-event-log.js';
import { createHistoryAnalysis } from '../../src/history/analysis.js';
import { createReportService } from '../../src/history/intake/report-service.js';
import { createRetentionService, type RetentionService } from '../../src/history/retention/retention-service.js';
import type { Ages } from '../../src/history/retention/rules.js';
import { createHistoryService } from '../../src/history/service.js';
import { createClientService } from '../../src/jobs/client-service.js';
import { DEFAULT_JOBS_SETTINGS, type JobsDeps, type JobsSettings } from '../../src/jobs/deps.js';
import { jobRunKind } from '../../src/jobs/firing.js';
import { runBelongings } from '../../src/jobs/run-belongings.js';
import { runLeaseKind } from '../../src/jobs/run-expiry.js';
import { createRunService } from '../../src/jobs/run-service.js';
import { createJobService } from '../../src/jobs/service.js';
import { jobStaleKind } from '../../src/jobs/stale.js';
import { systemIds } from '../../src/lib/ids.js';
import { createLive } from '../../src/live/hub.js';
import { historyRetentionChore, silenceChore } from '../../src/main/chores.js';
import { createDirectory } from '../../src/scheduler/directory/directory.js';
import type { SchemaContext, Services } from '../../src/schema/context.js';
import { buildSchema } from '../../src/schema/schema.js';
import { silentLogger } from '../../src/telemetry/logger.js';
import { ADMIN } from './actors.js';
import { FakeClock } from './clock.js';
import { createEngine, type Engine, FOR_EVER } from './engine.js';
import { migratedDatabase } from './migrated.js';
import type { DatabaseKind } from './stores.js';

export interface WorldOptions {
  store?: DatabaseKind;
  clock?: FakeClock;
  /** What differs from the default settings of the jobs. */
  settings?: Partial<JobsSettings>;
  /** Turns the chores of the history on: how long its parts are kept (0 = for ever), and how long a deployment may be silent. */
  history?: Partial<Ages> & { reportTimeout?: number };
  /** Milliseconds between looks at the event log that nobody rang for, which number what has no number. Default 1,000. */
  interval?: number;
  /** Called with each SQL statement. */
  onStatement?: (sql: string) => void;
}

type Variables = Record<string, unknown>;

/** A server without HTTP: a database of its own, the domain's services, the schema, an engine and a clock. */
export interface World {
  readonly db: Database;
  readonly clock: FakeClock;
  readonly deps: JobsDeps;
  readonly services: Services & { readonly retention: RetentionService };
  readonly engine: Engine;
  readonly schema: GraphQLSchema;
  /** Each SQL statement since the world began. */
  readonly statements: string[];
  /** What the schema answers. Throws when the document is not valid. */
  execute(document: string, variables?: Variables, as?: Actor): Promise<ExecutionResult>;
  /** The data of an answer. Throws when it has errors. */
  gql<T = Record<string, never>>(document: string, variables?: Variables, as?: Actor): Promise<T>;
  /** The data of each event. Throws when the subscription is refused; ends with the signal. */
  follow<T>(document: string, variables: Variables, as: Actor, signal: AbortSignal): Promise<AsyncIterable<T>>;
  context(as: Actor, signal?: AbortSignal): SchemaContext;
  /** Lets time pass, then fires what has become due. */
  pass(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** Built once a process: it is the same for every world. */
let schema: GraphQLSchema | undefined;

/** Who calls, as the domain's functions take it. */
export const ctxOf = (as: Actor): Ctx => ({ actor: as, requestId: 'test', origin: { via: 'HTTP', address: null } });

function checked(document: string): DocumentNode {
  schema ??= buildSchema();
  const parsed = parse(document);
  const [error] = validate(schema, parsed);
  if (error) throw error;
  return parsed;
}

function dataOf<T>(result: ExecutionResult): T {
  const [error] = result.errors ?? [];
  if (error) throw error.originalError ?? error;
  return result.data as T;
}

async function* dataOfEach<T>(results: AsyncIterable<ExecutionResult>): AsyncIterable<T> {
  for await (const result of results) yield dataOf<T>(result);
}

export async function createWorld(options: WorldOptions = {}): Promise<World> {
  const store = await migratedDatabase(options.store ?? 'sqlite');
  const clock = options.clock ?? new FakeClock();
  const statements: string[] = [];
  const db = await openDatabase({ url: store.url, clock, onStatement: (sql) => void statements.push(sql) }, MIGRATIONS);
  const doorbell = inProcessDoorbell();
  const faults: unknown[] = [];
  const { interval } = options;
  const log = await openEventLog({
    db,
    doorbell,
    ...(interval && { interval }),
    onFault: (error) => faults.push(error),
  });
  const outbox = createOutbox(log.bell, systemIds);
  const engine = await createEngine(db, log.bell);
  const activities = new Activities({ db, outbox, ids: systemIds });
  const deps: JobsDeps = {
    db,
    outbox,
    planner: engine.planner,
    ids: systemIds,
    clock,
    activity: (tx, ctx, entry) => activities.record(tx, ctx, entry),
    settings: { ...DEFAULT_JOBS_SETTINGS, ...options.settings },
  };
  engine.kinds.add(jobRunKind(deps));
  engine.kinds.add(runLeaseKind(deps));
  engine.kinds.add(jobStaleKind(deps));
  const live = createLive({
    feed: log.feed,
    outputs: createOutputLog(db),
    taskEvents: createTaskEventLog(db),
    doorbell,
  });
  const retention = createRetentionService({
    ...deps,
    log: { info: () => {}, warn: ({ error }: { error?: unknown }) => void faults.push(error) },
    belongings: [runBelongings(deps)],
    ages: { rows: 0, summaries: 0, events: 0, ...options.history },
    onDeleted: () => {},
  });
  if (options.history) await planChores(engine, deps, retention, options.history.reportTimeout ?? 0);
  const tokens = new ApiTokens({
    db,
    ids: systemIds,
    random: systemRandom,
    activities,
    revocations: new Revocations(),
  });
  const services: World['services'] = {
    activities,
    refused: async (ctx, entry) => void (await activities.recordApart(ctx, entry)),
    tokens,
    loginLink: () => Promise.reject(new Error('There are no browsers in this world.')),
    serverInfo: { name: 'world', version: '0.0.0', startedAt: clock.now(), role: 'all', database: db.dialect },
    storeNow: () => db.now(),
    jobs: createJobService(deps),
    runs: createRunService(deps),
    history: createHistoryService(deps),
    retention,
    analysis: createHistoryAnalysis(deps),
    reports: createReportService({ ...deps, clusters: createClusterDirectory(deps) }),
    clients: createClientService(deps),
    clusters: createClusterService(deps),
    directory: createDirectory({ ...deps, bell: log.bell, silence: FOR_EVER }),
    live,
  };
  const context = (as: Actor, signal = new AbortController().signal): SchemaContext => ({
    ...ctxOf(as),
    services,
    signal,
    rateLimit: { cost: 0, limit: null, remaining: null, resetAt: null },
  });
  const run = async (document: string, variableValues: Variables = {}, as = ADMIN): Promise<ExecutionResult> => {
    const parsed = checked(document);
    return execute({ schema: built(), document: parsed, variableValues, contextValue: context(as) });
  };
  return {
    db,
    clock,
    deps,
    services,
    engine,
    schema: built(),
    statements,
    context,
    execute: run,
    gql: async <T>(document: string, variables?: Variables, as?: Actor) =>
      dataOf<T>(await run(document, variables, as)),
    async follow<T>(document: string, variableValues: Variables, as: Actor, signal: AbortSignal) {
      const args = { schema: built(), document: checked(document), variableValues, contextValue: context(as, signal) };
      const results = await subscribe(args);
      if (!(Symbol.asyncIterator in results)) throw results.errors?.[0] ?? new Error('The subscription was refused.');
      return dataOfEach<T>(results);
    },
    async pass(milliseconds) {
      clock.forward(milliseconds);
      await engine.fireDue();
    },
    async close() {
      await retention.stop();
      await log.close();
      doorbell.close();
      await db.close();
      await store.drop();
    },
  };
}

/** Lets the engine do what it does for the history beside its other work. */
async function planChores(
  engine: Engine,
  deps: JobsDeps,
  retention: RetentionService,
  reportTimeout: number,
): Promise<void> {
  for (const kind of [historyRetentionChore(deps, retention), silenceChore({ ...deps, reportTimeout }, silentLogger)]) {
    engine.kinds.add(kind);
    for await (const desired of kind.desired()) {
      await deps.db.transaction((tx) => engine.planner.plan(tx, kind.kind, desired));
    }
  }
}

function built(): GraphQLSchema {
  schema ??= buildSchema();
  return schema;
}
