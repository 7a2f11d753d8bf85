import { createHash } from 'node:crypto';
import { createSourceEventStream, execute, GraphQLError, type GraphQLSchema } from 'graphql';
import type { Ctx } from '../auth/actor.js';
import type { Authenticator } from '../auth/authenticate.js';
import type { Revocations } from '../auth/revocations.js';
import { Cancellation, OperationEnded } from './deadlines.js';
import { requestError } from './failure.js';
import type { OperationPipeline, PreparedOperation } from './operation.js';
import { checkParams } from './params.js';
import { type Admitted, isReply, type Pipeline } from './pipeline.js';

interface Parts {
  schema: GraphQLSchema;
  pipeline: Pipeline;
  authenticator: Authenticator;
  revocations: Revocations;
}

const isIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

/** A controller that follows a signal. */
function controllerOf(signal: AbortSignal): Cancellation {
  const controller = new Cancellation();
  const end = (): void => controller.abort(new OperationEnded('CANCELLED'));
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  return controller;
}

/** The same pipeline as over HTTP, for connections that stay open. */
export function createOperations(parts: Parts): OperationPipeline {
  const { pipeline, authenticator, revocations } = parts;
  return {
    async authenticate({ requestId, via, address, ...credentials }) {
      return authenticator.authenticate(credentials, { requestId, origin: { via, address } });
    },
    refuse: (call, code, message) => pipeline.reject(call, [requestError(code, message)], 400, 400).body,
    async prepare(ctx, params) {
      const checked = checkParams(params);
      if (checked instanceof GraphQLError) return { ok: false, result: pipeline.reject(ctx, [checked], 400, 400).body };
      const admitted = pipeline.admit(ctx, checked);
      if (isReply(admitted)) return { ok: false, result: admitted.body };
      return { ok: true, operation: prepared(parts, ctx, checked.query, admitted) };
    },
    watchRights(ctx, onEnd) {
      const stop = revocations.onEnd((actorId) => {
        if (actorId !== ctx.actor.id) return;
        stop();
        onEnd();
      });
      return stop;
    },
  };
}

function prepared({ schema, pipeline }: Parts, ctx: Ctx, query: string, admitted: Admitted): PreparedOperation {
  const { operation, variables } = admitted;
  const { document } = operation;
  const args = (signal: AbortSignal) => ({
    schema,
    document,
    variableValues: variables,
    contextValue: pipeline.contextOf(ctx, admitted, { signal }),
  });
  return {
    schema,
    document,
    documentHash: createHash('sha256').update(query).digest('base64url'),
    operationName: operation.name,
    variables,
    rightsKey: ctx.actor.rightsKey,
    ctx,
    type: operation.kind,
    async execute(signal) {
      return (await pipeline.execute(ctx, admitted, controllerOf(signal))).body;
    },
    async open(signal) {
      const opened = await createSourceEventStream(args(signal));
      return isIterable(opened) ? opened : pipeline.show(ctx, opened, operation.name).body;
    },
    async resolve(event, signal) {
      return pipeline.show(ctx, await execute({ ...args(signal), rootValue: event }), operation.name).body;
    },
    async resolveAll(events, signal) {
      const shared = args(signal);
      const results = events.map((event) => execute({ ...shared, rootValue: event }));
      return Promise.all(results.map(async (result) => pipeline.show(ctx, await result, operation.name).body));
    },
    faultResult: (error) => pipeline.fault(ctx, error, operation.name).body,
  };
}
