import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../src/telemetry/logger.js';
import { nextOf, openSocket } from '../api/socket.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { RawSocket } from '../live/raw-socket.js';

interface Failed {
  errors: { message: string; extensions: { code: string; requestId: string } }[];
}

const SECRET = 'a value that is nobody’s business';
const logged: string[] = [];
let server: TestServer;
let reader: string;
beforeAll(async () => {
  const log = createLogger({ level: 'info', to: { write: (line) => logged.push(line) } });
  server = await startTestServer({ log, flags: { introspection: 'false', rateLimit: '20000' } });
  const query =
    'mutation { apiTokenCreate(input: { name: "r", role: READER }) { ... on ApiTokenCreatePayload { secret } } }';
  const { body } = await server.post({ query });
  reader = (body as { data: { apiTokenCreate: { secret: string } } }).data.apiTokenCreate.secret;
});
afterAll(async () => {
  await server.stop();
  expect(logged.join('')).not.toContain(SECRET);
});

/** The lines of the log about a request. */
const linesOf = (requestId: string): Record<string, unknown>[] =>
  logged.map((line) => JSON.parse(line)).filter((line) => line.requestId === requestId);

let count = 0;
type Ask = (request: Record<string, unknown>, headers?: Record<string, string>) => Promise<Response>;
const headersOf = (own: Record<string, string>): Record<string, string> => {
  count += 1;
  return { authorization: `Bearer ${server.token}`, 'x-request-id': `chosen-by-caller-${count}`, ...own };
};
const posted =
  (of: Record<string, string>): Ask =>
  (request, headers = {}) =>
    fetch(server.endpoint, {
      method: 'POST',
      headers: headersOf({ 'content-type': 'application/json', ...of, ...headers }),
      body: JSON.stringify(request),
    });
const WAYS: Record<string, Ask> = {
  'HTTP, the fast path': posted({}),
  'HTTP, Yoga': posted({ 'content-type': 'application/graphql+json' }),
  SSE: posted({ accept: 'text/event-stream' }),
};
/** The body of an answer, whether it came as JSON or as the one event of a stream. */
async function bodyOf(response: Response): Promise<Failed & { data?: Record<string, unknown> }> {
  const text = await response.text();
  return JSON.parse(/^event: next\ndata: (.*)$/m.exec(text)?.[1] ?? text);
}

describe.each(Object.entries(WAYS))('by %s', (_name, ask) => {
  const refused = async (response: Response): Promise<Failed['errors'][number]> => {
    const [error] = (await bodyOf(response)).errors;
    if (!error) throw new Error('There is no error.');
    expect(error.extensions.requestId).toMatch(/^chosen-by-caller-/);
    expect(response.headers.get('x-request-id')).toBe(error.extensions.requestId);
    return error;
  };
  const CREATE = `mutation Make($input: ClusterCreateInput!) {
    clusterCreate(input: $input) { ... on UserError { code } } }`;

  it.each([
    ['UNAUTHENTICATED', { query: '{ viewer { name } }' }, { authorization: 'Bearer wrong' }],
    ['GRAPHQL_PARSE_FAILED', { query: `{ "${SECRET}"` }, {}],
    ['GRAPHQL_VALIDATION_FAILED', { query: `{ job(id: "${SECRET}") { nothing } }` }, {}],
    ['BAD_USER_INPUT', { query: 'query ($n: Int) { jobs(first: $n) { totalCount } }', variables: { n: SECRET } }, {}],
    ['BAD_REQUEST', { query: '{ viewer { name } }', variables: SECRET }, {}],
    ['LIMIT_EXCEEDED', { query: 'query Big { jobs(first: 500) { nodes { runs(first: 500) { nodes { id } } } } }' }, {}],
    ['INVALID_INPUT', { query: `{ jobs(after: "${SECRET}") { nodes { id } } }` }, {}],
  ])('%s stands in the log under the id of the answer', async (code, request, headers) => {
    const { extensions } = await refused(await ask(request, headers));
    expect(extensions.code).toBe(code);
    expect(linesOf(extensions.requestId)).toMatchObject([{ level: 'info', code, msg: 'a request was refused' }]);
  });

  it('a line tells who asked for what', async () => {
    const { extensions } = await refused(
      await ask({ query: CREATE, variables: { input: { externalId: SECRET } } }, { authorization: `Bearer ${reader}` }),
    );
    const who = { actor: expect.stringMatching(/^token_/), address: '127.0.0.1', operation: 'Make' };
    const lines = [{ fields: ['clusterCreate'] }, { code: 'FORBIDDEN', path: ['clusterCreate'] }];
    expect(linesOf(extensions.requestId)).toMatchObject(lines.map((line) => ({ ...who, ...line })));
  });

  it('a mutation leaves one line, under the id that the activity has', async () => {
    const externalId = `env-${count}`;
    const response = await ask({ query: CREATE, variables: { input: { externalId, name: SECRET } } });
    expect(await bodyOf(response)).toEqual({ data: { clusterCreate: {} } });
    const requestId = response.headers.get('x-request-id') ?? '';
    const line = { level: 'info', operation: 'Make', fields: ['clusterCreate'], actor: 'configured-admin' };
    expect(linesOf(requestId)).toMatchObject([line]);
    const query = '{ activity(first: 1, filter: { action: "clusterCreate" }) { nodes { requestId } } }';
    expect(await server.post({ query })).toMatchObject({ body: { data: { activity: { nodes: [{ requestId }] } } } });
  });

  it('no name of the schema is suggested where it is hidden', async () => {
    const query = 'query ($f: JobFilter) { jobs(filter: $f) { totalCount } }';
    for (const f of [{ statses: [] }, { statuses: ['SCHEDULE'] }]) {
      const { message, extensions } = await refused(await ask({ query, variables: { f } }));
      expect(extensions.code).toBe('BAD_USER_INPUT');
      expect(message).not.toMatch(/did you mean|"statuses"|SCHEDULED/i);
    }
  });
});

