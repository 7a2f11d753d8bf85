import type { Ctx } from '../auth/actor.js';
import type { Page, PageRequest } from '../db/page.js';
import type { ClientRow } from '../entities/client.js';
import { removeClient, updateClient } from './client-change.js';
import {
  type ClientFilter,
  type ClientName,
  type ClientOrder,
  type ClientPlace,
  clientsAt,
  clientsByIds,
  findClient,
  listClients,
} from './client-list.js';
import { Presence } from './client-presence.js';
import { type Registered, type Registration, registerClient } from './client-register.js';
import type { JobsDeps } from './deps.js';

/** What the API asks of the clients; each function is its file's, with the dependencies filled in. */
export interface ClientService {
  register(ctx: Ctx, input: Registration): Promise<Registered>;
  update(ctx: Ctx, name: ClientName, description: string): Promise<ClientRow>;
  remove(ctx: Ctx, name: ClientName): Promise<ClientRow>;
  find(ctx: Ctx, name: ClientName): Promise<ClientRow | null>;
  byIds(ctx: Ctx, ids: readonly string[]): Promise<(ClientRow | null)[]>;
  /** The registered clients at these places, which the caller may see anyway. */
  at(places: readonly ClientPlace[]): Promise<(ClientRow | null)[]>;
  list(ctx: Ctx, filter: ClientFilter, order: ClientOrder, request: PageRequest): Promise<Page<ClientRow>>;
  /** The agents that are connected to this process. */
  readonly presence: Presence;
}

/** Puts the clients together. */
export function createClientService(deps: JobsDeps): ClientService {
  return {
    register: (ctx, input) => registerClient(deps, ctx, input),
    update: (ctx, name, description) => updateClient(deps, ctx, name, description),
    remove: (ctx, name) => removeClient(deps, ctx, name),
    find: (ctx, name) => findClient(deps, ctx, name),
    byIds: (ctx, ids) => clientsByIds(deps, ctx, ids),
    at: (places) => clientsAt(deps, places),
    list: (ctx, filter, order, request) => listClients(deps, ctx, filter, order, request),
    presence: new Presence(deps.db),
  };
}
