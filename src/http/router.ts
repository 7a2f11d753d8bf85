import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { inSpan, tracingIsOn } from '../telemetry/tracing.js';
import { applyCors } from './cors.js';
import { GRAPHIQL_ASSETS, sendGraphiqlAsset } from './graphiql.js';
import { answerGraphql } from './graphql-route.js';
import { answerLogin, answerLogout } from './login.js';
import type { HttpParts, Route } from './parts.js';
import { sendJson } from './reply.js';
import { answerLive, answerMetrics, answerReady } from './status.js';

const notFound = (res: ServerResponse): void => sendJson(res, 404, { error: 'There is nothing here.' });

/** A route that answers one method only (HEAD like GET). */
const only =
  (method: 'GET' | 'POST', route: Route): Route =>
  (req, res, url) => {
    const asked = req.method === 'HEAD' ? 'GET' : req.method;
    if (asked === method) return route(req, res, url);
    res.setHeader('allow', method);
    return sendJson(res, 405, { error: `Use ${method}.` });
  };

function ownRoutes(parts: HttpParts): Map<string, Route> {
  const { options, sessions, clock, callers } = parts;
  const secure = options.publicUrl?.startsWith('https:') ?? false;
  const login = { sessions, secure, landing: options.graphiql ? '/graphql' : '/' };
  return new Map<string, Route>([
    ['/', only('GET', (_req, res) => answerRoot(parts, res))],
    ['/graphql', (req, res, url) => answerGraphql(parts, req, res, url)],
    ['/health/live', only('GET', (_req, res) => answerLive(parts, res))],
    ['/health/ready', only('GET', (_req, res) => answerReady(parts, res))],
    ['/metrics', only('GET', (req, res) => answerMetrics(parts, req, res))],
    [
      '/login',
      only('GET', (req, res, url) => {
        // A HEAD of a previewer must not use the code up.
        if (req.method === 'HEAD') return sendJson(res, 405, { error: 'Use GET.' });
        return answerLogin(login, url, res, clock.now());
      }),
    ],
    [
      '/logout',
      only('POST', (req, res) => {
        if (!callers.isOwnPage(req)) return sendJson(res, 403, { error: 'Log out from a page of this server.' });
        return answerLogout(login, req, res);
      }),
    ],
  ]);
}

/** The root: a browser goes on to GraphiQL where there is one. */
function answerRoot({ options }: HttpParts, res: ServerResponse): void {
  if (options.graphiql) res.setHeader('location', '/graphql');
  sendJson(res, options.graphiql ? 302 : 200, { product: 'orrery', graphql: '/graphql', ready: '/health/ready' });
}

async function answerAsset(res: ServerResponse, path: string): Promise<void> {
  if (!(await sendGraphiqlAsset(res, path.slice(GRAPHIQL_ASSETS.length)))) notFound(res);
}

/** Makes the one handler of requests: finds the route, and turns what it throws into a masked answer and a log line. */
export function createRouter(parts: HttpParts): (req: IncomingMessage, res: ServerResponse) => void {
  const { options, log } = parts;
  const exact = ownRoutes(parts);
  if (options.graphiql)
    exact.set(
      GRAPHIQL_ASSETS,
      only('GET', (_req, res, url) => answerAsset(res, url.pathname)),
    );
  for (const [path, route] of parts.routes ?? []) exact.set(path, route);
  const prefixes = [...exact.keys()].filter((path) => path !== '/' && path.endsWith('/'));
  const origins = new Set(options.corsOrigins);

  const find = (path: string): Route | undefined => {
    const known = exact.get(path);
    if (known) return known;
    const prefix = prefixes.find((start) => path.startsWith(start));
    return prefix === undefined ? undefined : exact.get(prefix);
  };
  const fail = (req: IncomingMessage, res: ServerResponse, error: unknown): void => {
    const requestId = randomUUID();
    log.error({ requestId, method: req.method, error }, 'a request failed');
    if (res.headersSent) res.destroy();
    else sendJson(res, 500, { error: 'Something went wrong inside the server.', requestId });
  };

  const tracing = tracingIsOn();

  return (req, res) => {
    try {
      if (applyCors(origins, req, res)) return;
      const target = req.url ?? '/';
      const url = target === '/graphql' ? GRAPHQL_URL : parseUrl(target);
      const route = url ? find(url.pathname) : undefined;
      if (!url || !route) return notFound(res);
      const answered = tracing ? traced(route, req, res, url) : route(req, res, url);
      if (answered instanceof Promise) answered.catch((error: unknown) => fail(req, res, error));
    } catch (error) {
      fail(req, res, error);
    }
  };
}

/** A route in a span of its own. The path is one of ours: it holds no secret. */
function traced(route: Route, req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
  const attributes = { 'http.request.method': req.method ?? '', 'url.path': url.pathname };
  return inSpan('http.request', attributes, async () => route(req, res, url));
}

const BASE = 'http://orrery.invalid';
const GRAPHQL_URL = new URL('/graphql', BASE);

/** The URL of a request line's target; null when it is none. */
function parseUrl(target: string): URL | null {
  return target.startsWith('/') && URL.canParse(BASE + target) ? new URL(BASE + target) : null;
}
