import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type ErrorEntry, fromEntries, OrreryError } from './errors.js';
import type { ClientOptions } from './options.js';
import { textOf } from './print.js';

interface Answer<Data> {
  data?: Data | null;
  errors?: readonly ErrorEntry[];
}

async function send(options: ClientOptions, body: string, signal: AbortSignal | undefined): Promise<Response> {
  const token = await options.token?.();
  try {
    return await (options.fetch ?? fetch)(options.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
      },
      body,
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new OrreryError(`No server answers at ${options.url}.`, { code: 'NETWORK', cause });
  }
}

/**
 * Runs a query or a mutation. Throws OrreryError for top-level errors (authentication, limits, bugs) and for a server
 * that cannot be reached; what the caller did wrong is in the data, as the named errors of the mutation's result.
 */
export async function request<Data, Variables>(
  options: ClientOptions,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  signal?: AbortSignal,
): Promise<Data> {
  const response = await send(options, JSON.stringify({ query: textOf(document), variables }), signal);
  let answer: Answer<Data>;
  try {
    answer = (await response.json()) as Answer<Data>;
  } catch (cause) {
    const message = `${options.url} answered ${response.status}, which is not GraphQL: is it an Orrery server?`;
    throw new OrreryError(message, { code: 'NETWORK', status: response.status, cause });
  }
  if (answer.errors?.length || answer.data == null) throw fromEntries(answer.errors ?? [], response.status);
  return answer.data;
}