describe('by plain HTTP and SSE, what is no operation', () => {
  const sse = { accept: 'text/event-stream' };
  it.each([
    [415, { 'content-type': 'text/plain' }, 'POST', '{}'],
    [406, { accept: 'text/csv', 'content-type': 'application/json' }, 'POST', '{}'],
    [405, {}, 'PUT', '{}'],
    [415, { ...sse, 'content-type': 'text/plain' }, 'POST', '{}'],
    [400, { ...sse, 'content-type': 'application/json' }, 'POST', '{'],
    [405, sse, 'PUT', '{}'],
  ])('is a %i with a code and an id that the log has', async (status, headers, method, body) => {
    const response = await fetch(server.endpoint, { method, headers: headersOf(headers), body });
    expect(response.status).toBe(status);
    const requestId = response.headers.get('x-request-id') ?? '';
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST', requestId } }] });
    expect(linesOf(requestId)).toMatchObject([{ code: 'BAD_REQUEST' }]);
  });
});

describe('by REST', () => {
  const get = (path: string, own: Record<string, string> = {}, method = 'GET'): Promise<Response> =>
    fetch(`${server.url}${path}`, { method, headers: headersOf(own) });

  it.each([
    [404, 'NOT_FOUND', '/api/tasks/77', {}, 'GET'],
    [401, 'UNAUTHENTICATED', '/api/tasks/', { authorization: 'Bearer wrong' }, 'GET'],
    [405, 'METHOD_NOT_ALLOWED', '/api/tasks/', {}, 'POST'],
  ])('a %i %s stands in the log', async (status, code, path, headers, method) => {
    const response = await get(path, headers, method);
    const { request_id: requestId, ...body } = (await response.json()) as { code: string; request_id: string };
    expect({ status: response.status, code: body.code }).toEqual({ status, code });
    expect(linesOf(requestId)).toMatchObject([{ code, via: 'REST' }]);
  });
});

describe('by WebSocket', () => {
  const wsUrl = (): string => server.endpoint.replace('http', 'ws');

  it('every operation has an id of its own', async () => {
    const socket = openSocket(server.endpoint, server.token);
    const ids = new Set<string>();
    for (const query of ['{ nothing }', `subscription { jobStatusChanged(after: "${SECRET}") { cursor } }`]) {
      const { errors } = await nextOf(socket.follow(query));
      const { code, requestId } = errors?.[0]?.extensions ?? {};
      expect(linesOf(String(requestId))).toMatchObject([{ code, via: 'WEBSOCKET', actor: 'configured-admin' }]);
      ids.add(String(requestId));
    }
    expect(ids.size).toBe(2);
    await socket.end();
  });

  it('a handshake that is refused stands in the log', async () => {
    const stranger = new RawSocket(wsUrl(), { 'x-request-id': 'handshake-1' });
    await stranger.opened();
    stranger.send({ type: 'connection_init', payload: { authorization: 'Bearer wrong' } });
    expect(await stranger.ended).toBe(4401);
    expect(linesOf('handshake-1')).toMatchObject([{ code: 'UNAUTHENTICATED', via: 'WEBSOCKET' }]);
    const page = new RawSocket(wsUrl(), { 'x-request-id': 'handshake-2', origin: 'https://evil.example' });
    expect(await page.ended).toBe(403);
    expect(linesOf('handshake-2')).toMatchObject([{ code: 'FORBIDDEN' }]);
  });

  it('too many operations on one connection are refused with an id', async () => {
    const socket = await new RawSocket(wsUrl()).initialised(server.token);
    for (let id = 0; id <= 100; id += 1) socket.subscribe(String(id), 'subscription { jobStatusChanged { cursor } }');
    const { payload } = await socket.next('error', '100');
    const [{ extensions }] = payload as [Failed['errors'][number]];
    expect(extensions.code).toBe('LIMIT_EXCEEDED');
    expect(linesOf(extensions.requestId)).toMatchObject([{ code: 'LIMIT_EXCEEDED' }]);
    socket.socket.close();
  });
});

it('the log tells of what the rate limit refuses', async () => {
  const spend = 'query Spend { jobs(first: 500) { nodes { id key } } }';
  let answer = await server.post({ query: spend });
  while (answer.status === 200) answer = await server.post({ query: spend });
  const { code, requestId } = (answer.body as Failed).errors[0]?.extensions ?? { requestId: '' };
  expect(code).toBe('RATE_LIMITED');
  expect(linesOf(requestId)).toMatchObject([{ code, operation: 'Spend', actor: 'configured-admin' }]);
});
