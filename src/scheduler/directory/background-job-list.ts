import type { Ctx } from '../../auth/actor.js';
import { visibleProject } from '../../auth/scope.js';
import type { OrderKey, Page, PageRequest } from '../../db/page.js';
import { RowQuery } from '../../db/row-query.js';
import type { Reader } from '../../db/transaction.js';
import { unionPage } from '../../db/union-page.js';
import { BackgroundJobEntity, type BackgroundJobRow } from '../../entities/background-job.js';
import { ID_PREFIX } from '../../entities/ids.js';
import type { LeaseState } from '../../entities/lease.js';
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
  /** Whose long work is in one of these states. */
  workStates?: Maybe<readonly LeaseState[]>;
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

/** The condition that narrows shards to those of a filter, and its values. */
function shardsOf({ serviceId, shardId, tag }: BackgroundJobFilter): { where: string; values: string[] } {
  const key = tag == null ? null : tagKey(checkTag(tag, ['filter', 'tag']));
  const given = [
    ['owner_id = ?', serviceId],
    ['id = ?', shardId],
    ['tag_key = ?', key],
  ] as const;
  const conditions = given.flatMap(([sql, value]) => (value == null ? [] : [{ sql, value }]));
  const where = conditions.length === 0 ? '1 = 1' : conditions.map(({ sql }) => sql).join(' AND ');
  return { where, values: conditions.map(({ value }) => value) };
}

const WORK = `EXISTS (SELECT 1 FROM leases
  WHERE leases.kind = bgjob.kind AND leases.subject = bgjob.subject AND leases.state IN (:...workStates))`;

function narrowed(reader: Reader, ctx: Ctx, filter: BackgroundJobFilter): RowQuery<BackgroundJobRow> {
  const query = visible(reader, ctx);
  for (const field of ['kind', 'subject', 'project'] as const) {
    const value = filter[field];
    if (value != null) query.andWhere(`bgjob.${field} = :${field}`, { [field]: value });
  }
  if (filter.dueBefore != null) query.andWhere('bgjob.wakeAt < :dueBefore', { dueBefore: filter.dueBefore });
  const { workStates } = filter;
  if (workStates != null) query.andWhere(workStates.length > 0 ? WORK : '1 = 0', { workStates: [...workStates] });
  return query;
}

/** What a project has fewer of than these is sorted at once: looked for shard by shard it would be read again and again. */
const FEW = 5_000;

/** Whether the list is short before it is narrowed to shards: of one subject, or of a project with little to do. */
async function isShort(reader: Reader, ctx: Ctx, { subject, project }: BackgroundJobFilter): Promise<boolean> {
  const one = visibleProject(ctx) ?? project;
  if (subject != null || one == null) return subject != null;
  const sql = `SELECT id FROM background_jobs WHERE project = ? LIMIT 1 OFFSET ${FEW}`;
  return (await reader.rows(sql, [one])).length === 0;
}

/** Lists of more shards than these are read by one condition, and sorted. */
const MOST_SHARDS = 1_000;

/**
 * The background jobs that fit the filter and that the caller may see, as queries that share no row: one for each shard,
 * whose index has its rows in the list's order. A firing writes every index with an instant, so there is none over all.
 * Throws InvalidInputError.
 */
export async function backgroundJobQueries(
  reader: Reader,
  ctx: Ctx,
  filter: BackgroundJobFilter,
  roster: Roster | null,
): Promise<RowQuery<BackgroundJobRow>[]> {
  const { where, values } = shardsOf(filter);
  const sql = `SELECT id, tag_key FROM shards WHERE ${where} ORDER BY id LIMIT ${MOST_SHARDS + 1}`;
  const short = await isShort(reader, ctx, filter);
  const shards = short ? [] : await reader.rows<{ id: string; tag_key: string }>(sql, values);
  const { states } = filter;
  if (short || shards.length > MOST_SHARDS) {
    const query = narrowed(reader, ctx, filter);
    const given = Object.fromEntries(values.map((value, index) => [`shard${index}`, value]));
    let at = 0;
    const named = where.replace(/\?/g, () => `:shard${at++}`);
    if (values.length > 0) query.andWhere(`bgjob.shardId IN (SELECT id FROM shards WHERE ${named})`, given);
    if (states != null && roster) addStates(query, states, roster.now, roster.unfit);
    return [query];
  }
  return shards.map(({ id, tag_key }) => {
    const query = narrowed(reader, ctx, filter).andWhere('bgjob.shardId = :id', { id });
    if (states != null && roster) addStates(query, states, roster.now, roster.unfit.has(tag_key));
    return query;
  });
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
  const queries = await backgroundJobQueries(reader, ctx, filter, roster);
  return unionPage(queries, keysOf(order), request, `backgroundJobs:${order.field}:${order.direction}`);
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
