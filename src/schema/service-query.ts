import { DEFAULT_SERVICE_ORDER } from '../scheduler/directory/service-list.js';
import { builder } from './builder.js';
import { pageComplexity, toConnection } from './connection.js';
import { OrderDirectionEnum } from './order.js';
import { Service, ServiceStateEnum } from './service.js';

const ServiceFilterInput = builder.inputType('ServiceFilter', {
  description: 'Which services; every field given narrows the list.',
  fields: (t) => ({
    states: t.field({ type: [ServiceStateEnum], description: 'In these states.' }),
    hosts: t.stringList({ description: 'On these hosts.' }),
    names: t.stringList({ description: 'With these names.' }),
    labels: t.field({ type: 'JSONObject', description: 'With all of these labels: `{ zone: "eu" }`.' }),
  }),
});

const ServiceOrderInput = builder.inputType('ServiceOrder', {
  description: 'How a list of services is ordered.',
  fields: (t) => ({
    field: t.field({
      type: builder.enumType('ServiceOrderField', {
        description: 'By what services are ordered.',
        values: {
          NAME: { description: 'By host, then by name.' },
          LAST_SEEN_AT: { description: 'When it was heard of last.' },
        } as const,
      }),
      required: true,
      description: 'By what.',
    }),
    direction: t.field({ type: OrderDirectionEnum, required: true, description: 'Which way.' }),
  }),
});

builder.queryField('services', (t) =>
  t.connection(
    {
      type: Service,
      description: 'The server processes with an engine, those that are gone too until they are removed.',
      authScopes: { may: 'services' },
      args: {
        filter: t.arg({ type: ServiceFilterInput, description: 'Which ones.' }),
        orderBy: t.arg({ type: ServiceOrderInput, description: 'In which order. Default: by host and name.' }),
      },
      complexity: (args) => pageComplexity(args),
      resolve: async (_root, { filter, orderBy, ...page }, context) => {
        const order = orderBy ?? DEFAULT_SERVICE_ORDER;
        return toConnection(await context.services.directory.services(context, filter ?? {}, order, page));
      },
    },
    { name: 'ServiceConnection', description: 'A page of services.' },
    { name: 'ServiceEdge', description: 'A service in a page.' },
  ),
);

builder.queryField('service', (t) =>
  t.field({
    type: Service,
    nullable: true,
    description: 'A service; null when there is none. Several of one name are a `CONFLICT`.',
    authScopes: { may: 'service' },
    args: {
      id: t.arg.id({
        required: true,
        description: 'The global id, `host/name`, or the name where only one service has it.',
      }),
    },
    resolve: (_root, { id }, context) => context.services.directory.service(context, id),
  }),
);
