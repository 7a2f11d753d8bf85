import SchemaBuilder from '@pothos/core';
import ComplexityPlugin from '@pothos/plugin-complexity';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import type { Ctx } from '../../../src/auth/actor.js';
import type { OperationCall } from '../../../src/http/pipeline.js';
import { NotFoundError } from '../../../src/lib/errors.js';

interface TestContext extends Ctx, OperationCall {
  /** Resolves `slow` fields by hand. */
  gate: Promise<void>;
  onAbort: (reason: unknown) => void;
}

interface User {
  id: number;
  name: string;
}

const USERS: readonly User[] = Array.from({ length: 500 }, (_, id) => ({ id, name: `user ${id}` }));

/** A small schema with one field for each way that an operation can end. */
export function testSchema(): GraphQLSchema {
  const builder = new SchemaBuilder<{ Context: TestContext; DefaultFieldNullability: false }>({
    defaultFieldNullability: false,
    plugins: [ComplexityPlugin],
    complexity: { defaultComplexity: 1, defaultListMultiplier: 10 },
    // Asked for by the types of the product's plug-ins; not used here.
    scopeAuth: { authScopes: () => ({}) },
  });
  const UserType = builder.objectRef<User>('User');
  UserType.implement({
    fields: (t) => ({
      id: t.exposeInt('id'),
      name: t.exposeString('name'),
      friends: t.field({
        type: [UserType],
        args: { first: t.arg.int({ defaultValue: 50 }) },
        complexity: (args) => ({ field: 1, multiplier: args.first ?? 50 }),
        resolve: (_user, args) => USERS.slice(0, args.first ?? 50),
      }),
    }),
  });
  const RateLimit = builder.objectRef<OperationCall['rateLimit']>('RateLimit').implement({
    fields: (t) => ({
      cost: t.exposeInt('cost'),
      remaining: t.exposeInt('remaining', { nullable: true }),
    }),
  });
  builder.queryType({
    fields: (t) => ({
      hello: t.string({ args: { name: t.arg.string() }, resolve: (_root, args) => `Hello ${args.name ?? 'you'}` }),
      number: t.int({ args: { value: t.arg.int({ required: true }) }, resolve: (_root, args) => args.value }),
      actor: t.string({ resolve: (_root, _args, context) => context.actor.id }),
      users: t.field({
        type: [UserType],
        args: { first: t.arg.int({ defaultValue: 50 }) },
        complexity: (args) => ({ field: 1, multiplier: args.first ?? 50 }),
        resolve: (_root, args) => USERS.slice(0, args.first ?? 50),
      }),
      bug: t.string({
        nullable: true,
        resolve: () => {
          throw new Error('SELECT secret FROM /etc/passwd');
        },
      }),
      missing: t.string({
        nullable: true,
        resolve: () => {
          throw new NotFoundError('job', 'job_1');
        },
      }),
      away: t.string({
        nullable: true,
        resolve: () => {
          throw Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:3306'), { code: 'ECONNREFUSED' });
        },
      }),
      refused: t.string({
        nullable: true,
        resolve: () => {
          throw new GraphQLError('Not for you.', { extensions: { code: 'FORBIDDEN' } });
        },
      }),
      slow: t.string({
        resolve: async (_root, _args, context) => {
          context.signal.addEventListener('abort', () => context.onAbort(context.signal.reason));
          await context.gate;
          return 'done';
        },
      }),
      rateLimit: t.field({ type: RateLimit, resolve: (_root, _args, context) => context.rateLimit }),
    }),
  });
  builder.mutationType({ fields: (t) => ({ touch: t.string({ resolve: () => 'touched' }) }) });
  builder.subscriptionType({
    fields: (t) => ({
      ticks: t.int({
        subscribe: async function* () {
          yield 1;
          yield 2;
        },
        resolve: (tick) => Number(tick),
      }),
    }),
  });
  return builder.toSchema();
}
