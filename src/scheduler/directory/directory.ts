import type { Ctx } from '../../auth/actor.js';
import type { Page, PageRequest } from '../../db/page.js';
import type { FirstPageRequest } from '../../db/pages.js';
import type { BackgroundJobRow } from '../../entities/background-job.js';
import type { LeaseRow } from '../../entities/lease.js';
import type { OccurrenceRow } from '../../entities/occurrence.js';
import type { ServiceRow } from '../../entities/service.js';
import type { ShardRow } from '../../entities/shard.js';
import {
  type BackgroundJobFilter,
  type BackgroundJobOrder,
  backgroundJobsAbout,
  backgroundJobsByIds,
  findBackgroundJob,
  listBackgroundJobs,
} from './background-job-list.js';
import type { CommandDeps } from './command-deps.js';
import { type Drained, type DrainInput, drainService } from './drain.js';
import { occurrencesOf, occurrencesOfEach } from './occurrence-list.js';
import { type RebindInput, type Rebound, rebindBackgroundJob } from './rebind.js';
import { type RemoveInput, removeService } from './remove.js';
import { type Roster, readRoster } from './roster.js';
import {
  findService,
  listServices,
  type ServiceFilter,
  type ServiceOrder,
  servicesByIds,
  shardCounts,
} from './service-list.js';
import { listShards, listShardsOfEach, type ShardFilter, type ShardOrder, shardsByIds } from './shard-list.js';
import { openWork, type WorkName, workUnderWay } from './work-list.js';

/** What the API asks of the scheduler's tables; each function is its file's, with the dependencies filled in. */
export interface Directory {
  /** Who is alive at this moment, and what nobody may own. */
  roster(): Promise<Roster>;
  services(ctx: Ctx, filter: ServiceFilter, order: ServiceOrder, request: PageRequest): Promise<Page<ServiceRow>>;
  service(ctx: Ctx, name: string): Promise<ServiceRow | null>;
  servicesByIds(ctx: Ctx, ids: readonly string[]): Promise<(ServiceRow | null)[]>;
  /** How many shards each of these services owns, for services that the caller may see. */
  shardCounts(serviceIds: readonly string[]): Promise<number[]>;
  /** What each of these services is doing, for services that the caller may see. */
  workUnderWay(serviceIds: readonly string[]): Promise<LeaseRow[][]>;
  /** The work that background jobs which the caller may see have begun. */
  openWork(names: readonly WorkName[]): Promise<(LeaseRow | null)[]>;
  shards(ctx: Ctx, filter: ShardFilter, order: ShardOrder, request: PageRequest): Promise<Page<ShardRow>>;
  shardsOfEach(
    ctx: Ctx,
    filters: readonly ShardFilter[],
    order: ShardOrder,
    request: FirstPageRequest,
  ): Promise<Page<ShardRow>[]>;
  shardsByIds(ctx: Ctx, ids: readonly string[]): Promise<(ShardRow | null)[]>;
  backgroundJobs(
    ctx: Ctx,
    filter: BackgroundJobFilter,
    order: BackgroundJobOrder,
    request: PageRequest,
  ): Promise<Page<BackgroundJobRow>>;
  backgroundJob(ctx: Ctx, name: string): Promise<BackgroundJobRow | null>;
  backgroundJobsByIds(ctx: Ctx, ids: readonly string[]): Promise<(BackgroundJobRow | null)[]>;
  /** The background jobs of a kind about each of these subjects. */
  backgroundJobsAbout(ctx: Ctx, kind: string, subjects: readonly string[]): Promise<(BackgroundJobRow | null)[]>;
  /** What came of the due instants of a background job that the caller may see. */
  occurrences(backgroundJobId: string, request: PageRequest): Promise<Page<OccurrenceRow>>;
  occurrencesOfEach(backgroundJobIds: readonly string[], request: FirstPageRequest): Promise<Page<OccurrenceRow>[]>;
  drain(ctx: Ctx, input: DrainInput): Promise<Drained>;
  remove(ctx: Ctx, input: RemoveInput): Promise<ServiceRow>;
  rebind(ctx: Ctx, input: RebindInput): Promise<Rebound>;
}

/** Puts the directory together. */
export function createDirectory(deps: CommandDeps): Directory {
  const { reader } = deps.db;
  const roster = (): Promise<Roster> => readRoster(deps);
  const rosterFor = async (states: unknown): Promise<Roster | null> => (states == null ? null : roster());
  /** A service may be named where its id is asked for; an unknown one owns nothing. */
  const owned = async <F extends { serviceId?: string | null | undefined }>(ctx: Ctx, filter: F): Promise<F> => {
    const { serviceId } = filter;
    if (serviceId == null) return filter;
    return { ...filter, serviceId: (await findService(reader, ctx, serviceId))?.id ?? '' };
  };
  return {
    roster,
    services: (ctx, filter, order, request) => listServices(reader, ctx, filter, order, request),
    service: (ctx, name) => findService(reader, ctx, name),
    servicesByIds: (ctx, ids) => servicesByIds(reader, ctx, ids),
    shardCounts: (ids) => shardCounts(reader, ids),
    workUnderWay: (ids) => workUnderWay(reader, ids),
    openWork: (names) => openWork(reader, names),
    shards: async (ctx, filter, order, request) =>
      listShards(reader, ctx, await owned(ctx, filter), order, request, await rosterFor(filter.states)),
    shardsOfEach: async (ctx, filters, order, request) =>
      listShardsOfEach(reader, ctx, filters, order, request, await rosterFor(filters[0]?.states)),
    shardsByIds: (ctx, ids) => shardsByIds(reader, ctx, ids),
    backgroundJobs: async (ctx, filter, order, request) =>
      listBackgroundJobs(reader, ctx, await owned(ctx, filter), order, request, await rosterFor(filter.states)),
    backgroundJob: (ctx, name) => findBackgroundJob(reader, ctx, name),
    backgroundJobsByIds: (ctx, ids) => backgroundJobsByIds(reader, ctx, ids),
    backgroundJobsAbout: (ctx, kind, subjects) => backgroundJobsAbout(reader, ctx, kind, subjects),
    occurrences: (id, request) => occurrencesOf(reader, id, request),
    occurrencesOfEach: (ids, request) => occurrencesOfEach(reader, ids, request),
    drain: (ctx, input) => drainService(deps, ctx, input),
    remove: (ctx, input) => removeService(deps, ctx, input),
    rebind: (ctx, input) => rebindBackgroundJob(deps, ctx, input),
  };
}
