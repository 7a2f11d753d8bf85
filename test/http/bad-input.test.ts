import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from './kit/server.js';

interface Answer {
  status: number;
  body: { data?: Record<string, unknown> | null; errors?: { message: string; extensions: Record<string, unknown> }[] };
}

/** Both ways in must say the same. */
describe.each([
  ['fast path', true],
  ['Yoga', false],
])('bad input by the %s', (_way, fastPath) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ http: { fastPath } });
  });
  afterAll(() => server.stop());

  async function post(body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await server.post(body, headers);
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }
  async function postBytes(bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${server.http.port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${server.token}`, ...headers },
      body: bytes,
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }
  const code = (answer: Answer): unknown => answer.body.errors?.[0]?.extensions.code;
  async function stillAnswers(): Promise<void> {
    expect(await post({ query: '{ hello }' })).toEqual({ status: 200, body: { data: { hello: 'Hello you' } } });
  }

  it.each([
    ['broken JSON', '{"query": '],
    ['no object', '"query"'],
    ['null', 'null'],
    ['a batch', '[{"query": "{ hello }"}]'],
    ['no query', '{}'],
    ['a query that is a number', '{"query": 7}'],
    ['variables that are a list', '{"query": "{ hello }", "variables": [1]}'],
    ['an operation name that is an object', '{"query": "{ hello }", "operationName": {}}'],
    ['a strange parameter', '{"query": "{ hello }", "__proto__x": 1}'],
    ['an unknown operation', '{"query": "query A { hello }", "operationName": "B"}'],
    ['two operations and no name', '{"query": "query A { hello } query B { hello }"}'],
    ['no body', ''],
  ])('%s is a bad request', async (_what, body) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    expect(code(answer)).toBe('BAD_REQUEST');
    expect(answer.body.errors?.[0]?.extensions.requestId).toEqual(expect.any(String));
    await stillAnswers();
  });

  it('invalid UTF-8 is a bad request', async () => {
    const answer = await postBytes(new Uint8Array([...Buffer.from('{"query":"{ hello(name: \\"'), 0xff, 0xfe, 0x22]));
    expect(answer.status).toBe(400);
    await stillAnswers();
  });

  it.each([
    ['a syntax error', '{ hello', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a number too large', '{ number(value: 99999999999999999999) }', 'GRAPHQL_VALIDATION_FAILED'],
    ['many tokens', `{ ${'hello '.repeat(3_000)} }`, 'LIMIT_EXCEEDED'],
    ['many aliases', `{ ${Array.from({ length: 60 }, (_, i) => `a${i}: hello`).join(' ')} }`, 'LIMIT_EXCEEDED'],
    [
      'many directives',
      `{ ${Array.from({ length: 60 }, () => 'hello @include(if: true)').join(' ')} }`,
      'LIMIT_EXCEEDED',
    ],
    ['deep nesting', `{ users ${'{ friends '.repeat(30)} { id } ${'}'.repeat(30)} }`, 'LIMIT_EXCEEDED'],
    [
      'nesting hidden in fragments',
      `{ users { ...F0 } } ${Array.from({ length: 25 }, (_, i) => `fragment F${i} on User { friends { ...F${i + 1} } }`).join(' ')} fragment F25 on User { id }`,
      'LIMIT_EXCEEDED',
    ],
    [
      'aliases hidden in fragments',
      `{ users { ...A ...B } } fragment A on User { a: id b: id ...C } fragment B on User { c: id d: id ...C } fragment C on User { ${Array.from({ length: 26 }, (_, i) => `x${i}: id`).join(' ')} }`,
      'LIMIT_EXCEEDED',
    ],
    [
      'fragments in a circle',
      '{ users { ...A } } fragment A on User { ...B } fragment B on User { ...A }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['large pages in large pages', '{ users(first: 500) { friends(first: 500) { id } } }', 'LIMIT_EXCEEDED'],
    ['a page of a billion', '{ users(first: 1000000000) { id } }', 'LIMIT_EXCEEDED'],
  ])('%s is a named error', async (_what, query, expected) => {
    const answer = await post({ query });
    expect(answer.status).toBe(200);
    expect(code(answer)).toBe(expected);
    const strict = await post({ query }, { accept: 'application/graphql-response+json' });
    expect(strict.status).toBe(400);
    await stillAnswers();
  });

  it('10^6 aliases are larger than a request may be', async () => {
    const answer = await post({ query: `{ ${Array.from({ length: 1_000_000 }, (_, i) => `a${i}:hello`).join(' ')} }` });
    expect(answer.status).toBe(413);
    expect(code(answer)).toBe('LIMIT_EXCEEDED');
    await stillAnswers();
  });

  it('a document of nothing but braces is a named error', async () => {
    expect(code(await post({ query: '{a'.repeat(300_000) }))).toBe('LIMIT_EXCEEDED');
    const lists = code(await post({ query: `{ hello(name: ${'['.repeat(300_000)}) }` }));
    expect(['GRAPHQL_PARSE_FAILED', 'LIMIT_EXCEEDED']).toContain(lists);
    await stillAnswers();
  });

  it('variables that nest without end are a named error', async () => {
    const nested = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`;
    const answer = await post(
      `{"query": "query Q($name: String) { hello(name: $name) }", "variables": {"name": ${nested}}}`,
    );
    expect(answer.status).toBe(400);
    expect(code(answer)).toBe('LIMIT_EXCEEDED');
    await stillAnswers();
  });

  it('wrong variables are a named error, before and after the query is compiled', async () => {
    const query = 'query Q($value: Int!) { number(value: $value) }';
    for (let time = 0; time < 8; time += 1) {
      const large = await post(`{"query": ${JSON.stringify(query)}, "variables": {"value": 1e400}}`);
      expect(code(large)).toBe('BAD_USER_INPUT');
      expect(code(await post({ query }))).toBe('BAD_USER_INPUT');
      expect(await post({ query, variables: { value: time } })).toEqual({
        status: 200,
        body: { data: { number: time } },
      });
    }
  });

  it('SQL in a string is a string', async () => {
    const name = `'; DROP TABLE api_tokens; --`;
    const answer = await post({ query: 'query Q($name: String) { hello(name: $name) }', variables: { name } });
    expect(answer.body.data).toEqual({ hello: `Hello ${name}` });
    await stillAnswers();
  });

  it('a compressed body is read, a gzip bomb and a strange encoding are refused', async () => {
    const query = JSON.stringify({ query: '{ hello }' });
    const zipped = await postBytes(new Uint8Array(gzipSync(query)), { 'content-encoding': 'gzip' });
    expect(zipped.body).toEqual({ data: { hello: 'Hello you' } });
    const bomb = await postBytes(new Uint8Array(gzipSync(Buffer.alloc(50_000_000, 32))), {
      'content-encoding': 'gzip',
    });
    expect(bomb.status).toBe(413);
    const broken = await postBytes(new Uint8Array(Buffer.from('not gzip')), { 'content-encoding': 'gzip' });
    expect(broken.status).toBe(400);
    const strange = await postBytes(new Uint8Array(Buffer.from(query)), { 'content-encoding': 'zstd' });
    expect(strange.status).toBe(415);
    await stillAnswers();
  });

  it('a bug is masked, and the log has it under the request id', async () => {
    for (let time = 0; time < 8; time += 1) {
      const answer = await post({ query: '{ bug }' }, { 'x-request-id': `request-${time}` });
      expect(JSON.stringify(answer.body)).not.toMatch(/SELECT|passwd|\.ts/);
      expect(code(answer)).toBe('INTERNAL');
      expect(answer.body.errors?.[0]?.extensions.requestId).toBe(`request-${time}`);
      expect(server.logged.some((line) => line.includes(`request-${time}`) && line.includes('SELECT'))).toBe(true);
    }
  });

  it('an expected failure and a refusal keep their codes, before and after the query is compiled', async () => {
    for (let time = 0; time < 8; time += 1) {
      const answer = await post({ query: '{ missing refused }' });
      expect(answer.body.errors?.map((error) => error.extensions.code)).toEqual(['NOT_FOUND', 'FORBIDDEN']);
      expect(answer.body.data).toEqual({ missing: null, refused: null });
    }
  });

  it('a database that is away is said without its address', async () => {
    const answer = await post({ query: '{ away }' });
    expect(code(answer)).toBe('UNAVAILABLE');
    expect(JSON.stringify(answer.body)).not.toContain('10.1.2.3');
  });

  it('no token, a wrong token and a mistyped one are refused', async () => {
    for (const authorization of ['', 'Bearer nothing', 'Basic eDp5', `Bearer ${server.token.slice(0, -1)}!`]) {
      const answer = await post({ query: '{ hello }' }, { authorization });
      expect(answer.status).toBe(401);
      expect(code(answer)).toBe('UNAUTHENTICATED');
    }
    await stillAnswers();
  });

  it('a subscription over plain HTTP is told where to go', async () => {
    const answer = await post({ query: 'subscription { ticks }' });
    expect(answer.status).toBe(406);
    expect(answer.body.errors?.[0]?.message).toMatch(/WebSocket/);
  });

  it('a request that is no HTTP gets a 400 and the server goes on', async () => {
    const socket = connect(server.http.port, '127.0.0.1');
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
      socket.write('\x00\x01 nonsense\r\n\r\n');
    });
    expect(answer).toMatch(/^HTTP\/1.1 400/);
    await stillAnswers();
  });

  it.each(['//', '/%', '/graphql/../../etc/passwd', '/graphql%00', '*'])('the path %s is nothing', async (path) => {
    const socket = connect(server.http.port, '127.0.0.1');
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk.toString();
      });
      socket.on('close', () => resolve(text));
      socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    });
    expect(answer).toMatch(/^HTTP\/1.1 4/);
    await stillAnswers();
  });
});

