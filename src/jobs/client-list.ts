import { In } from 'typeorm';
import type { Ctx } from '../auth/actor.js';
import { seesClient, visibleClient, visibleProject } from '../auth/scope.js';
import { keysetPage, type Page, type PageRequest } from '../db/page.js';
import { RowQuery } from '../db/row-query.js';
import { addSearch } from '../db/text-search.js';
import type { Reader } from '../db/transaction.js';
import { whereIn } from '../db/where-in.js';
import { ClientEntity, type ClientRow } from '../entities/client.js';
import { ID_PREFIX } from '../entities/ids.js';
import { ConflictError } from '../lib/errors.js';
import { isId } from '../lib/ids.js';
import { isName } from '../lib/names.js';
import { type ClientState, OFFLINE_AFTER } from './client-presence.js';
import type { JobsDeps } from './deps.js';

type Maybe<T> = T | null | undefined;
type ReadDeps = Pick<JobsDeps, 'db'>;
type Query = RowQuery<ClientRow>;

/** What a list of clients is narrowed to; what is left out or null does not narrow. */
export interface ClientFilter {
  keys?: Maybe<readonly string[]>;
  /** UNKNOWN fits none: only registered clients are listed. */
  states?: Maybe<readonly ClientState[]>;
  hostnames?: Maybe<readonly string[]>;
  /** A part of the key, the host name or the description, in whatever case. */
  search?: Maybe<string>;
}

export interface ClientOrder {
  field: 'CREATED_AT' | 'LAST_SEEN_AT';
  direction: 'ASC' | 'DESC';
}

export const DEFAULT_CLIENT_ORDER: ClientOrder = { field: 'CREATED_AT', direction: 'DESC' };

const PROPERTIES = { CREATED_AT: 'createdAt', LAST_SEEN_AT: 'lastSeenAt' } as const;

function addStates(query: Query, states: Maybe<readonly ClientState[]>, now: number): void {
  if (states == null) return;
  const [online, offline] = [states.includes('ONLINE'), states.includes('OFFLINE')];
  const seen = { seen: now - OFFLINE_AFTER };
  if (!online && !offline) query.andWhere('1 = 0');
  else if (!offline) query.andWhere('client.lastSeenAt >= :seen', seen);
  else if (!online) query.andWhere('client.lastSeenAt < :seen', seen);
}

function narrow(query: Query, ctx: Ctx): void {
  const project = visibleProject(ctx);
  const key = visibleClient(ctx);
  query.andWhere("client.slot = ''");
  if (project !== null) query.andWhere('client.project = :project', { project });
  if (key !== null) query.andWhere('client.key = :own', { own: key });
}

/** The registered clients that fit the filter and that the caller may see; `now` decides who is online. Throws InvalidInputError. */
export function clientQuery(reader: Reader, ctx: Ctx, filter: ClientFilter, now: number): Query {
  const query = new RowQuery(reader, ClientEntity, 'client');
  narrow(query, ctx);
  whereIn(query, 'client.key', filter.keys, 'keys');
  whereIn(query, 'client.hostname', filter.hostnames, 'hostnames');
  addStates(query, filter.states, now);
  addSearch(query, ['key', 'hostname', 'description'], filter.search);
  return query;
}

/** One page of the registered clients that the caller may see. Throws InvalidInputError for a wrong page or cursor. */
export async function listClients(
  deps: ReadDeps,
  ctx: Ctx,
  filter: ClientFilter,
  order: ClientOrder,
  request: PageRequest,
): Promise<Page<ClientRow>> {
  const now = filter.states == null ? 0 : await deps.db.now();
  const query = clientQuery(deps.db.reader, ctx, filter, now);
  const { field, direction } = order;
  const keys = [PROPERTIES[field], 'id'].map((property) => ({ property, direction }));
  return keysetPage(query, keys, request, `clients:${field}:${direction}`);
}

/** How a caller names a client: by its global id or its key; `project` where a caller of all projects needs it. */
export interface ClientName {
  id: string;
  project?: Maybe<string>;
}

/** The registered client of this name; null when the caller may see none. Throws ConflictError when several projects have one. */
export async function findClient(deps: ReadDeps, ctx: Ctx, name: ClientName): Promise<ClientRow | null> {
  if (isId(ID_PREFIX.client, name.id)) {
    const [client] = await clientsByIds(deps, ctx, [name.id]);
    if (client) return client;
  }
  // No key has spaces at its end, and MariaDB would look past them.
  if (!isName(name.id, 255)) return null;
  const query = new RowQuery(deps.db.reader, ClientEntity, 'client');
  narrow(query, ctx);
  query.andWhere('client.key = :key', { key: name.id });
  if (name.project != null) query.andWhere('client.project = :named', { named: name.project });
  const [client, ...others] = await query.rows(null, [], 2);
  if (others.length > 0) {
    throw new ConflictError(`Several projects have a client "${name.id}": name the project.`, ['project']);
  }
  return client ?? null;
}

/** The clients with these ids, in their order; null for each that the caller may not see. Removed ones are found too. */
export async function clientsByIds(deps: ReadDeps, ctx: Ctx, ids: readonly string[]): Promise<(ClientRow | null)[]> {
  const rows = await deps.db.manager.getRepository(ClientEntity).findBy({ id: In([...new Set(ids)]) });
  const visible = rows.filter((client) => seesClient(ctx, client.project, client.key));
  const byId = new Map(visible.map((client) => [client.id, client]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** What tells a client apart: its project and its key. */
export interface ClientPlace {
  project: string;
  clientKey: string;
}

/** The registered clients at these places, in their order; null where none is registered. One statement for all. */
export async function clientsAt(deps: ReadDeps, places: readonly ClientPlace[]): Promise<(ClientRow | null)[]> {
  if (places.length === 0) return [];
  const rows = await deps.db.manager.getRepository(ClientEntity).findBy({
    project: In([...new Set(places.map(({ project }) => project))]),
    key: In([...new Set(places.map(({ clientKey }) => clientKey))]),
    slot: '',
  });
  const byPlace = new Map(rows.map((client) => [`${client.project} ${client.key}`, client]));
  return places.map(({ project, clientKey }) => byPlace.get(`${project} ${clientKey}`) ?? null);
}
