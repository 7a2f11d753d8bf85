import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Ctx } from '../../auth/actor.js';
import type { Authenticator } from '../../auth/authenticate.js';
import { requireRight } from '../../auth/policy.js';
import type { Clock } from '../../lib/time.js';
import type { Logger } from '../../telemetry/logger.js';
import type { Metrics } from '../../telemetry/metrics.js';
import type { Callers } from '../caller.js';
import type { ConnectionCap } from '../connections.js';
import type { OperationPipeline } from '../operation.js';
import { isReply, type Pipeline } from '../pipeline.js';
import { CHALLENGE } from '../reply.js';
import { watchRightsEnd } from '../rights-end.js';
import { failureOf, type RestFailure, sendFailure } from './rest-error.js';
import { breakOff, type StreamOptions, sendPieces } from './text-stream.js';

/** What the seed's paths and the exports stand on: the same as every other way in. */
export interface RestFrontParts {
  readonly pipeline: Pipeline;
  readonly operations: Pick<OperationPipeline, 'watchRights'>;
  readonly authenticator: Authenticator;
  readonly callers: Callers;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Milliseconds after which a client that takes nothing of a stream is cut off. */
  readonly idle: number;
}

/** A request as it came. */
export interface RestRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly url: URL;
}

/** A request that was let in. */
export interface RestCall extends RestRequest {
  readonly ctx: Ctx;
}

/** Answers, and says with which outcome for the metrics. */
type RestAnswer = (call: RestCall) => Promise<string>;

/** A kind of answer. */
export interface RestKind {
  /** In the metrics. */
  readonly name: string;
  /** The root field of the schema whose rights it needs. */
  readonly right: string;
  /** What it costs of the rate limit. */
  readonly cost: number;
}

/** What a stream sends, and where it counts. */
export interface RestStream extends Omit<StreamOptions, 'idle' | 'begin'> {
  readonly headers: Readonly<Record<string, string>>;
  readonly pieces: AsyncIterable<string>;
  readonly cap: ConnectionCap;
}

const METHODS = 'GET, HEAD';
const FULL = {
  TOO_MANY: { status: 503, code: 'UNAVAILABLE', message: 'The server sends too many lists already: try again.' },
  TOO_MANY_FROM_ADDRESS: { status: 429, code: 'RATE_LIMITED', message: 'Too many lists are sent to your address.' },
} as const satisfies Record<string, RestFailure>;

/** The one way of a REST request to its answer: method, credentials, rights, rate limit, failures, metrics. */
export class RestFront {
  readonly #parts: RestFrontParts;
  readonly #observe: (seconds: number, ...values: string[]) => void;

  constructor(parts: RestFrontParts) {
    this.#parts = parts;
    const help = 'How long REST requests take, to the last byte.';
    this.#observe = parts.metrics.duration('orrery_rest_request_duration_seconds', help, ['kind', 'outcome']);
  }

  /** Answers a request by `answer`, once it was let in; what that throws is told, or breaks off what was begun. */
  async answer(kind: RestKind, request: RestRequest, answer: RestAnswer): Promise<void> {
    const startedAt = performance.now();
    const outcome = await this.#answer(kind, request, answer);
    this.#observe((performance.now() - startedAt) / 1_000, kind.name, outcome);
  }

  async #answer(kind: RestKind, { req, res, url }: RestRequest, answer: RestAnswer): Promise<string> {
    const { callers, authenticator, pipeline, log } = this.#parts;
    const call = callers.callOf(req, 'REST');
    const send = (failure: RestFailure, headers?: Readonly<Record<string, string>>): string => {
      sendFailure(res, call.requestId, failure, headers);
      return String(failure.status);
    };
    const refuse = (failure: RestFailure, headers?: Readonly<Record<string, string>>): string => {
      pipeline.told(call, failure.code);
      return send(failure, headers);
    };
    if (req.method !== 'GET' && req.method !== 'HEAD') {
      const message = 'Nobody changes the history here: use GET.';
      return refuse({ status: 405, code: 'METHOD_NOT_ALLOWED', message }, { allow: METHODS });
    }
    let ctx: Ctx | undefined;
    try {
      const found = await authenticator.authenticate(callers.credentialsOf(req), call);
      if (!found.ok) {
        const { code, message } = found.refusal;
        return code === 'UNAUTHENTICATED'
          ? refuse({ status: 401, code, message }, { 'www-authenticate': CHALLENGE })
          : refuse({ status: 503, code, message });
      }
      ctx = found.ctx;
      requireRight(ctx, kind.right);
      const charged = pipeline.charge(ctx, kind.cost, kind.name);
      if (isReply(charged)) return send(failureOf(charged), charged.headers);
      return await answer({ ctx, req, res, url });
    } catch (error) {
      const failure = failureOf(pipeline.fault(ctx ?? call, error));
      if (!res.headersSent) return send(failure);
      log.warn({ requestId: call.requestId, code: failure.code }, 'a stream was broken off');
      breakOff(res);
      return 'broken off';
    }
  }

  /** Sends a stream with back-pressure, as long as the caller's rights last. */
  async stream({ ctx, req, res }: RestCall, { headers, pieces, cap, finish }: RestStream): Promise<string> {
    const place = cap.take(ctx.origin.address);
    if (typeof place === 'string') {
      this.#parts.pipeline.told(ctx, FULL[place].code);
      sendFailure(res, ctx.requestId, FULL[place]);
      return String(FULL[place].status);
    }
    const { operations, clock, idle } = this.#parts;
    const stopWatching = watchRightsEnd(operations, clock, ctx, () => breakOff(res));
    const begin = (): void => {
      res.writeHead(200, { ...commonHeaders(ctx), ...headers });
    };
    try {
      if (req.method === 'HEAD') {
        begin();
        res.end();
        return '200';
      }
      const end = await sendPieces(res, pieces, { idle, begin, ...(finish ? { finish } : {}) });
      return end === 'SENT' ? '200' : end.toLowerCase();
    } finally {
      stopWatching();
      place();
    }
  }
}

/** What every answer says. What it tells is the caller's alone. */
export const commonHeaders = (ctx: Pick<Ctx, 'requestId'>): Readonly<Record<string, string>> => ({
  'x-request-id': ctx.requestId,
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
});
