import type { FormattedExecutionResult } from 'graphql';
import type { Ctx } from '../auth/actor.js';
import type { LiveOperation } from '../live/operation.js';
import type { RequestErrorCode } from './failure.js';
import type { KnownCall } from './request-log.js';

/** What a call brings to prove who it is, where it comes from, and the id that the log knows it by. */
export interface CallCredentials {
  requestId: string;
  /** The Authorization header, or the same text from a WebSocket's `connection_init`. */
  authorization: string | null;
  /** The Cookie header; null where cookies do not count. */
  cookie: string | null;
  via: Ctx['origin']['via'];
  address: string | null;
}

type Authenticated =
  | { ok: true; ctx: Ctx }
  | { ok: false; refusal: { code: 'UNAUTHENTICATED' | 'UNAVAILABLE'; message: string } };

/** A GraphQL request as it came in; nothing is checked yet. */
export interface OperationParams {
  query?: unknown;
  operationName?: unknown;
  variables?: unknown;
  extensions?: unknown;
}

/** An operation that may be executed: parsed, validated, within the limits. */
export interface PreparedOperation extends LiveOperation {
  readonly ctx: Ctx;
  readonly type: 'query' | 'mutation' | 'subscription';
  /** Executes a query or a mutation, within the operation's time limit. Never rejects. */
  execute(signal: AbortSignal): Promise<FormattedExecutionResult>;
}

/** Or why not: an answer with nothing but `errors`, as it leaves the server. */
type Preparation = { ok: true; operation: PreparedOperation } | { ok: false; result: FormattedExecutionResult };

/** The one way of an operation through authentication and limits: HTTP, WebSocket and SSE all take it. */
export interface OperationPipeline {
  /** Never rejects for what the caller did. */
  authenticate(credentials: CallCredentials): Promise<Authenticated>;
  /** The answer to a call that is refused for anything but its operation: the caller pays, where known; the log tells. */
  refuse(call: KnownCall, code: RequestErrorCode, message: string): FormattedExecutionResult;
  /**
   * Parses, validates and counts one request of an authenticated caller, under the request id of `ctx`; never rejects
   * for what the caller sent.
   */
  prepare(ctx: Ctx, params: OperationParams): Promise<Preparation>;
  /** Calls `onEnd` once when the caller's rights are revoked before they expire; returns how to stop. */
  watchRights(ctx: Ctx, onEnd: () => void): () => void;
}
