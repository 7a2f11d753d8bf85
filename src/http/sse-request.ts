import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { BodyError, readBody } from './body.js';
import type { OperationParams } from './operation.js';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BodyError(400, `${what} is not JSON.`);
  }
}

function fromUrl(url: URL): OperationParams {
  const params: OperationParams = {};
  for (const name of ['query', 'operationName'] as const) {
    const text = url.searchParams.get(name);
    if (text !== null) params[name] = text;
  }
  for (const name of ['variables', 'extensions'] as const) {
    const text = url.searchParams.get(name);
    if (text !== null) params[name] = parseJson(text, `"${name}"`);
  }
  return params;
}

/**
 * The operation in a request for an event stream: JSON by POST, or the URL's parameters by GET. Throws BodyError. Only
 * JSON is taken by POST: a form of a foreign page cannot send it without asking first.
 */
export async function sseParams(req: IncomingMessage, url: URL, maxBodyBytes: number): Promise<OperationParams> {
  if (req.method === 'GET') return fromUrl(url);
  const type = req.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') throw new BodyError(415, 'Send the operation as application/json.');
  const bytes = await readBody(req, maxBodyBytes);
  if (!isUtf8(bytes)) throw new BodyError(400, 'The body is not UTF-8.');
  const body = parseJson(bytes.toString('utf8'), 'The body');
  if (!isObject(body)) throw new BodyError(400, 'Send a JSON object with "query", one operation at a time.');
  return body;
}
