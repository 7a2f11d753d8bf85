import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import DataloaderPlugin from '@pothos/plugin-dataloader';
import ErrorsPlugin from '@pothos/plugin-errors';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import { GraphQLError } from 'graphql';
import { checkListLength } from '../db/where-in.js';
import type { SchemaContext } from './context.js';
import { typeOfId } from './node-types.js';
import { exposing, madeOf } from './plain-field.js';
import { mayUse } from './rights.js';

export interface SchemaTypes {
  Context: SchemaContext;
  DefaultFieldNullability: false;
  /** `may: 'jobCreate'` asks the policy table whether the caller's role may use that root field. */
  AuthScopes: { may: string };
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date | number };
    ScheduleDate: { Input: string; Output: string };
    CronField: { Input: string; Output: string };
    ReportedTime: { Input: unknown; Output: never };
    JSON: { Input: unknown; Output: unknown };
    JSONObject: { Input: Record<string, unknown>; Output: Record<string, unknown> };
  };
  Connection: { total: () => Promise<number> };
}

/** The lists of a connection: its field counts the size of the page already. */
const ONCE = { field: 1, multiplier: 1 };

/** The one builder of the schema. Each noun's file adds its types and root fields to it when it is imported. */
export const builder = new SchemaBuilder<SchemaTypes>({
  defaultFieldNullability: false,
  plugins: [ErrorsPlugin, ScopeAuthPlugin, RelayPlugin, DataloaderPlugin, ComplexityPlugin],
  relay: {
    // Ids are readable and the same everywhere: the prefix tells the type.
    encodeGlobalID: (_typename, id) => String(id),
    // What has no form of ours is looked for among the jobs: no id of one is like it.
    decodeGlobalID: (id) => ({ typename: typeOfId(id) ?? 'Job', id }),
    nodesOnConnection: {
      description: 'The objects of this page, without their cursors.',
      complexity: ONCE,
      extensions: madeOf('edges'),
    },
    cursorType: 'String',
    nodeTypeOptions: { description: 'An object with a global id.' },
    pageInfoTypeOptions: { description: 'Where a page stands in its list.' },
    nodeQueryOptions: {
      description: 'Any object by its global id; null when there is none that the caller may see.',
      authScopes: { may: 'node' },
      args: { id: { description: 'The global id.' } },
    },
    nodesQueryOptions: {
      description: 'Objects by their global ids, in the order asked; null for each that the caller may not see.',
      authScopes: { may: 'nodes' },
      complexity: ({ ids }) => ({ field: 1, multiplier: ids.length }),
      args: { ids: { description: 'The global ids, at most 500.' } },
      resolve: (_root, { ids }, _context, _info, load) => {
        checkListLength(ids, ['ids']);
        return load(ids);
      },
    },
    idFieldOptions: { description: 'The global id: a prefix that tells the type, and a UUIDv7.' },
    cursorFieldOptions: {
      description: 'The position of this edge: an `after` or `before` of the same list and order.',
    },
    nodeFieldOptions: { description: 'The object at this edge.', extensions: exposing('node') },
    edgesFieldOptions: {
      description: 'The objects of this page with their cursors.',
      complexity: ONCE,
      extensions: exposing('edges'),
    },
    pageInfoFieldOptions: { description: 'Where this page stands in its list.', extensions: exposing('pageInfo') },
    hasNextPageFieldOptions: {
      description: 'Whether more follows this page; of the first rows, more that stands before `before`.',
    },
    hasPreviousPageFieldOptions: {
      description: 'Whether something stands before this page; of the last rows, something that stands after `after`.',
    },
    startCursorFieldOptions: { description: 'The cursor of the first edge.' },
    endCursorFieldOptions: { description: 'The cursor of the last edge.' },
    beforeArgOptions: { description: 'Only what stands before this cursor.' },
    afterArgOptions: { description: 'Only what stands after this cursor.' },
    firstArgOptions: { description: 'The size of the page, from the start; 50 when neither is given, at most 500.' },
    lastArgOptions: { description: 'The size of the page, from the end; at most 500.' },
  },
  scopeAuth: {
    // Whoever may not follow a stream is told so at once, and nothing is opened for them.
    authorizeOnSubscribe: true,
    authScopes: (context) => ({ may: (field) => mayUse(context, field) }),
    unauthorizedError: (_parent, context, info) =>
      new GraphQLError(`The role ${context.actor.role} may not use "${info.fieldName}".`, {
        extensions: { code: 'FORBIDDEN' },
      }),
  },
  errors: { defaultTypes: [], directResult: true },
  complexity: { defaultComplexity: 1, defaultListMultiplier: 10 },
});

/** The id of a node that has it as a property: Relay's plug-in makes two promises of one that it has to resolve. */
export const OWN_ID = { resolve: ({ id }: { id: string }) => id, extensions: exposing('id') };
