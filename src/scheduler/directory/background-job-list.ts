import type { Ctx } from '../../auth/actor.js';
import { visibleProject } from '../../auth/scope.js';
import { keysetPage, type OrderKey, type Page, type PageRequest } from '../../db/page.js';
import { RowQuery } from '../../db/row-query.js';
import type { Reader } from '../../db/transaction.js';
import { BackgroundJobEntity, type BackgroundJobRow } from '../../entities/background-job.js';
import { ID_PREFIX } from '../../entities/ids.js';
import { isId } from '../../lib/ids.js';
import { tagKey } from '../tag.js';
import { addStates, type BackgroundJobState } from './background-job-state.js';
import { checkTag } from './label-rules.js';
import type { Roster } from './roster.js';
import { seesBackgroundJobs } from './visible.js';

type Maybe<T> = T | null | undefined;

/** What a list of background jobs is narrowed to; what is left out or null does not narrow. */
export interface BackgroundJobFilter {
  /** The global id of the service that owns their shards. */
  serviceId?: Maybe<string>;
  shardId?: Maybe<string>;
  /** With exactly this tag. */
  tag?: Maybe<Readonly<Record<string, unknown>>>;
  kind?: Maybe<string>;
  /** The id of what it is about. */
  subject?: Maybe<string>;
  project?: Maybe<string>;
  /** Looked at before this instant, in epoch milliseconds; exclusive. */
  dueBefore?: Maybe<number>;
  states?: Maybe<readonly BackgroundJobState[]>;
}

export interface BackgroundJobOrder {
  /** When it is looked at next: parked ones come first when ascending. */
  field: 'WAKE_AT';
  direction: 'ASC' | 'DESC';
}

export const DEFAULT_BACKGROUND_JOB_ORDER: BackgroundJobOrder = { field: 'WAKE_AT', direction: 'ASC' };

const keysOf = ({ direction }: BackgroundJobOrder): OrderKey[] =>
  (['wakeAt', 'id'] as const).map((property) => ({ property, direction }));

/** Narrows to what the caller may see. */
function visible(reader: Reader, ctx: Ctx): RowQuery<BackgroundJobRow> {
  const query = new RowQuery(reader, BackgroundJobEntity, 'bgjob');
  const project = visibleProject(ctx);
  if (!seesBackgroundJobs(ctx, project)) query.andWhere('1 = 0');
  if (project !== null) query.andWhere('bgjob.project = :own', { own: project });
  return query;
}

/**
 * The background jobs that fit the filter and that the caller may see; the roster decides about states. Throws
 * InvalidInputError.
 */
export function backgroundJobQuery(
  reader: Reader,
  ctx: Ctx,
  filter: BackgroundJobFilter,
  roster: Roster | null,
): RowQuery<BackgroundJobRow> {
  const query = visible(reader, ctx);
  if (filter.serviceId != null) {
    const owned = 'SELECT shards.id FROM shards WHERE shards.owner_id = :owner';
    query.andWhere(`bgjob.shardId IN (${owned})`, { owner: filter.serviceId });
  }
  if (filter.tag != null) {
    const tagged = 'SELECT shards.id FROM shards WHERE shards.tag_key = :tag';
    query.andWhere(`bgjob.shardId IN (${tagged})`, { tag: tagKey(checkTag(filter.tag, ['filter', 'tag'])) });
  }
  for (const field of ['shardId', 'kind', 'subject', 'project'] as const) {
    const value = filter[field];
    if (value != null) query.andWhere(`bgjob.${field} = :${field}`, { [field]: value });
  }
  if (filter.dueBefore != null) query.andWhere('bgjob.wakeAt < :dueBefore', { dueBefore: filter.dueBefore });
  if (filter.states != null && roster) addStates(query, filter.states, roster);
  return query;
}

/** One page of the background jobs. Throws InvalidInputError for a wrong page, cursor or tag. */
export async function listBackgroundJobs(
  reader: Reader,
  ctx: Ctx,
  filter: BackgroundJobFilter,
  order: BackgroundJobOrder,
  request: PageRequest,
  roster: Roster | null,
): Promise<Page<BackgroundJobRow>> {
  const query = backgroundJobQuery(reader, ctx, filter, roster);
  return keysetPage(query, keysOf(order), request, `backgroundJobs:${order.field}:${order.direction}`);
}

/** The background jobs with these ids, in their order; null for each that the caller may not see. */
export async function backgroundJobsByIds(
  reader: Reader,
  ctx: Ctx,
  ids: readonly string[],
): Promise<(BackgroundJobRow | null)[]> {
  if (ids.length === 0) return [];
  const query = visible(reader, ctx).andWhere('bgjob.id IN (:...ids)', { ids: [...new Set(ids)] });
  const found = new Map((await query.rows(null, [], null)).map((row) => [row.id, row]));
  return ids.map((id) => found.get(id) ?? null);
}

/** The background job of this global id or of `kind/subject`; null when the caller may see none. */
export async function findBackgroundJob(reader: Reader, ctx: Ctx, name: string): Promise<BackgroundJobRow | null> {
  if (isId(ID_PREFIX.backgroundJob, name)) return (await backgroundJobsByIds(reader, ctx, [name]))[0] ?? null;
  const slash = name.indexOf('/');
  if (slash < 1) return null;
  const [found] = await visible(reader, ctx)
    .andWhere('bgjob.kind = :kind', { kind: name.slice(0, slash) })
    .andWhere('bgjob.subject = :subject', { subject: name.slice(slash + 1) })
    .rows(null, [], 1);
  return found ?? null;
}

/** The background jobs of a kind about each of these subjects; null where there is none that the caller may see. */
export async function backgroundJobsAbout(
  reader: Reader,
  ctx: Ctx,
  kind: string,
  subjects: readonly string[],
): Promise<(BackgroundJobRow | null)[]> {
  if (subjects.length === 0) return [];
  const query = visible(reader, ctx)
    .andWhere('bgjob.kind = :kind', { kind })
    .andWhere('bgjob.subject IN (:...subjects)', { subjects: [...new Set(subjects)] });
  const found = new Map((await query.rows(null, [], null)).map((row) => [row.subject, row]));
  return subjects.map((subject) => found.get(subject) ?? null);
}
