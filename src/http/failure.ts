import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ExpectedError } from '../lib/errors.js';
import type { Logger } from '../telemetry/logger.js';
import type { KnownCall, RequestLog } from './request-log.js';

/** The codes of top-level errors, besides those of expected failures (lib/errors.ts). */
export type RequestErrorCode =
  | 'BAD_REQUEST'
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | 'BAD_USER_INPUT'
  | 'LIMIT_EXCEEDED'
  | 'RATE_LIMITED'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'UNAVAILABLE'
  | 'TIMEOUT'
  | 'CANCELLED'
  | 'INTERNAL';

/** A top-level error of our own. */
export const requestError = (code: RequestErrorCode, message: string): GraphQLError =>
  new GraphQLError(message, { extensions: { code } });

const MASKED = 'Something went wrong inside the server. The log has the details under the request id.';

/** What is kept of an error's own extensions: a code, and what a client needs to go on. */
function kept(error: GraphQLError): { code: string } & Record<string, unknown> {
  const { code, http, originalError, ...rest } = error.extensions ?? {};
  return { ...rest, code: typeof code === 'string' ? code : 'BAD_USER_INPUT' };
}

/** Errors that GraphQL itself raises about arguments while it executes; any other one without a code is a bug. */
const ABOUT_ARGUMENTS = /^(Argument|Variable) "/;

/** The root of an error: GraphQL wraps what a resolver throws, once or more. */
function rootOf(error: GraphQLError): unknown {
  let root: unknown = error;
  while (root instanceof GraphQLError && root.originalError) root = root.originalError;
  return root;
}

/** Where failures are told, and how a store that is away is known. */
export interface FailureSink {
  log: Logger;
  requests: RequestLog;
  /** Whether a message may suggest names of the schema. */
  suggestions: boolean;
  /** Whether something thrown says that a store cannot be reached at the moment. */
  isUnavailable: (error: unknown) => boolean;
}

const AWAY = 'A store cannot be reached at the moment: try again.';

/** What GraphQL's messages may end with. (No pattern: the message may quote a long value.) */
function withoutSuggestion(message: string): string {
  const at = message.lastIndexOf(' Did you mean ');
  return at >= 0 && message.endsWith('?') ? message.slice(0, at) : message;
}

/** An error as it may be shown. */
interface Shown {
  message: string;
  extensions: { code: string } & Record<string, unknown>;
}

/** How a failure may be shown: its message and extensions; null when it must be masked. */
function shownAs(error: GraphQLError, { isUnavailable, suggestions }: FailureSink): Shown | null {
  const root = rootOf(error);
  if (isUnavailable(root)) return { message: AWAY, extensions: { code: 'UNAVAILABLE' } };
  if (root instanceof ExpectedError) return { message: root.message, extensions: { ...root.details, code: root.code } };
  if (!(root instanceof GraphQLError)) return null;
  const known = root.extensions?.code !== undefined || error.path === undefined || ABOUT_ARGUMENTS.test(root.message);
  if (!known) return null;
  return { message: suggestions ? error.message : withoutSuggestion(error.message), extensions: kept(root) };
}

/**
 * The errors as they may leave the server: a stable code and the request id in each, and neither stack nor SQL nor path
 * of a bug, which goes to the log under the same id; so do the codes of the others. `operation`: its name, where known.
 */
export function showErrors(
  errors: readonly GraphQLError[],
  call: KnownCall,
  operation: string | null,
  sink: FailureSink,
): GraphQLFormattedError[] {
  const { requestId } = call;
  const counts = new Map<string, { errors: number; first: GraphQLError }>();
  const shown = errors.map((error) => {
    const { locations, path } = error;
    const known = shownAs(error, sink);
    const { message, extensions } = known ?? maskBug(error, requestId, sink.log);
    const count = counts.get(extensions.code);
    if (count) count.errors += 1;
    else if (known) counts.set(extensions.code, { errors: 1, first: error });
    return {
      message,
      ...(locations ? { locations } : {}),
      ...(path ? { path } : {}),
      extensions: { ...extensions, requestId },
    };
  });
  for (const [code, { errors: count, first }] of counts) {
    const root = rootOf(first);
    const thrown = code === 'UNAVAILABLE' && !(root instanceof GraphQLError) ? { error: root } : {};
    sink.requests.refused(call, { code, operation, path: first.path, errors: count, ...thrown });
  }
  return shown;
}

function maskBug(error: GraphQLError, requestId: string, log: Logger): Shown {
  log.error({ requestId, path: error.path, error: rootOf(error) }, 'an operation failed');
  return { message: MASKED, extensions: { code: 'INTERNAL' } };
}
