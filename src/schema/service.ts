import type { LeaseRow } from '../entities/lease.js';
import type { ServiceRow, ServiceState } from '../entities/service.js';
import { builder, OWN_ID } from './builder.js';
import { describedEnum } from './job-enums.js';
import { LeasedWork } from './leased-work.js';
import { requestLoader } from './loader.js';
import { isRowOf } from './node-types.js';
import { rosterNow } from './roster.js';

export const ServiceStateEnum = describedEnum<ServiceState>('ServiceState', 'Where a service stands.', {
  ACTIVE: 'It is alive and takes work.',
  DRAINING: 'It is alive, lets go of what it owns and takes nothing more.',
  STOPPED: 'It ended in order.',
  FAILED: 'It was not heard of for the time of a lease.',
});

/** Services by their ids, for the fields that lead to one; null for one that is gone or that the caller may not see. */
export const serviceLoader = requestLoader<string, ServiceRow | null>((ids, context) =>
  context.services.directory.servicesByIds(context, ids),
);

const shardCountLoader = requestLoader<string, number>((ids, context) => context.services.directory.shardCounts(ids));

const workLoader = requestLoader<string, LeaseRow[]>((ids, context) => context.services.directory.workUnderWay(ids));

export const Service = builder.objectRef<ServiceRow>('Service');

builder.node(Service, {
  id: OWN_ID,
  loadMany: (ids: string[], context) => context.services.directory.servicesByIds(context, ids),
  isTypeOf: (value) => isRowOf(value, 'Service'),
  description: 'A server process with an engine, over all of its starts: a host and a name.',
  fields: (t) => ({
    host: t.exposeString('host', { description: 'The host it runs on.' }),
    name: t.exposeString('name', { description: 'Its name, unique on its host.' }),
    version: t.exposeString('version', { description: 'The version of its program.' }),
    labels: t.expose('labels', {
      type: 'JSONObject',
      description: 'What it can be chosen by; host and name are among them.',
    }),
    incarnation: t.exposeInt('incarnation', { description: '1, 2, 3 ...: which start of it this is.' }),
    state: t.expose('state', { type: ServiceStateEnum, description: 'Where it stands.' }),
    silent: t.boolean({
      description: 'Whether it was not heard of for the time of a lease; a live engine declares it FAILED then.',
      resolve: async (service, _args, context) => {
        const runs = service.state === 'ACTIVE' || service.state === 'DRAINING';
        return runs && !(await rosterNow(context)).heard(service);
      },
    }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it was started last.' }),
    lastSeenAt: t.expose('lastSeenAt', {
      type: 'DateTime',
      description: 'Its last heartbeat, by the clock of the store.',
    }),
    shardCount: t.int({
      description: 'How many shards it owns now.',
      resolve: ({ id }, _args, context) => shardCountLoader(context).load(id),
    }),
    canDrain: t.boolean({ description: 'Whether it can be drained.', resolve: ({ state }) => state === 'ACTIVE' }),
    canResume: t.boolean({
      description: 'Whether it is drained and can take work again.',
      resolve: ({ state }) => state === 'DRAINING',
    }),
    canRemove: t.boolean({
      description: 'Whether it can be removed: once it has stopped or failed.',
      resolve: ({ state }) => state === 'STOPPED' || state === 'FAILED',
    }),
  }),
});

builder.objectField(Service, 'work', (t) =>
  t.field({
    type: [LeasedWork],
    description: 'The long work that it has under way, the oldest first.',
    resolve: ({ id }, _args, context) => workLoader(context).load(id),
  }),
);
