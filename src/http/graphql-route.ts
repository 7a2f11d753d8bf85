import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authentication, Call } from '../auth/authenticate.js';
import { requestError } from './failure.js';
import { answerFast, isFast } from './fast-path.js';
import { sendGraphiql } from './graphiql.js';
import type { HttpParts } from './parts.js';
import { CHALLENGE, responseType, sendReply } from './reply.js';

const accepts = (req: IncomingMessage, type: string): boolean => req.headers.accept?.includes(type) ?? false;

function refuse(
  parts: HttpParts,
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
  status: number,
  message: string,
): void {
  const code = status === 401 ? 'UNAUTHENTICATED' : status === 405 ? 'BAD_REQUEST' : 'UNAVAILABLE';
  const reply = parts.pipeline.refuse(call, [requestError(code, message)], status, status);
  sendReply(res, reply, responseType(req.headers.accept) ?? 'application/json', call.requestId);
}

/** Answers `/graphql`: GraphiQL for a browser, an event stream where one is asked for, else one operation. */
export function answerGraphql(
  parts: HttpParts,
  req: IncomingMessage,
  res: ServerResponse,
  url: URL,
): void | Promise<void> {
  const { options, callers, authenticator } = parts;
  if (req.method === 'GET' && options.graphiql && accepts(req, 'text/html') && !url.searchParams.has('query')) {
    return sendGraphiql(res);
  }
  if (parts.eventStream && accepts(req, 'text/event-stream')) return parts.eventStream(req, res, url);
  const call = callers.callOf(req, 'HTTP');
  if (req.method !== 'POST' && req.method !== 'GET') {
    res.setHeader('allow', 'GET, POST');
    return refuse(parts, req, res, call, 405, 'Send operations by POST, or queries by GET.');
  }
  const found = authenticator.authenticate(callers.credentialsOf(req), call);
  const answered =
    found instanceof Promise
      ? found.then((late) => answerKnown(parts, req, res, call, late))
      : answerKnown(parts, req, res, call, found);
  return answered?.catch((error: unknown) => {
    const reply = parts.pipeline.fault(call, error);
    sendReply(res, reply, responseType(req.headers.accept) ?? 'application/json', call.requestId);
  });
}

function answerKnown(
  parts: HttpParts,
  req: IncomingMessage,
  res: ServerResponse,
  call: Call,
  found: Authentication,
): void | Promise<void> {
  if (!found.ok) {
    const { code, message } = found.refusal;
    if (code === 'UNAUTHENTICATED') res.setHeader('www-authenticate', CHALLENGE);
    return refuse(parts, req, res, call, code === 'UNAUTHENTICATED' ? 401 : 503, message);
  }
  const { options, pipeline, yoga } = parts;
  const type = responseType(req.headers.accept);
  const short = type !== null && options.fastPath !== false && isFast(req);
  return short ? answerFast(pipeline, found.ctx, req, res, type, options.maxBodyBytes) : yoga(found.ctx, req, res);
}
