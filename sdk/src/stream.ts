import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { DocumentNode } from 'graphql';
import type { Client } from 'graphql-ws/client';
import { type ErrorEntry, fromEntries, OrreryError } from './errors.js';
import { LiveCursorDocument, type LiveCursorQuery } from './generated/operations.js';
import type { ClientOptions } from './options.js';
import { textOf } from './print.js';

/** The codes of errors after which a stream goes on from its last cursor instead of ending. */
const RESUMABLE = new Set(['SLOW_CONSUMER', 'UNAVAILABLE', 'TIMEOUT', 'CANCELLED', 'RATE_LIMITED']);

/**
 * The subscriptions that begin with what happens from now on when they are asked without `after`. (The others begin
 * with what there is: they miss nothing when they are asked anew.)
 */
export const FROM_NOW: ReadonlySet<string> = new Set([
  'activityRecorded',
  'jobStatusChanged',
  'runChanged',
  'serviceStateChanged',
  'shardMoved',
  'taskHistoryChanged',
  'transactionChanged',
]);

/** A connection closed with one of these codes will not get better by itself. */
const FATAL_CLOSE: Readonly<Record<number, string>> = {
  4400: 'INVALID_INPUT',
  4401: 'UNAUTHENTICATED',
  4406: 'NETWORK',
};

/** Some message was too large. All streams of the connection hear it: the one at fault goes by its size. */
const TOO_BIG = 1009;
/** A stream whose message has fewer characters goes on; no server takes less unless it was told to. */
const SMALL_MESSAGE = 65_536;

/** The rights have ended: one more try, since the token may have been renewed meanwhile. */
const FORBIDDEN = 4403;

/** One event as it comes over the wire. */
interface Result<Data> {
  readonly data?: Data | null | undefined;
  readonly errors?: readonly ErrorEntry[] | undefined;
}

interface Closed {
  readonly code: number;
  readonly reason: string;
}

function isClosed(failure: unknown): failure is Closed {
  return typeof failure === 'object' && failure !== null && 'code' in failure && typeof failure.code === 'number';
}

/** Whether a subscription can be resumed by `$after` and begins with what happens from now on. */
function beginsNow(document: DocumentNode): boolean {
  for (const node of document.definitions) {
    if (node.kind !== 'OperationDefinition') continue;
    if (!node.variableDefinitions?.some(({ variable }) => variable.name.value === 'after')) continue;
    return node.selectionSet.selections.some((field) => field.kind === 'Field' && FROM_NOW.has(field.name.value));
  }
  return false;
}

/** The cursor in an event: that of its root field. */
function cursorIn(data: unknown): string | null {
  if (typeof data !== 'object' || data === null) return null;
  for (const value of Object.values(data)) {
    if (typeof value === 'object' && value !== null && 'cursor' in value && typeof value.cursor === 'string') {
      return value.cursor;
    }
  }
  return null;
}

/** The code of the error in a closed connection that will not get better, for a stream that asked with `message`. */
function fatalCode({ code }: Closed, failures: number, message: object): string | undefined {
  if (code === FORBIDDEN && failures > 0) return 'UNAUTHENTICATED';
  if (code === TOO_BIG && JSON.stringify(message).length >= SMALL_MESSAGE) return 'LIMIT_EXCEEDED';
  return FATAL_CLOSE[code];
}

/** The cursor in an error: what came after it did not reach the reader. */
function cursorOfError(failure: unknown): string | null {
  const cursor = failure instanceof OrreryError ? failure.extensions.cursor : null;
  return typeof cursor === 'string' ? cursor : null;
}

/** The error that ends a stream, or null when it can go on from its last cursor. */
function fatal(failure: unknown, failures: number, message: object): OrreryError | null {
  if (failure instanceof OrreryError) return RESUMABLE.has(failure.code) ? null : failure;
  if (!isClosed(failure)) return null;
  const code = fatalCode(failure, failures, message);
  return code ? new OrreryError(failure.reason || 'The server closed the connection.', { code }) : null;
}

function reasonOf(failure: unknown): string {
  if (isClosed(failure)) return failure.reason || `connection closed (${failure.code})`;
  const says = typeof failure === 'object' && failure !== null && 'message' in failure && failure.message;
  return typeof says === 'string' && says !== '' ? says : 'connection lost';
}

/** Waits, unless the caller gives up before. */
function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted) done();
  });
}

/**
 * Longer after each failure, and not the same for all clients of a server that has just come back; as long as the server
 * says, where it says so.
 */
function retryWait(options: ClientOptions, failures: number, failure: unknown): number {
  const told = failure instanceof OrreryError ? failure.extensions.retryAfterSeconds : null;
  if (typeof told === 'number') return told * 1_000;
  return Math.min(options.longestWait ?? 10_000, 100 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

/** The results of one operation; throws what ends it. Ends when `signal` aborts. */
async function* resultsOf<Data>(
  client: Client,
  message: { readonly query: string; readonly variables: Record<string, unknown> },
  signal: AbortSignal | undefined,
): AsyncGenerator<Data, void, void> {
  if (signal?.aborted) return;
  const results: AsyncIterableIterator<Result<Data>> = client.iterate<Data>(message);
  const stop = (): void => void results.return?.();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const result of results) {
      if (result.errors?.length) throw fromEntries(result.errors, null);
      if (result.data != null) yield result.data;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    await results.return?.();
  }
}

/** The cursor of now; null when `signal` aborts before it has come. */
async function cursorOfNow(client: Client, signal: AbortSignal | undefined): Promise<string | null> {
  const results = resultsOf<LiveCursorQuery>(client, { query: textOf(LiveCursorDocument), variables: {} }, signal);
  for await (const { serverInfo } of results) return serverInfo.liveCursor;
  return null;
}

/**
 * Follows a subscription through lost connections and restarted servers: after each it asks again with `after` set to
 * the last cursor seen, so that nothing is missed and nothing comes twice. One that is to tell what comes from now on
 * asks for the cursor of now first, and follows from that. Ends when the server completes the stream or `signal` aborts;
 * throws OrreryError when it cannot go on (no rights, bad input, RESYNC_REQUIRED).
 */
export async function* follow<Data, Variables>(
  socket: () => Promise<Client>,
  options: ClientOptions,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): AsyncGenerator<Data, void, void> {
  const query = textOf(document);
  const given: Record<string, unknown> = Object.fromEntries(Object.entries(variables ?? {}));
  const fromNow = given.after == null && beginsNow(document);
  const client = await socket();
  let after: string | null = null;
  let failures = 0;
  while (!signal?.aborted) {
    let message = { query, variables: given };
    try {
      if (fromNow) after ??= await cursorOfNow(client, signal);
      if (after !== null) message = { query, variables: { ...given, after } };
      for await (const data of resultsOf<Data>(client, message, signal)) {
        failures = 0;
        after = cursorIn(data) ?? after;
        yield data;
      }
      return;
    } catch (thrown) {
      if (signal?.aborted) return;
      const failure: unknown = Array.isArray(thrown) ? fromEntries(thrown as ErrorEntry[], null) : thrown;
      const end = fatal(failure, failures, message);
      if (end) throw end;
      after = cursorOfError(failure) ?? after;
      failures += 1;
      const retryInMs = retryWait(options, failures, failure);
      options.onConnection?.({ kind: 'LOST', reason: reasonOf(failure), retryInMs });
      await pause(retryInMs, signal);
    }
  }
}
