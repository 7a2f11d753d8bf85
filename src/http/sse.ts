import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Call } from '../auth/authenticate.js';
import { type Clock, SECOND } from '../lib/time.js';
import { RightsEndedError } from '../live/errors.js';
import type { Executions } from '../live/executions.js';
import type { Results } from '../live/subscription.js';
import { BodyError } from './body.js';
import type { Callers } from './caller.js';
import type { ConnectionCap } from './connections.js';
import type { RequestErrorCode } from './failure.js';
import type { OperationPipeline, PreparedOperation } from './operation.js';
import type { Route } from './parts.js';
import { CHALLENGE, sendJson } from './reply.js';
import type { KnownCall } from './request-log.js';
import { watchRightsEnd } from './rights-end.js';
import { SingleResult } from './single-result.js';
import { SseConnection } from './sse-connection.js';
import { sseParams } from './sse-request.js';

export interface EventStreamParts {
  pipeline: OperationPipeline;
  executions: Executions;
  callers: Pick<Callers, 'callOf' | 'credentialsOf'>;
  /** Shared with the WebSockets. */
  cap: ConnectionCap;
  clock: Clock;
  options: {
    maxBodyBytes: number;
    /** What may wait for one connection, in bytes. */
    queueBytes: number;
    /** Milliseconds between heartbeats. Default 12,000. */
    heartbeat?: number;
  };
}

/** Server-sent events on `/graphql`: graphql-sse, distinct connections mode. */
export interface EventStreams {
  readonly route: Route;
  readonly open: number;
  /** Breaks every stream off, so that clients connect again elsewhere. */
  close(): void;
}

/** A request that is answered without a stream. */
class RefusedRequest extends Error {
  readonly status: number;
  readonly code: RequestErrorCode;

  constructor(status: number, code: RequestErrorCode, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const CAP_REFUSALS = {
  TOO_MANY: new RefusedRequest(503, 'UNAVAILABLE', 'The server has too many connections.'),
  TOO_MANY_FROM_ADDRESS: new RefusedRequest(429, 'RATE_LIMITED', 'Too many connections from your address.'),
};

function answerRefused(pipeline: OperationPipeline, call: KnownCall, res: ServerResponse, error: unknown): void {
  if (!(error instanceof RefusedRequest || error instanceof BodyError)) throw error;
  if (error.status === 401) res.setHeader('www-authenticate', CHALLENGE);
  if (error.status === 405) res.setHeader('allow', 'GET, POST');
  if (error instanceof BodyError) res.setHeader('connection', 'close');
  const body = pipeline.refuse(call, error.code, error.message);
  const spent = body.errors?.[0]?.extensions?.code === 'RATE_LIMITED';
  sendJson(res, spent ? 429 : error.status, body);
}

class EventStreamSide implements EventStreams {
  readonly #parts: EventStreamParts;
  readonly #connections = new Set<SseConnection>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(parts: EventStreamParts) {
    this.#parts = parts;
    this.#heartbeat = setInterval(
      () => {
        for (const connection of this.#connections) connection.beat();
      },
      parts.options.heartbeat ?? 12 * SECOND,
    );
    this.#heartbeat.unref();
  }

  get open(): number {
    return this.#connections.size;
  }

  readonly route: Route = async (req, res, url) => {
    const { callers, cap, pipeline } = this.#parts;
    const call = callers.callOf(req, 'SSE');
    res.setHeader('x-request-id', call.requestId);
    const place = cap.take(call.origin.address);
    if (typeof place === 'string') {
      answerRefused(pipeline, call, res, CAP_REFUSALS[place]);
      return;
    }
    res.once('close', place);
    try {
      await this.#answer(req, res, url, call);
    } catch (error) {
      if (res.headersSent) throw error;
      answerRefused(pipeline, call, res, error);
    }
  };

  async #answer(req: IncomingMessage, res: ServerResponse, url: URL, call: Call): Promise<void> {
    const { pipeline, callers, options } = this.#parts;
    if (req.method !== 'GET' && req.method !== 'POST') {
      throw new RefusedRequest(405, 'BAD_REQUEST', 'Send operations by POST, or queries and subscriptions by GET.');
    }
    const found = await pipeline.authenticate({
      ...callers.credentialsOf(req),
      ...call.origin,
      requestId: call.requestId,
    });
    if (!found.ok) {
      const { code, message } = found.refusal;
      throw new RefusedRequest(code === 'UNAUTHENTICATED' ? 401 : 503, code, message);
    }
    const params = await sseParams(req, url, options.maxBodyBytes).catch((error: unknown) =>
      answerRefused(pipeline, found.ctx, res, error),
    );
    if (!params) return;
    const prepared = await pipeline.prepare(found.ctx, params);
    if (res.destroyed) return;
    const connection = new SseConnection(res, options.queueBytes);
    if (!prepared.ok) {
      connection.open();
      connection.fail(prepared.result);
      return;
    }
    if (req.method === 'GET' && prepared.operation.type === 'mutation') {
      throw new RefusedRequest(405, 'BAD_REQUEST', 'A mutation needs POST.');
    }
    connection.open();
    await this.#stream(connection, res, prepared.operation);
  }

  async #stream(connection: SseConnection, res: ServerResponse, operation: PreparedOperation): Promise<void> {
    const { pipeline, clock } = this.#parts;
    let results: Results | undefined;
    const end = (): void => {
      stopWatching();
      this.#connections.delete(connection);
      results?.return?.().catch(() => {});
    };
    const stopWatching = watchRightsEnd(pipeline, clock, operation.ctx, () => {
      connection.fail(operation.faultResult(new RightsEndedError()));
      end();
    });
    this.#connections.add(connection);
    res.once('close', end);
    const begun = await this.#begin(operation, connection);
    if (!(Symbol.asyncIterator in begun)) {
      connection.fail(begun);
      return;
    }
    results = begun;
    if (res.destroyed || res.writableEnded) end();
    await connection.run(begun);
  }

  #begin(operation: PreparedOperation, connection: SseConnection): ReturnType<Executions['subscribe']> {
    if (operation.type === 'subscription') return this.#parts.executions.subscribe(operation, connection);
    return Promise.resolve(new SingleResult(operation));
  }

  close(): void {
    clearInterval(this.#heartbeat);
    for (const connection of [...this.#connections]) connection.cutOff();
  }
}

export function createEventStreams(parts: EventStreamParts): EventStreams {
  return new EventStreamSide(parts);
}
