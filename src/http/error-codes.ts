import type { ErrorCode } from '../lib/errors.js';
import type { RequestErrorCode } from './failure.js';

/** What each code says at the top level of an answer, in `errors`; null: it is only ever in a mutation's own result. */
const MEANINGS: Readonly<Record<RequestErrorCode | ErrorCode, string | null>> = {
  BAD_REQUEST: 'the request has not the form of GraphQL over HTTP',
  GRAPHQL_PARSE_FAILED: 'the document is no GraphQL',
  GRAPHQL_VALIDATION_FAILED: 'the document does not fit the schema',
  BAD_USER_INPUT: 'a variable or an argument is not of its type, or a text in it cannot be kept',
  INVALID_INPUT: 'an argument breaks a rule: a page too large, a cursor of another list, a filter that is none',
  NOT_FOUND: 'nothing that the caller may see has this id',
  UNAUTHENTICATED: 'no good credentials, or the rights have ended',
  FORBIDDEN: 'the role may not use this field',
  LIMIT_EXCEEDED: 'more than one operation may ask; nothing was done',
  RATE_LIMITED:
    'more than one token may ask in a minute: try again in `extensions.retryAfterSeconds`; `extensions.rateLimit` says what is left',
  RESYNC_REQUIRED: 'the cursor is older than what is kept: read the state again, go on from `extensions.cursor`',
  SLOW_CONSUMER: 'the reader of a subscription did not keep up: go on from the last cursor',
  TIMEOUT: 'the operation took too long',
  CANCELLED: 'the server stops',
  UNAVAILABLE: 'a store or the identity provider cannot be reached: try again',
  INTERNAL: 'a fault of the server',
  CONFLICT: null,
  JOB_REMOVED: null,
  SCHEDULE_EXHAUSTED: null,
  LEASE_LOST: null,
  HISTORY_DISABLED: null,
  NOT_A_DEPLOYMENT: null,
  CLUSTER_REMOVED: null,
  TRANSACTION_OPEN: null,
  SERVICE_RUNNING: null,
  SERVICE_NOT_RUNNING: null,
};

/** The codes of top-level errors as a table in Markdown, for the documentation; a test holds it equal. */
export function errorCodesDocument(): string {
  const rows = Object.entries(MEANINGS).flatMap(([code, meaning]) => (meaning ? [`| \`${code}\` | ${meaning} |`] : []));
  return ['', '| code | meaning |', '| --- | --- |', ...rows, ''].join('\n');
}
