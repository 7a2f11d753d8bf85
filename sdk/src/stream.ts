import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { Client } from 'graphql-ws/client';
import { type ErrorEntry, fromEntries, OrreryError } from './errors.js';
import type { ClientOptions } from './options.js';
import { textOf } from './print.js';

/** The codes of errors after which a stream goes on from its last cursor instead of ending. */
const RESUMABLE = new Set(['SLOW_CONSUMER', 'SERVER_RESTART', 'UNAVAILABLE']);

/** A connection closed with one of these codes will not get better by itself. */
const FATAL_CLOSE: Readonly<Record<number, string>> = {
  4400: 'INVALID_INPUT',
  4401: 'UNAUTHENTICATED',
  4406: 'NETWORK',
};

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

/** The error that ends a stream, or null when it can go on from its last cursor. */
function fatal(failure: unknown, failures: number): OrreryError | null {
  if (failure instanceof OrreryError) return RESUMABLE.has(failure.code) ? null : failure;
  if (Array.isArray(failure)) return fatal(fromEntries(failure as ErrorEntry[], null), failures);
  if (!isClosed(failure)) return null;
  const code = failure.code === FORBIDDEN && failures > 0 ? 'UNAUTHENTICATED' : FATAL_CLOSE[failure.code];
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

/** Longer after each failure, and not the same for all clients of a server that has just come back. */
function retryWait(options: ClientOptions, failures: number): number {
  return Math.min(options.longestWait ?? 10_000, 100 * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);
}

/**
 * Follows a subscription through lost connections and restarted servers: after each it asks again with `after` set to
 * the last cursor seen, so that nothing is missed and nothing comes twice. Ends when the server completes the stream or
 * `signal` aborts; throws OrreryError when it cannot go on (no rights, bad input, RESYNC_REQUIRED).
 */
export async function* follow<Data, Variables>(
  socket: () => Promise<Client>,
  options: ClientOptions,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): AsyncGenerator<Data, void, void> {
  const query = textOf(document);
  const client = await socket();
  let after: string | null = null;
  let failures = 0;
  while (!signal?.aborted) {
    const results: AsyncIterableIterator<Result<Data>> = client.iterate<Data>({
      query,
      variables: { ...variables, ...(after === null ? {} : { after }) },
    });
    const stop = (): void => void results.return?.();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      for await (const result of results) {
        if (result.errors?.length) throw fromEntries(result.errors, null);
        if (result.data == null) continue;
        failures = 0;
        after = cursorIn(result.data) ?? after;
        yield result.data;
      }
      return;
    } catch (failure) {
      if (signal?.aborted) return;
      const end = fatal(failure, failures);
      if (end) throw end;
      failures += 1;
      const retryInMs = retryWait(options, failures);
      options.onConnection?.({ kind: 'LOST', reason: reasonOf(failure), retryInMs });
      await pause(retryInMs, signal);
    } finally {
      signal?.removeEventListener('abort', stop);
      await results.return?.();
    }
  }
}
