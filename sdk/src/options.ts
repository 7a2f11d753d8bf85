/** Where the server is, and who calls. */
export interface ClientOptions {
  /** The GraphQL endpoint: `http://127.0.0.1:4000/graphql`. */
  readonly url: string;
  /** Gives the bearer token for each request and each connection; left out: no token is sent. */
  readonly token?: (() => string | null | Promise<string | null>) | undefined;
  /** For tests and proxies; default: the platform's. */
  readonly fetch?: typeof fetch | undefined;
  /** The class that opens WebSockets; default: the platform's, or the package `ws` where there is none (Node 20). */
  readonly webSocket?: (new (url: string, protocols?: string | string[]) => unknown) | undefined;
  /** Told when a stream lost its connection and will resume, and when it did. */
  readonly onConnection?: ((state: ConnectionState) => void) | undefined;
  /** The longest wait between two attempts to connect, in milliseconds. Default 10,000. */
  readonly longestWait?: number | undefined;
}

export type ConnectionState =
  | { readonly kind: 'CONNECTED' }
  | { readonly kind: 'LOST'; readonly reason: string; readonly retryInMs: number };
