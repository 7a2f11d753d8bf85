import type { FormattedExecutionResult } from 'graphql';
import { type Client, createClient } from 'graphql-ws/client';
import { WebSocket } from 'ws';

/** Why a connection was closed. */
interface Closed {
  code: number;
  reason: string;
}

/** A WebSocket connection by which subscriptions are followed. */
export interface Socket {
  /** Each result; a refusal is a result with nothing but errors. */
  follow(query: string, variables?: Record<string, unknown>): AsyncGenerator<FormattedExecutionResult>;
  /** Resolves when the server closes the connection. */
  readonly closed: Promise<Closed>;
  end(): Promise<void>;
}

async function* resultsOf(
  client: Client,
  query: string,
  variables: Record<string, unknown>,
): AsyncGenerator<FormattedExecutionResult> {
  try {
    for await (const { data = null, errors } of client.iterate({ query, variables })) {
      yield { data, ...(errors ? { errors } : {}) };
    }
  } catch (error) {
    if (!Array.isArray(error)) throw error;
    yield { errors: error };
  }
}

/** Opens a connection with a token; with none when it is null. */
export function openSocket(endpoint: string, token: string | null): Socket {
  let close = (_closed: Closed): void => {};
  const closed = new Promise<Closed>((resolve) => {
    close = resolve;
  });
  const client = createClient({
    url: endpoint.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    connectionParams: token === null ? {} : { authorization: `Bearer ${token}` },
    on: { closed: (event) => close(event as Closed) },
  });
  return {
    follow: (query, variables = {}) => resultsOf(client, query, variables),
    closed,
    end: async () => client.dispose(),
  };
}

/** The next result of a stream. Throws when it has ended. */
export async function nextOf(results: AsyncGenerator<FormattedExecutionResult>): Promise<FormattedExecutionResult> {
  const next = await results.next();
  if (next.done) throw new Error('The stream has ended.');
  return next.value;
}
