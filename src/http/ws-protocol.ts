import { randomUUID } from 'node:crypto';
import type { ExecutionArgs, FormattedExecutionResult, GraphQLError } from 'graphql';
import { CloseCode, makeServer, type Server, type SubscribePayload } from 'graphql-ws';
import type { Ctx } from '../auth/actor.js';
import type { Executions } from '../live/executions.js';
import type { CallCredentials, OperationParams, OperationPipeline, PreparedOperation } from './operation.js';
import type { KnownCall } from './request-log.js';
import { SingleResult } from './single-result.js';
import type { WsConnection } from './ws-connection.js';
import { forGraphqlWs, ShownError, WsResults } from './ws-results.js';

/** What the protocol knows of a connection. */
export interface WsExtra {
  readonly connection: WsConnection;
  /** What came with the request that opened it. */
  readonly credentials: CallCredentials;
  /** Called once the caller is known. */
  readonly onAccepted: (ctx: Ctx) => void;
}

export interface WsProtocolOptions {
  pipeline: OperationPipeline;
  executions: Executions;
  /** Milliseconds that a client has for its `connection_init`. */
  initTimeout: number;
  /** The most operations under way on one socket. */
  mostOperations: number;
}

/** The client may try again later; graphql-ws clients do. */
const TRY_AGAIN_LATER = 1013;
/** A close reason has at most 123 bytes. */
const LONGEST_REASON = 120;

const errorsOf = ({ errors = [] }: FormattedExecutionResult): GraphQLError[] =>
  errors.map((error) => new ShownError(error));

/** The Authorization text in a `connection_init`: `authorization`, in any case, at the top or within `headers`. */
function authorizationIn(params: Readonly<Record<string, unknown>> | undefined): string | null {
  for (const [name, value] of Object.entries(params ?? {})) {
    if (name.toLowerCase() === 'authorization' && typeof value === 'string') return value;
    if (name === 'headers' && typeof value === 'object' && value !== null) {
      return authorizationIn(Object.fromEntries(Object.entries(value)));
    }
  }
  return null;
}

const callOf = ({ credentials: { requestId, via, address } }: WsExtra): KnownCall => ({
  requestId,
  origin: { via, address },
});

const paramsOf = ({ query, variables, operationName, extensions }: SubscribePayload): OperationParams => ({
  query,
  ...(variables == null ? {} : { variables }),
  ...(operationName == null ? {} : { operationName }),
  ...(extensions == null ? {} : { extensions }),
});

/** The graphql-transport-ws protocol over the one pipeline of operations. */
export function createWsProtocol(options: WsProtocolOptions): Server<WsExtra> {
  const { pipeline, executions } = options;
  /** What graphql-ws carries from one hook to the next by the arguments' identity. */
  const underWay = new WeakMap<object, { operation: PreparedOperation; id: string; connection: WsConnection }>();
  const begun = (args: ExecutionArgs) => {
    const found = underWay.get(args);
    if (!found) throw new Error('An operation was executed that was never prepared.');
    return found;
  };
  return makeServer<Record<string, unknown>, WsExtra>({
    connectionInitWaitTimeout: options.initTimeout,
    async onConnect({ connectionParams, extra }) {
      const authorization = authorizationIn(connectionParams) ?? extra.credentials.authorization;
      const cookie = authorization === null ? extra.credentials.cookie : null;
      const found = await pipeline.authenticate({ ...extra.credentials, authorization, cookie });
      if (found.ok) {
        extra.onAccepted(found.ctx);
        return;
      }
      const { code, message } = found.refusal;
      // A close has no room for a request id: the log has the line under the one of the handshake.
      pipeline.refuse(callOf(extra), code, message);
      const close = code === 'UNAUTHENTICATED' ? CloseCode.Unauthorized : TRY_AGAIN_LATER;
      extra.connection.close(close, message.slice(0, LONGEST_REASON));
    },
    async onSubscribe({ extra, subscriptions }, id, payload) {
      const { connection } = extra;
      const requestId = randomUUID();
      if (connection.ctx === null) {
        const call = { ...callOf(extra), requestId };
        return errorsOf(pipeline.refuse(call, 'UNAUTHENTICATED', 'The connection was not accepted.'));
      }
      const ctx: Ctx = { ...connection.ctx, requestId };
      if (Object.keys(subscriptions).length > options.mostOperations) {
        const message = `One connection may have ${options.mostOperations} operations under way: complete some, or open another.`;
        return errorsOf(pipeline.refuse(ctx, 'LIMIT_EXCEEDED', message));
      }
      const prepared = await pipeline.prepare(ctx, paramsOf(payload));
      if (!prepared.ok) return errorsOf(prepared.result);
      const { operation } = prepared;
      const { schema, document, operationName } = operation;
      const args: ExecutionArgs = { schema, document, operationName, contextValue: null };
      underWay.set(args, { operation, id, connection });
      return args;
    },
    execute: (args) => new WsResults(new SingleResult(begun(args).operation)),
    async subscribe(args) {
      const { operation, id, connection } = begun(args);
      const found = await executions.subscribe(operation, connection.outlet(id));
      return Symbol.asyncIterator in found ? new WsResults(found) : forGraphqlWs(found);
    },
  });
}
