import type { Activities, ActivityEntry } from '../auth/activity.js';
import type { Ctx } from '../auth/actor.js';
import type { ApiTokens } from '../auth/tokens.js';
import type { ClusterService } from '../cluster/cluster-service.js';
import type { HistoryAnalysis } from '../history/analysis.js';
import type { ReportService } from '../history/intake/report-service.js';
import type { RetentionService } from '../history/retention/retention-service.js';
import type { HistoryService } from '../history/service.js';
import type { ClientService } from '../jobs/client-service.js';
import type { RunService } from '../jobs/run-service.js';
import type { JobService } from '../jobs/service.js';
import type { Live } from '../live/hub.js';
import type { Directory } from '../scheduler/directory/directory.js';

/** What a server tells about itself. */
export interface ServerInfo {
  name: string;
  version: string;
  /** Epoch milliseconds. */
  startedAt: number;
  role: 'all' | 'api' | 'engine';
  database: 'sqlite' | 'mysql';
}

/** What a caller may still spend. */
export interface RateLimitView {
  cost: number;
  limit: number | null;
  remaining: number | null;
  /** Epoch milliseconds. */
  resetAt: number | null;
}

/** The domain's services, as the resolvers see them. */
export interface Services {
  readonly activities: Pick<Activities, 'list' | 'find'>;
  /** Keeps that a command was refused; never fails. */
  readonly refused: (ctx: Ctx, entry: ActivityEntry) => Promise<void>;
  readonly tokens: Pick<ApiTokens, 'create' | 'revoke' | 'list' | 'find'>;
  /** Makes a one-time link that logs a browser in with the caller's rights. */
  readonly loginLink: (ctx: Ctx, reason: string | null) => Promise<{ url: string; expiresAt: Date }>;
  readonly serverInfo: ServerInfo;
  /** The store's clock, in epoch milliseconds. */
  readonly storeNow: () => Promise<number>;
  readonly jobs: JobService;
  readonly runs: RunService;
  readonly history: HistoryService;
  readonly retention: Pick<RetentionService, 'delete' | 'tombstones' | 'tombstone' | 'status'>;
  readonly analysis: HistoryAnalysis;
  readonly reports: ReportService;
  readonly clients: ClientService;
  readonly clusters: ClusterService;
  readonly directory: Directory;
  readonly live: Live;
}

/** What a resolver gets: who calls, and the services. No field is optional. */
export interface SchemaContext extends Ctx {
  readonly services: Services;
  /** Ends when the caller goes away or the operation's time is over. */
  readonly signal: AbortSignal;
  readonly rateLimit: RateLimitView;
}

/** The context of one operation: a class, because V8 makes a new hidden class for each object literal with a getter. */
export class CallContext implements SchemaContext {
  readonly actor: Ctx['actor'];
  readonly requestId: string;
  readonly origin: Ctx['origin'];
  readonly services: Services;
  readonly rateLimit: RateLimitView;
  readonly #call: Pick<SchemaContext, 'signal' | 'rateLimit'>;

  constructor(
    { actor, requestId, origin }: Ctx,
    services: Services,
    call: Pick<SchemaContext, 'signal' | 'rateLimit'>,
  ) {
    this.actor = actor;
    this.requestId = requestId;
    this.origin = origin;
    this.services = services;
    this.rateLimit = call.rateLimit;
    this.#call = call;
  }

  /** Made when a resolver asks for it: most operations end before. */
  get signal(): AbortSignal {
    return this.#call.signal;
  }
}
