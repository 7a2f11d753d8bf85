import type { IncomingMessage, ServerResponse } from 'node:http';
import { useCSRFPrevention } from '@graphql-yoga/plugin-csrf-prevention';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Ctx } from '../auth/actor.js';
import type { Logger } from '../telemetry/logger.js';
import { BodyError, readBody } from './body.js';
import { Cancellation, OperationEnded } from './deadlines.js';
import { requestError } from './failure.js';
import { runOperation } from './fast-path.js';
import { checkParams } from './params.js';
import { type Pipeline, type Reply, replyText } from './pipeline.js';
import { type ResponseType, responseType, sendReply, statusOf } from './reply.js';

/** What Yoga carries along for us. */
interface Carried {
  ctx: Ctx;
  controller: Cancellation;
}

/**
 * Headers that a page of another origin cannot send without a preflight. One of them is asked for with GET and forms,
 * which browsers send on anybody's behalf.
 */
const PREFLIGHT_HEADERS = ['authorization', 'x-orrery-csrf', 'graphql-require-preflight', 'apollo-require-preflight'];

/** Puts our pipeline in the place of Yoga's, and writes its answers as the fast path does. */
function usePipeline(pipeline: Pipeline): Plugin<object, Carried> {
  const replies = new WeakMap<object, Reply>();
  return {
    onParams({ request, setParamsHandler }) {
      setParamsHandler(async ({ params, context }) => {
        const { ctx, controller } = context;
        const checked = checkParams(params);
        const readOnly = request.method === 'GET';
        const reply =
          checked instanceof GraphQLError
            ? pipeline.reject(ctx, [checked], 400, 400)
            : await runOperation(pipeline, ctx, checked, readOnly, controller);
        const result = { data: null };
        replies.set(result, reply);
        return result;
      });
    },
    onResultProcess({ request, result, serverContext, setResultProcessor }) {
      const reply = replies.get(result) ?? replyOfYoga(pipeline, serverContext.ctx, result);
      const accept = request.headers.get('accept') ?? undefined;
      const type: ResponseType = responseType(accept) ?? 'application/json';
      setResultProcessor((_result, { Response }) => {
        const headers = { 'content-type': `${type}; charset=utf-8`, ...reply.headers };
        return new Response(replyText(reply), { status: statusOf(reply, type), headers });
      }, type);
    },
  };
}

const httpStatus = (error: GraphQLError): number => {
  const http: unknown = error.extensions.http;
  const status = typeof http === 'object' && http !== null && 'status' in http ? http.status : undefined;
  return typeof status === 'number' ? status : 400;
};

/** The answer to a request that Yoga itself refused before our pipeline saw it. */
function replyOfYoga(pipeline: Pipeline, ctx: Ctx, result: unknown): Reply {
  const errors: readonly unknown[] =
    typeof result === 'object' && result !== null && 'errors' in result && Array.isArray(result.errors)
      ? result.errors
      : [];
  const known = errors.filter((error) => error instanceof GraphQLError);
  const status = Math.max(400, ...known.map(httpStatus));
  const plain = known.map((error) => requestError(status === 403 ? 'FORBIDDEN' : 'BAD_REQUEST', error.message));
  const shown = plain.length > 0 ? plain : [requestError('BAD_REQUEST', 'The request cannot be read.')];
  return pipeline.reject(ctx, shown, status, status);
}

/** Answers by way of Yoga: GET, forms, `application/graphql`, and whatever the fast path leaves. */
export type YogaWay = (ctx: Ctx, req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** Makes the way through Yoga, over the same pipeline as the fast path. */
export function createYogaWay(schema: GraphQLSchema, pipeline: Pipeline, log: Logger, maxBodyBytes: number): YogaWay {
  const say = (...words: unknown[]): void => log.debug({ words: words.map(String) }, 'yoga');
  const yoga = createYoga<Carried>({
    schema,
    graphqlEndpoint: '/graphql',
    logging: { debug: say, info: say, warn: say, error: say },
    cors: false,
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    maxRequestBodySize: maxBodyBytes,
    parserAndValidationCache: false,
    maskedErrors: false,
    plugins: [useCSRFPrevention({ requestHeaders: PREFLIGHT_HEADERS }), usePipeline(pipeline)],
  });
  return async (ctx, req, res) => {
    const type = responseType(req.headers.accept);
    const refuse = (error: GraphQLError, status: number): void =>
      sendReply(res, pipeline.reject(ctx, [error], status, status), type ?? 'application/json', ctx.requestId);
    if (type === null) return refuse(requestError('BAD_REQUEST', NOT_ACCEPTABLE), 406);
    let body: Buffer | null = null;
    try {
      if (req.method === 'POST') body = await readBody(req, maxBodyBytes);
    } catch (error) {
      if (!(error instanceof BodyError)) throw error;
      res.setHeader('connection', 'close');
      return refuse(requestError(error.code, error.message), error.status);
    }
    const controller = new Cancellation();
    res.once('close', () => controller.abort(new OperationEnded('CANCELLED')));
    const request = new Request(new URL(req.url ?? '/', 'http://orrery.invalid'), {
      method: req.method ?? 'GET',
      headers: plainHeaders(req),
      ...(body ? { body: new Uint8Array(body) } : {}),
    });
    const response = await yoga.fetch(request, { ctx, controller });
    const text = await response.text();
    if (res.destroyed) return;
    // Yoga says nothing but the status of a body that none of its parsers knows.
    if (response.status === 415 && text === '') return refuse(requestError('BAD_REQUEST', UNSUPPORTED), 415);
    response.headers.forEach((value, name) => {
      res.setHeader(name, value);
    });
    res.statusCode = response.status;
    res.setHeader('x-request-id', ctx.requestId);
    res.setHeader('x-content-type-options', 'nosniff');
    res.setHeader('content-length', Buffer.byteLength(text));
    res.end(text);
  };
}

const UNSUPPORTED = 'Send the operation as application/json, application/graphql or application/x-www-form-urlencoded.';
const NOT_ACCEPTABLE = 'Answers come as application/json or application/graphql-response+json.';

/** Headers of the connection or of an encoding that is already undone are not handed on. */
const NOT_HANDED_ON: ReadonlySet<string> = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
]);

function plainHeaders(req: IncomingMessage): [string, string][] {
  return Object.entries(req.headers).flatMap(([name, value]): [string, string][] =>
    value === undefined || NOT_HANDED_ON.has(name) ? [] : [[name, String(value)]],
  );
}
