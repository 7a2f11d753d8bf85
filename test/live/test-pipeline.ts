import { execute, type FormattedExecutionResult, type GraphQLError, getOperationAST, validate } from 'graphql';
import { type Actor, type Ctx, SYSTEM } from '../../src/auth/actor.js';
import type { OperationParams, OperationPipeline, PreparedOperation } from '../../src/http/operation.js';
import { LIVE_SCHEMA, liveOperation, parsed, shown, type TestContext } from './live-schema.js';

/** The pipeline of a server over the test schema: "Bearer <name>" is anybody but nobody; rights end by order. */
export class TestPipeline implements OperationPipeline {
  readonly #context: Omit<TestContext, 'signal' | 'viewer'>;
  readonly #watchers = new Map<string, Set<() => void>>();
  /** Epoch milliseconds at which a name's rights expire. */
  readonly expiresAt = new Map<string, number>();

  constructor(context: Omit<TestContext, 'signal' | 'viewer'>) {
    this.#context = context;
  }

  async authenticate({ authorization, requestId, via, address }: Parameters<OperationPipeline['authenticate']>[0]) {
    const name = /^Bearer (\w+)$/.exec(authorization ?? '')?.[1];
    if (name === 'away') return { ok: false as const, refusal: { code: 'UNAVAILABLE' as const, message: 'away' } };
    if (!name || name === 'nobody') {
      return { ok: false as const, refusal: { code: 'UNAUTHENTICATED' as const, message: 'No such token.' } };
    }
    const actor: Actor = {
      ...SYSTEM.actor,
      id: name,
      name,
      rightsKey: 'all',
      expiresAt: this.expiresAt.get(name) ?? null,
    };
    const ctx: Ctx = { actor, requestId, origin: { via, address } };
    return { ok: true as const, ctx };
  }

  refuse({ requestId }: { requestId: string }, code: string, message: string): FormattedExecutionResult {
    return { errors: [{ message, extensions: { code, requestId } }] };
  }

  async prepare(ctx: Ctx, params: OperationParams) {
    const refuse = (...errors: GraphQLError[]) => ({ ok: false as const, result: shown(errors) });
    const query = String(params.query);
    const operationName = typeof params.operationName === 'string' ? params.operationName : null;
    try {
      const document = parsed(query);
      const errors = validate(LIVE_SCHEMA, document);
      if (errors.length > 0) return refuse(...errors);
      const type = getOperationAST(document, operationName)?.operation ?? 'query';
      return { ok: true as const, operation: this.#operation(ctx, query, operationName, params.variables, type) };
    } catch (error) {
      return refuse(error as GraphQLError);
    }
  }

  #operation(
    ctx: Ctx,
    query: string,
    operationName: string | null,
    given: unknown,
    type: PreparedOperation['type'],
  ): PreparedOperation {
    const variables = (given ?? {}) as Record<string, unknown>;
    const context = { ...this.#context, viewer: ctx.actor.name };
    const live = liveOperation(context, { query, variables, rightsKey: ctx.actor.rightsKey });
    return {
      ...live,
      operationName,
      ctx,
      type,
      async execute(signal) {
        const { schema, document } = live;
        const contextValue = { ...context, signal };
        const { data, errors } = await execute({
          schema,
          document,
          operationName,
          variableValues: variables,
          contextValue,
        });
        return { ...shown(errors), ...(data === undefined ? {} : { data }) };
      },
    };
  }

  watchRights(ctx: Ctx, onEnd: () => void): () => void {
    const watchers = this.#watchers.get(ctx.actor.id) ?? new Set();
    this.#watchers.set(ctx.actor.id, watchers.add(onEnd));
    return () => void watchers.delete(onEnd);
  }

  /** Ends a name's rights. */
  revoke(name: string): void {
    for (const onEnd of [...(this.#watchers.get(name) ?? [])]) onEnd();
  }
}
