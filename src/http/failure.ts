import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { ExpectedError } from '../lib/errors.js';
import type { Logger } from '../telemetry/logger.js';

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
  /** Whether something thrown says that a store cannot be reached at the moment. */
  isUnavailable: (error: unknown) => boolean;
}

const AWAY = 'A store cannot be reached at the moment: try again.';

/** How a failure may be shown: its message and extensions; null when it must be masked. */
function shownAs(
  error: GraphQLError,
  isUnavailable: FailureSink['isUnavailable'],
): { message: string; extensions: Record<string, unknown> } | null {
  const root = rootOf(error);
  if (isUnavailable(root)) return { message: AWAY, extensions: { code: 'UNAVAILABLE' } };
  if (root instanceof ExpectedError) return { message: root.message, extensions: { ...root.details, code: root.code } };
  if (!(root instanceof GraphQLError)) return null;
  const known = root.extensions?.code !== undefined || error.path === undefined || ABOUT_ARGUMENTS.test(root.message);
  return known ? { message: error.message, extensions: kept(root) } : null;
}

/**
 * The errors as they may leave the server: a stable code and the request id in each, and neither stack nor SQL nor path
 * of a bug, which goes to the log under the same id.
 */
export function showErrors(
  errors: readonly GraphQLError[],
  requestId: string,
  sink: FailureSink,
): GraphQLFormattedError[] {
  return errors.map((error) => {
    const { locations, path } = error;
    const shown = shownAs(error, sink.isUnavailable) ?? maskBug(error, requestId, sink.log);
    return {
      message: shown.message,
      ...(locations ? { locations } : {}),
      ...(path ? { path } : {}),
      extensions: { ...shown.extensions, requestId },
    };
  });
}

function maskBug(
  error: GraphQLError,
  requestId: string,
  log: Logger,
): { message: string; extensions: { code: string } } {
  log.error({ requestId, path: error.path, error: rootOf(error) }, 'an operation failed');
  return { message: MASKED, extensions: { code: 'INTERNAL' } };
}
