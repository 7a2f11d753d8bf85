import type { Ctx } from '../../auth/actor.js';
import { keysetPage, type OrderKey, type Page, type PageRequest } from '../../db/page.js';
import { type FirstPageRequest, keysetPages } from '../../db/pages.js';
import { RowQuery } from '../../db/row-query.js';
import type { Reader } from '../../db/transaction.js';
import { ShardEntity, type ShardRow } from '../../entities/shard.js';
import { tagKey } from '../tag.js';
import { checkTag } from './label-rules.js';
import type { Roster } from './roster.js';
import { seesServices } from './visible.js';

type Maybe<T> = T | null | undefined;

/**
 * OWNED: a service holds it. FREE: nobody does, and one may take it. EXPIRED: its owner let its lease run out. UNASSIGNED:
 * no service that is alive may own it.
 */
export type ShardState = 'OWNED' | 'FREE' | 'EXPIRED' | 'UNASSIGNED';

/** What a list of shards is narrowed to; what is left out or null does not narrow. */
export interface ShardFilter {
  /** The global id of a service. */
  serviceId?: Maybe<string>;
  /** With exactly this tag. */
  tag?: Maybe<Readonly<Record<string, unknown>>>;
  states?: Maybe<readonly ShardState[]>;
}

export interface ShardOrder {
  field: 'TAG' | 'LEASE_UNTIL';
  direction: 'ASC' | 'DESC';
}

export const DEFAULT_SHARD_ORDER: ShardOrder = { field: 'TAG', direction: 'ASC' };

/** A tag and a slice are unique together. */
const PROPERTIES = { TAG: ['tagKey', 'slice'], LEASE_UNTIL: ['leaseUntil', 'id'] } as const;

const keysOf = ({ field, direction }: ShardOrder): OrderKey[] =>
  PROPERTIES[field].map((property) => ({ property, direction }));

const scopeOf = ({ field, direction }: ShardOrder): string => `shards:${field}:${direction}`;

/** The state of a shard as it was read with the roster. */
export function shardStateOf(shard: Pick<ShardRow, 'tagKey' | 'leaseUntil'>, { now, unfit }: Roster): ShardState {
  if (shard.leaseUntil !== null && shard.leaseUntil > now) return 'OWNED';
  if (unfit.has(shard.tagKey)) return 'UNASSIGNED';
  return shard.leaseUntil === null ? 'FREE' : 'EXPIRED';
}

function addStates(query: RowQuery<ShardRow>, states: readonly ShardState[], { now, unfit }: Roster): void {
  const keys = [...unfit];
  const among = keys.length > 0 ? 'shard.tagKey IN (:...keys)' : '1 = 0';
  const others = keys.length > 0 ? 'shard.tagKey NOT IN (:...keys)' : '1 = 1';
  const conditions: Readonly<Record<ShardState, string>> = {
    OWNED: 'shard.leaseUntil > :now',
    FREE: `shard.leaseUntil IS NULL AND ${others}`,
    EXPIRED: `shard.leaseUntil <= :now AND ${others}`,
    UNASSIGNED: `(shard.leaseUntil IS NULL OR shard.leaseUntil <= :now) AND ${among}`,
  };
  const wanted = [...new Set(states)].map((state) => `(${conditions[state]})`);
  query.andWhere(wanted.length > 0 ? `(${wanted.join(' OR ')})` : '1 = 0', { now, keys });
}

/** The shards that fit the filter and that the caller may see; the roster decides about states. Throws InvalidInputError. */
export function shardQuery(reader: Reader, ctx: Ctx, filter: ShardFilter, roster: Roster | null): RowQuery<ShardRow> {
  const query = new RowQuery(reader, ShardEntity, 'shard');
  if (!seesServices(ctx)) query.andWhere('1 = 0');
  if (filter.serviceId != null) query.andWhere('shard.ownerId = :owner', { owner: filter.serviceId });
  if (filter.tag != null) {
    query.andWhere('shard.tagKey = :tag', { tag: tagKey(checkTag(filter.tag, ['filter', 'tag'])) });
  }
  if (filter.states != null && roster) addStates(query, filter.states, roster);
  return query;
}

/** One page of the shards. Throws InvalidInputError for a wrong page, cursor or tag. */
export async function listShards(
  reader: Reader,
  ctx: Ctx,
  filter: ShardFilter,
  order: ShardOrder,
  request: PageRequest,
  roster: Roster | null,
): Promise<Page<ShardRow>> {
  return keysetPage(shardQuery(reader, ctx, filter, roster), keysOf(order), request, scopeOf(order));
}

/** The first (or last) page of each of several such lists, read together. Throws InvalidInputError. */
export async function listShardsOfEach(
  reader: Reader,
  ctx: Ctx,
  filters: readonly ShardFilter[],
  order: ShardOrder,
  request: FirstPageRequest,
  roster: Roster | null,
): Promise<Page<ShardRow>[]> {
  const lists = filters.map((filter) => ({
    query: shardQuery(reader, ctx, filter, roster),
    scope: scopeOf(order),
  }));
  return keysetPages(lists, keysOf(order), request);
}

/** The shards with these ids, in their order; null for each that the caller may not see. */
export async function shardsByIds(reader: Reader, ctx: Ctx, ids: readonly string[]): Promise<(ShardRow | null)[]> {
  if (ids.length === 0 || !seesServices(ctx)) return ids.map(() => null);
  const query = shardQuery(reader, ctx, {}, null).andWhere('shard.id IN (:...ids)', { ids: [...new Set(ids)] });
  const found = new Map((await query.rows(null, [], null)).map((row) => [row.id, row]));
  return ids.map((id) => found.get(id) ?? null);
}
