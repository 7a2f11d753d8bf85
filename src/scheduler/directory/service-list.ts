import type { Ctx } from '../../auth/actor.js';
import { keysetPage, type OrderKey, type Page, type PageRequest } from '../../db/page.js';
import { RowQuery } from '../../db/row-query.js';
import type { Reader } from '../../db/transaction.js';
import { whereIn } from '../../db/where-in.js';
import { ID_PREFIX } from '../../entities/ids.js';
import { ServiceEntity, type ServiceRow, type ServiceState } from '../../entities/service.js';
import { ConflictError } from '../../lib/errors.js';
import { isId } from '../../lib/ids.js';
import { marks } from '../due.js';
import { serviceName } from '../facts.js';
import { checkTag } from './label-rules.js';
import { seesServices } from './visible.js';

type Maybe<T> = T | null | undefined;

/** What a list of services is narrowed to; what is left out or null does not narrow. */
export interface ServiceFilter {
  states?: Maybe<readonly ServiceState[]>;
  hosts?: Maybe<readonly string[]>;
  names?: Maybe<readonly string[]>;
  /** With all of these labels. Read row by row: there are few services. */
  labels?: Maybe<Readonly<Record<string, unknown>>>;
}

export interface ServiceOrder {
  field: 'NAME' | 'LAST_SEEN_AT';
  direction: 'ASC' | 'DESC';
}

export const DEFAULT_SERVICE_ORDER: ServiceOrder = { field: 'NAME', direction: 'ASC' };

/** A host and a name are unique together. */
const PROPERTIES = { NAME: ['host', 'name'], LAST_SEEN_AT: ['lastSeenAt', 'id'] } as const;

const keysOf = ({ field, direction }: ServiceOrder): OrderKey[] =>
  PROPERTIES[field].map((property) => ({ property, direction }));

/** The text at a place of a JSON column, as SQL. */
function jsonText(reader: Reader, column: string, name: string): string {
  const found = `JSON_EXTRACT(${column}, :${name})`;
  return reader.manager.dataSource.options.type === 'better-sqlite3' ? found : `JSON_UNQUOTE(${found})`;
}

/** The services that fit the filter and that the caller may see. Throws InvalidInputError. */
export function serviceQuery(reader: Reader, ctx: Ctx, filter: ServiceFilter): RowQuery<ServiceRow> {
  const query = new RowQuery(reader, ServiceEntity, 'service');
  if (!seesServices(ctx)) query.andWhere('1 = 0');
  whereIn(query, 'service.state', filter.states, 'states');
  whereIn(query, 'service.host', filter.hosts, 'hosts');
  whereIn(query, 'service.name', filter.names, 'names');
  const labels = filter.labels == null ? {} : checkTag(filter.labels, ['filter', 'labels']);
  for (const [name, value] of Object.entries(labels)) {
    query.andWhere(`${jsonText(reader, 'service.labels', 'path')} = :value`, { path: `$."${name}"`, value });
  }
  return query;
}

/** One page of the services. Throws InvalidInputError for a wrong page, cursor or label. */
export async function listServices(
  reader: Reader,
  ctx: Ctx,
  filter: ServiceFilter,
  order: ServiceOrder,
  request: PageRequest,
): Promise<Page<ServiceRow>> {
  const scope = `services:${order.field}:${order.direction}`;
  return keysetPage(serviceQuery(reader, ctx, filter), keysOf(order), request, scope);
}

/** The services with these ids, in their order; null for each that the caller may not see. */
export async function servicesByIds(reader: Reader, ctx: Ctx, ids: readonly string[]): Promise<(ServiceRow | null)[]> {
  if (ids.length === 0 || !seesServices(ctx)) return ids.map(() => null);
  const query = serviceQuery(reader, ctx, {}).andWhere('service.id IN (:...ids)', { ids: [...new Set(ids)] });
  const found = new Map((await query.rows(null, [], null)).map((row) => [row.id, row]));
  return ids.map((id) => found.get(id) ?? null);
}

/**
 * The service of this global id, `host/name`, or name where only one has it; null when the caller may see none. Throws
 * ConflictError when several hosts have one of that name.
 */
export async function findService(reader: Reader, ctx: Ctx, name: string): Promise<ServiceRow | null> {
  if (isId(ID_PREFIX.service, name)) return (await servicesByIds(reader, ctx, [name]))[0] ?? null;
  const slash = name.lastIndexOf('/');
  const query = serviceQuery(reader, ctx, {});
  if (slash > 0) query.andWhere('service.host = :host', { host: name.slice(0, slash) });
  query.andWhere('service.name = :name', { name: name.slice(slash + 1) });
  const [found, ...others] = await query.rows(null, [], 10);
  if (others.length > 0 && found) {
    const names = [found, ...others].map(serviceName).join(', ');
    throw new ConflictError(`Several services are called "${name}" (${names}): name the host too.`, ['id']);
  }
  return found ?? null;
}

/** How many shards each of these services owns. */
export async function shardCounts(reader: Reader, ids: readonly string[]): Promise<number[]> {
  if (ids.length === 0) return [];
  const sql = `SELECT owner_id, COUNT(*) AS shards FROM shards WHERE owner_id IN (${marks(ids)}) GROUP BY owner_id`;
  const rows = await reader.rows<{ owner_id: string; shards: number | string }>(sql, [...ids]);
  const counts = new Map(rows.map((row) => [row.owner_id, Number(row.shards)]));
  return ids.map((id) => counts.get(id) ?? 0);
}
