import type { ServerResponse } from 'node:http';
import { type Reply, replyText } from './pipeline.js';

/** The challenge of a request without good credentials (RFC 6750). */
export const CHALLENGE = 'Bearer realm="orrery"';

/** The media types of an answer. */
export type ResponseType = 'application/json' | 'application/graphql-response+json';

const TYPES: Readonly<Record<string, ResponseType>> = {
  'application/graphql-response+json': 'application/graphql-response+json',
  'application/json': 'application/json',
  'application/*': 'application/json',
  '*/*': 'application/json',
};

/** The media type for an Accept header: the first that it names and we have; null when there is none. */
export function responseType(accept: string | undefined): ResponseType | null {
  if (accept === undefined || accept === '' || accept === '*/*') return 'application/json';
  for (const part of accept.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim());
    const type = TYPES[name];
    const charset = parameters.find((parameter) => parameter.startsWith('charset='));
    if (type && (charset === undefined || charset === 'charset=utf-8')) return type;
  }
  return null;
}

/** The status of an answer in a media type. */
export const statusOf = (reply: Reply, type: ResponseType): number =>
  type === 'application/json' ? reply.jsonStatus : reply.status;

/** Writes an answer out. Does nothing when the caller has gone. */
export function sendReply(res: ServerResponse, reply: Reply, type: ResponseType, requestId: string): void {
  const headers = { 'x-request-id': requestId, ...reply.headers };
  sendText(res, statusOf(reply, type), `${type}; charset=utf-8`, replyText(reply), headers);
}

/** Writes a text out with its length. Does nothing when the caller has gone. */
export function sendText(
  res: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  headers?: Readonly<Record<string, string>>,
): void {
  if (res.headersSent || res.destroyed) return;
  const size = Buffer.byteLength(text);
  // Node would put the header and the text together in one string, and copy both once more.
  res.cork();
  res.writeHead(status, {
    'content-type': contentType,
    'content-length': size,
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  res.flushHeaders();
  // ASCII is the same in both encodings, and Node writes latin1 with a third of the memory.
  res.end(text, size === text.length ? 'latin1' : 'utf8');
}

/** Writes JSON out. */
export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  sendText(res, status, 'application/json; charset=utf-8', JSON.stringify(body));
}
