import type { ClientRow } from '../entities/client.js';
import type { ClientPlace } from '../jobs/client-list.js';
import { type ClientState, clientStateAt } from '../jobs/client-presence.js';
import { builder, OWN_ID } from './builder.js';
import type { SchemaContext } from './context.js';
import { describedEnum } from './job-enums.js';
import { requestLoader } from './loader.js';

export const ClientStateEnum = describedEnum<ClientState>('ClientState', 'Whether the agent of a client is there.', {
  ONLINE: 'It was heard of within the last minute.',
  OFFLINE: 'It was not heard of for over a minute.',
  UNKNOWN: 'No client of that key is registered.',
});

/** The registered clients at places, for objects that the caller may see; null where none is registered. */
export const clientLoader = requestLoader<ClientPlace, ClientRow | null>((places, context) =>
  context.services.clients.at(places),
);

const nowLoader = requestLoader<string, number>(async (keys, context) => {
  const now = await context.services.storeNow();
  return keys.map(() => now);
});

/** The instant by which it is judged who is there: the store's clock, asked once for all that ask together. */
export const storeNow = (context: SchemaContext): Promise<number> => nowLoader(context).load('now');

export const Client = builder.objectRef<ClientRow>('Client');

builder.node(Client, {
  id: OWN_ID,
  loadMany: (ids: string[], context) => context.services.clients.byIds(context, ids),
  isTypeOf: (value) => typeof value === 'object' && value !== null && 'capabilities' in value,
  description: 'A host that runs an agent.',
  fields: (t) => ({
    key: t.exposeString('key', { description: "What the outside world calls it: a job document's `client_id`." }),
    project: t.exposeString('project', { description: 'The project it belongs to.' }),
    hostname: t.exposeString('hostname', { description: 'The name of the host, as its agent says.' }),
    description: t.exposeString('description', { description: 'What people say of it.' }),
    version: t.exposeString('version', { description: 'The version of its agent.' }),
    capabilities: t.expose('capabilities', {
      type: 'JSONObject',
      description: 'What its agent can execute.',
    }),
    createdAt: t.expose('createdAt', {
      type: 'DateTime',
      description: 'When it registered first.',
    }),
    lastSeenAt: t.expose('lastSeenAt', {
      type: 'DateTime',
      description: 'When its agent was heard of last, to within some 20 seconds.',
    }),
    removed: t.boolean({ description: 'Whether it was removed.', resolve: (client) => client.slot !== '' }),
    state: t.field({
      type: ClientStateEnum,
      description: 'Whether its agent is there.',
      resolve: async (client, _args, context) => stateOf(client, await storeNow(context)),
    }),
  }),
});

/** The state of the client at a place; null: none is registered there. */
export function stateOf(client: ClientRow | null, now: number): ClientState {
  return clientStateAt(client && client.slot === '' ? client.lastSeenAt : null, now);
}