describe('requests that browsers send on behalf of anybody', () => {
  let server: TestServer;
  let cookie: string;
  beforeAll(async () => {
    server = await startTestServer();
    const found = await server.operations.authenticate({
      requestId: 'request',
      authorization: `Bearer ${server.token}`,
      cookie: null,
      via: 'HTTP',
      address: null,
    });
    if (!found.ok) throw new Error('not authenticated');
    const code = await server.sessions.makeCode(found.ctx.actor);
    const login = await fetch(`http://127.0.0.1:${server.http.port}/login?code=${code}`);
    cookie = login.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  });
  afterAll(() => server.stop());

  const url = (): string => `http://127.0.0.1:${server.http.port}/graphql`;

  it('a form with the cookie of a session is refused', async () => {
    const headers = { cookie, 'content-type': 'application/x-www-form-urlencoded' };
    const response = await fetch(url(), { method: 'POST', headers, body: 'query=mutation%7Btouch%7D' });
    expect(response.status).toBe(403);
  });

  it('a GET with the cookie needs a header that a page elsewhere cannot send', async () => {
    const plain = await fetch(`${url()}?query=%7Bhello%7D`, { headers: { cookie } });
    expect(plain.status).toBe(403);
    const known = await fetch(`${url()}?query=%7Bhello%7D`, { headers: { cookie, 'x-orrery-csrf': '1' } });
    expect(await known.json()).toEqual({ data: { hello: 'Hello you' } });
  });

  it('the cookie does not count for a page of another origin', async () => {
    const headers = { cookie, 'content-type': 'application/json', origin: 'https://evil.example' };
    const response = await fetch(url(), { method: 'POST', headers, body: JSON.stringify({ query: '{ hello }' }) });
    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('a GET never runs a mutation', async () => {
    const headers = { authorization: `Bearer ${server.token}` };
    const response = await fetch(`${url()}?query=mutation%7Btouch%7D`, { headers });
    expect(response.status).toBe(405);
  });

  it('text/plain, multipart and PUT are refused', async () => {
    const headers = { authorization: `Bearer ${server.token}` };
    const body = JSON.stringify({ query: '{ hello }' });
    const plain = await fetch(url(), { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body });
    expect(plain.status).toBe(415);
    const form = new FormData();
    form.set('operations', body);
    expect((await fetch(url(), { method: 'POST', headers, body: form })).status).toBe(415);
    expect((await fetch(url(), { method: 'PUT', headers, body })).status).toBe(405);
  });
});
