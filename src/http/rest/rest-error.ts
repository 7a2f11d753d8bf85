import type { ServerResponse } from 'node:http';
import type { Reply } from '../pipeline.js';
import { sendText } from '../reply.js';

/** The HTTP status of each code that an answer may have; any other is a fault of ours. */
const STATUS: Readonly<Record<string, number>> = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  RATE_LIMITED: 429,
  UNAVAILABLE: 503,
  CANCELLED: 503,
  TIMEOUT: 504,
};

/** An error as these paths tell it. */
export interface RestFailure {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

/** The failure in an answer of the pipeline, which has masked and logged it. */
export function failureOf({ body, status, headers }: Reply): RestFailure & { headers?: Reply['headers'] } {
  const [error] = body.errors ?? [];
  const code = String(error?.extensions?.code ?? 'INTERNAL');
  return {
    status: STATUS[code] ?? status,
    code,
    message: error?.message ?? '',
    ...(headers ? { headers } : {}),
  };
}

/** Answers with a failure. */
export function sendFailure(
  res: ServerResponse,
  requestId: string,
  { status, code, message }: RestFailure,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = JSON.stringify({ message, code, request_id: requestId });
  sendText(res, status, 'application/json; charset=utf-8', text, { 'x-request-id': requestId, ...headers });
}
