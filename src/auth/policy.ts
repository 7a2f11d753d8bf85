import { ForbiddenError } from '../lib/errors.js';
import type { Ctx, Role } from './actor.js';

/**
 * How far a root field reaches once a role may use it. The domain keeps to it with the words of scope.ts.
 * `SELF`: the caller's own rights or nothing that belongs to anybody. `PROJECT`: the caller's project (every project
 * for a caller of all), and for an agent its own client within it. `OPERATOR`: what belongs to no project, for callers of
 * all projects only.
 */
type Reach = 'SELF' | 'PROJECT' | 'OPERATOR';

/** What one root field asks for. */
export interface Rule {
  roles: readonly Role[];
  reach: Reach;
}

const ANYBODY: readonly Role[] = ['ADMIN', 'OPERATOR', 'MEMBER', 'READER', 'AGENT'];
const PEOPLE: readonly Role[] = ['ADMIN', 'OPERATOR', 'MEMBER', 'READER'];
const WORKERS: readonly Role[] = ['ADMIN', 'OPERATOR', 'MEMBER'];
const ADMINS: readonly Role[] = ['ADMIN'];
const AGENTS: readonly Role[] = ['ADMIN', 'AGENT'];

const OPERATORS: readonly Role[] = ['ADMIN', 'OPERATOR'];
const OVERSEERS: readonly Role[] = ['ADMIN', 'OPERATOR', 'READER'];

const self = (roles: readonly Role[]): Rule => ({ roles, reach: 'SELF' });
const project = (roles: readonly Role[]): Rule => ({ roles, reach: 'PROJECT' });
const operator = (roles: readonly Role[]): Rule => ({ roles, reach: 'OPERATOR' });

/**
 * The one policy table: every root field of the schema, and which roles may use it. A field that is not here is closed
 * to everyone; a test holds the table and the schema equal.
 */
export const POLICY = {
  // any
  node: project(ANYBODY),
  nodes: project(ANYBODY),
  viewer: self(ANYBODY),
  serverInfo: self(ANYBODY),
  rateLimit: self(ANYBODY),
  activity: project(PEOPLE),
  activityRecorded: project(PEOPLE),
  // jobs
  jobs: project(PEOPLE),
  job: project(ANYBODY),
  dueTimes: project(PEOPLE),
  schedulePreview: self(PEOPLE),
  jobPreview: project(PEOPLE),
  jobCreate: project(WORKERS),
  jobImport: project(WORKERS),
  jobUpdate: project(WORKERS),
  jobStart: project(WORKERS),
  jobStop: project(WORKERS),
  jobRunNow: project(WORKERS),
  jobAbort: project(WORKERS),
  jobRemove: project(WORKERS),
  jobRevert: project(WORKERS),
  jobStatusChanged: project(PEOPLE),
  // runs
  runs: project(PEOPLE),
  run: project(ANYBODY),
  runClaim: project(AGENTS),
  runRenew: project(AGENTS),
  runReport: project(AGENTS),
  runOutputAppend: project(AGENTS),
  runRelease: project(AGENTS),
  runChanged: project(PEOPLE),
  runOutputAppended: project(PEOPLE),
  runAssigned: project(AGENTS),
  // clients
  clients: project(PEOPLE),
  client: project(ANYBODY),
  clientRegister: project(AGENTS),
  clientUpdate: project(WORKERS),
  clientRemove: project(WORKERS),
  // scheduler
  services: operator(OVERSEERS),
  service: operator(OVERSEERS),
  serviceDrain: operator(OPERATORS),
  serviceRemove: operator(OPERATORS),
  serviceStateChanged: operator(OVERSEERS),
  shards: operator(OVERSEERS),
  shardMoved: operator(OVERSEERS),
  backgroundJobs: project(PEOPLE),
  backgroundJob: project(PEOPLE),
  backgroundJobRebind: operator(OPERATORS),
  // clusters
  clusters: operator(OVERSEERS),
  cluster: operator(OVERSEERS),
  clusterCreate: operator(OPERATORS),
  clusterUpdate: operator(OPERATORS),
  clusterRemove: operator(OPERATORS),
  // history
  transactions: project(PEOPLE),
  transaction: project(PEOPLE),
  taskHistory: project(PEOPLE),
  task: project(PEOPLE),
  transactionStart: operator(OPERATORS),
  transactionReport: operator(OPERATORS),
  transactionEnd: operator(OPERATORS),
  transactionReset: operator(OPERATORS),
  transactionDelete: project(ADMINS),
  transactionTombstone: project(ADMINS),
  transactionTombstones: project(ADMINS),
  transactionDiff: project(PEOPLE),
  taskStats: project(PEOPLE),
  transactionChanged: project(PEOPLE),
  taskHistoryChanged: project(PEOPLE),
  taskEventAppended: project(PEOPLE),
  // rights
  apiTokens: project(WORKERS),
  apiTokenCreate: project(WORKERS),
  apiTokenRevoke: project(WORKERS),
  loginLinkCreate: self(PEOPLE),
} as const satisfies Record<string, Rule>;

const RULES: ReadonlyMap<string, Rule> = new Map(Object.entries(POLICY));

/** Whether the caller's role may use a root field at all; which objects it reaches there is the domain's to say. */
export function may(ctx: Ctx, field: string): boolean {
  const rule = RULES.get(field);
  if (!rule?.roles.includes(ctx.actor.role)) return false;
  return rule.reach !== 'OPERATOR' || ctx.actor.project === null;
}

/** Throws ForbiddenError when the caller's role may not use a root field. */
export function requireRight(ctx: Ctx, field: string): void {
  if (!may(ctx, field)) throw new ForbiddenError(`The role ${ctx.actor.role} may not use "${field}".`);
}
