import type { IncomingMessage, ServerResponse } from 'node:http';

const ALLOWED_HEADERS = 'authorization, content-type, x-request-id, x-orrery-csrf';
const EXPOSED_HEADERS = 'retry-after, x-request-id';

/**
 * Lets web pages of the origins named read answers; without any, no header is sent and browsers refuse. Cookies never
 * count for another origin, so credentials are not allowed. True when the request was a preflight and is answered.
 */
export function applyCors(origins: ReadonlySet<string>, req: IncomingMessage, res: ServerResponse): boolean {
  const { origin } = req.headers;
  const preflight = req.method === 'OPTIONS' && req.headers['access-control-request-method'] !== undefined;
  if (origins.size > 0) res.setHeader('vary', 'origin');
  if (origin !== undefined && origins.has(origin)) {
    res.setHeader('access-control-allow-origin', origin);
    res.setHeader('access-control-expose-headers', EXPOSED_HEADERS);
    if (preflight) {
      res.setHeader('access-control-allow-methods', 'GET, POST');
      res.setHeader('access-control-allow-headers', ALLOWED_HEADERS);
      res.setHeader('access-control-max-age', '600');
    }
  }
  if (preflight) {
    res.statusCode = 204;
    res.end();
  }
  return preflight;
}
