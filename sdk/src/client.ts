import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { Client } from 'graphql-ws/client';
import { exportList, type TasksExport, type TransactionsExport } from './export.js';
import { request } from './http.js';
import type { ClientOptions } from './options.js';
import { connect } from './socket.js';
import { follow } from './stream.js';

/** A connection to one Orrery server. */
export interface OrreryClient {
  /** Runs a query or a mutation. Throws OrreryError; see `request`. */
  request<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    signal?: AbortSignal,
  ): Promise<Data>;
  /** Follows a subscription, resuming by cursor through lost connections and restarts. Throws OrreryError. */
  follow<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    signal?: AbortSignal,
  ): AsyncGenerator<Data, void, void>;
  /** Exports the history of tasks as a stream. Throws OrreryError; see `exportList`. */
  exportTasks(asked: TasksExport, signal?: AbortSignal): Promise<AsyncGenerator<Uint8Array>>;
  /** Exports deployments, runs and plans as a stream. Throws OrreryError; see `exportList`. */
  exportTransactions(asked: TransactionsExport, signal?: AbortSignal): Promise<AsyncGenerator<Uint8Array>>;
  /** Ends the WebSocket connection, if one is open. */
  close(): Promise<void>;
}

/** Makes a client. Nothing is sent before the first call. */
export function createOrreryClient(options: ClientOptions): OrreryClient {
  let socket: Promise<Client> | undefined;
  const connected = (): Promise<Client> => {
    socket ??= connect(options);
    return socket;
  };
  return {
    request: (document, variables, signal) => request(options, document, variables, signal),
    follow: (document, variables, signal) => follow(connected, options, document, variables, signal),
    exportTasks: (asked, signal) => exportList(options, 'tasks-history', asked, signal),
    exportTransactions: (asked, signal) => exportList(options, 'transactions', asked, signal),
    close: async () => {
      await (await socket)?.dispose();
    },
  };
}
