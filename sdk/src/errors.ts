/** Why a call did not get an answer: one of the API's error codes, or NETWORK when no server could be reached. */
export class OrreryError extends Error {
  /** `UNAUTHENTICATED`, `FORBIDDEN`, `INVALID_INPUT`, `RATE_LIMITED`, `NETWORK` ...: stable, for programs. */
  readonly code: string;
  /** The id under which the server logged the request, when it answered. */
  readonly requestId: string | null;
  /** The HTTP status, when there was one. */
  readonly status: number | null;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    details: {
      code: string;
      requestId?: string | null;
      status?: number | null;
      extensions?: Record<string, unknown>;
      cause?: unknown;
    },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'OrreryError';
    this.code = details.code;
    this.requestId = details.requestId ?? null;
    this.status = details.status ?? null;
    this.extensions = details.extensions ?? {};
  }
}

/** An entry of an answer's `errors`, as GraphQL over HTTP and graphql-ws carry it. */
export interface ErrorEntry {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** The first error of an answer, as one that can be thrown. */
export function fromEntries(entries: readonly ErrorEntry[], status: number | null): OrreryError {
  const [first] = entries;
  const extensions = { ...first?.extensions };
  const { code, requestId } = extensions;
  return new OrreryError(entries.map((entry) => entry.message).join('; ') || 'The server answered with no data.', {
    code: typeof code === 'string' ? code : 'INTERNAL',
    requestId: typeof requestId === 'string' ? requestId : null,
    status,
    extensions,
  });
}
