import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { POLICY } from '../../src/auth/policy.js';
import { encodeCursor } from '../../src/db/cursor.js';
import { buildSchema } from '../../src/schema/schema.js';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../kit/server.js';
import { storeKinds } from '../kit/stores.js';
import { documentOf, operationOf } from './documents.js';
import { hintsOf } from './hints.js';
import { type Answer, Caller, LEAK, Maker, type Variables } from './places.js';
import { type RootField, SAMPLES } from './samples.js';

const schema = buildSchema();
const QUERY = '{ viewer { role } }';

/** A request as bytes, so that nothing on the way mends it. */
interface Raw {
  body?: string | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  method?: string;
  search?: string;
}

const json = (value: unknown): Raw => ({ body: JSON.stringify(value) });
const many = (count: number, each: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => each(index)).join(' ');
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe.each(storeKinds())('bad input to a whole server (%s)', (store) => {
  let server: TestServer;
  let maker: Maker;
  beforeAll(async () => {
    server = await startTestServer({ store, flags: { rateLimit: '0' } });
    maker = new Maker(server, { project: 'default', clientKey: 'host', sessionId: 'session-1', mark: 'mark' });
    await maker.client('host');
    await maker.job();
  });
  afterAll(() => server.stop());

  async function send({ body, headers = {}, method = 'POST', search = '' }: Raw): Promise<Answer & { text: string }> {
    const answer = await fetch(`${server.endpoint}${search}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    return { status: answer.status, text, body: text.startsWith('{') ? JSON.parse(text) : {} };
  }

  /** How many objects there are: what a refused request must not change. */
  async function written(): Promise<unknown> {
    return new Caller(server).data(`{ jobs(first: 1) { totalCount } runs(first: 1) { totalCount }
      clients(first: 1) { totalCount } apiTokens(first: 1) { totalCount } activity(first: 1) { totalCount } }`);
  }

  async function refused(raw: Raw): Promise<Answer & { text: string }> {
    const before = await written();
    const answer = await send(raw);
    expect(answer.text).not.toMatch(LEAK);
    expect(await written()).toEqual(before);
    return answer;
  }

  const codeOf = ({ body }: Answer): unknown => body.errors?.[0]?.extensions?.code;

  it.each<[string, number, Raw]>([
    ['broken JSON', 400, { body: '{"query": "{ viewer' }],
    ['JSON that is no object', 400, { body: '"x"' }],
    ['a batch', 400, json([{ query: QUERY }, { query: QUERY }])],
    ['a batch of nothing', 400, { body: '[]' }],
    ['a query that is a list', 400, json({ query: [QUERY] })],
    ['variables that are a text', 400, json({ query: QUERY, variables: 'x' })],
    ['an unknown parameter', 400, json({ query: QUERY, __proto__x: 1 })],
    ['an unknown operation', 400, json({ query: `query A ${QUERY}`, operationName: 'B' })],
    ['an operation by the name of a method', 400, json({ query: `query A ${QUERY}`, operationName: 'constructor' })],
    ['no query', 400, json({ variables: {} })],
    ['an empty body', 400, { body: '' }],
    ['a NUL', 400, { body: '\u0000' }],
    ['invalid UTF-8', 400, { body: new Uint8Array([...Buffer.from('{"query":"{ viewer { role } } #'), 0xc3, 0x28]) }],
    ['UTF-16', 400, { body: new Uint8Array(Buffer.from(`\ufeff${JSON.stringify({ query: QUERY })}`, 'utf16le')) }],
    [
      'half a surrogate pair in a variable',
      400,
      { body: '{"query":"query Q($id: ID!) { job(id: $id) { id } }","variables":{"id":"\\ud800"}}' },
    ],
    [
      'a NUL in a variable',
      400,
      { body: '{"query":"query Q($id: ID!) { job(id: $id) { id } }","variables":{"id":"a\\u0000"}}' },
    ],
    ['half a surrogate pair in a name', 400, { body: `{"query":${JSON.stringify(QUERY)},"variables":{"\\udfff":1}}` }],
    [
      'variables of 10,000 levels',
      400,
      { body: `{"query":${JSON.stringify(QUERY)},"variables":{"x":${'['.repeat(10_000)}${']'.repeat(10_000)}}}` },
    ],
    ['a body beyond 4 MiB', 413, json({ query: QUERY, variables: { x: 'x'.repeat(4_200_000) } })],
    ['10^6 aliases', 413, json({ query: `{ ${many(1_000_000, (index) => `a${index}: viewer { role }`)} }` })],
    [
      'a gzip bomb',
      413,
      { body: new Uint8Array(gzipSync(Buffer.alloc(64 * 1_048_576, 0x20))), headers: { 'content-encoding': 'gzip' } },
    ],
    ['gzip that is none', 400, { body: new Uint8Array(randomBytes(64)), headers: { 'content-encoding': 'gzip' } }],
    ['a strange encoding', 415, { ...json({ query: QUERY }), headers: { 'content-encoding': 'compress' } }],
    ['text/plain', 415, { ...json({ query: QUERY }), headers: { 'content-type': 'text/plain' } }],
    ['XML', 415, { body: '<query/>', headers: { 'content-type': 'application/xml' } }],
    ['multipart', 415, { body: '--x\r\n\r\n--x--', headers: { 'content-type': 'multipart/form-data; boundary=x' } }],
    ['a media type that we do not have', 406, { ...json({ query: QUERY }), headers: { accept: 'image/png' } }],
    [
      'a mutation by GET',
      405,
      {
        method: 'GET',
        search: `?query=${encodeURIComponent('mutation { loginLinkCreate(input: {}) { __typename } }')}`,
      },
    ],
    ['PUT', 405, { ...json({ query: QUERY }), method: 'PUT' }],
    [
      'a form without a token',
      401,
      { body: `query=${encodeURIComponent(QUERY)}`, headers: { ...FORM, authorization: '' } },
    ],
    ['a token that is none', 401, { ...json({ query: QUERY }), headers: { authorization: "Bearer ' OR 1=1 --" } }],
    ['a subscription over plain HTTP', 406, json({ query: 'subscription { jobStatusChanged { cursor } }' })],
  ])('%s is refused with a status', async (_what, status, raw) => {
    const answer = await refused(raw);
    expect([answer.status, answer.text.slice(0, 200)]).toEqual([status, expect.any(String)]);
  });

  it.each<[string, string, string | Record<string, unknown>]>([
    ['a syntax error', 'GRAPHQL_PARSE_FAILED', '{ viewer { role '],
    ['an unknown field', 'GRAPHQL_VALIDATION_FAILED', '{ viewer { secret } }'],
    ['an emoji as a name', 'GRAPHQL_PARSE_FAILED', '{ 💾 }'],
    ['half a surrogate pair in the document', 'GRAPHQL_PARSE_FAILED', '{ job(id: "\ud800") { id } }'],
    ['a NUL in a text of the document', 'BAD_USER_INPUT', '{ job(id: "a\\u0000") { id } }'],
    ['51 aliases', 'LIMIT_EXCEEDED', `{ ${many(51, (index) => `a${index}: viewer { role }`)} }`],
    ['51 directives', 'LIMIT_EXCEEDED', `{ ${many(51, () => 'viewer @include(if: true) { role }')} }`],
    ['10,000 tokens', 'LIMIT_EXCEEDED', `{ viewer { ${many(10_000, () => 'role')} } }`],
    [
      'nesting of 60',
      'LIMIT_EXCEEDED',
      `{ jobs { nodes { ${'runs { nodes { job { '.repeat(20)} id ${'} } }'.repeat(20)} } } }`,
    ],
    ['braces without end', 'LIMIT_EXCEEDED', '{a'.repeat(100_000)],
    [
      'a page in a page in a page',
      'LIMIT_EXCEEDED',
      '{ jobs(first: 500) { nodes { runs(first: 500) { nodes { tasks(first: 500) { nodes { id } } } } } } }',
    ],
    ['a page of 2,147,483,647', 'LIMIT_EXCEEDED', '{ jobs(first: 2147483647) { nodes { id } } }'],
    ['a page of 10^20', 'GRAPHQL_VALIDATION_FAILED', '{ jobs(first: 100000000000000000000) { nodes { id } } }'],
    ['a page of 501', 'INVALID_INPUT', '{ jobs(first: 501) { nodes { id } } }'],
    ['a page of none', 'INVALID_INPUT', '{ jobs(first: 0) { nodes { id } } }'],
    ['a page below zero', 'INVALID_INPUT', '{ jobs(last: -1) { nodes { id } } }'],
    ['a page both ways', 'INVALID_INPUT', '{ jobs(first: 1, last: 1) { nodes { id } } }'],
    ['a number for a text', 'GRAPHQL_VALIDATION_FAILED', '{ job(id: 1.5) { id } }'],
    [
      'a value that no enum has',
      'GRAPHQL_VALIDATION_FAILED',
      '{ jobs(filter: { statuses: [DROPPED] }) { nodes { id } } }',
    ],
    [
      'two kinds of schedule',
      'GRAPHQL_VALIDATION_FAILED',
      '{ schedulePreview(schedule: { none: {}, interval: { every: "1 day" } }) { errors { message } } }',
    ],
    [
      'an instant that is none',
      'GRAPHQL_VALIDATION_FAILED',
      '{ jobs(filter: { nextRunAfter: "2026-02-30" }) { nodes { id } } }',
    ],
    [
      'fragments in a circle',
      'GRAPHQL_VALIDATION_FAILED',
      '{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }',
    ],
    [
      'a subscription that may be skipped',
      'GRAPHQL_VALIDATION_FAILED',
      'subscription { jobStatusChanged @skip(if: true) { cursor } }',
    ],
    [
      'a subscription that may not be included',
      'GRAPHQL_VALIDATION_FAILED',
      `subscription { ...A @include(if: true) }
       fragment A on Subscription { ... on Subscription { jobStatusChanged { cursor } } }`,
    ],
  ])('%s is refused by name', async (_what, code, query) => {
    const answer = await refused(json({ query }));
    expect([answer.status, codeOf(answer)]).toEqual([200, code]);
    const strict = await send({ ...json({ query }), headers: { accept: 'application/graphql-response+json' } });
    expect(strict.status).toBe(code === 'INVALID_INPUT' ? 200 : 400);
  });

  it.each<[string, Variables, string]>([
    ['a number for a list', { filter: { keys: 7 } }, 'BAD_USER_INPUT'],
    ['a key that no filter has', { filter: { '💾': 1 } }, 'BAD_USER_INPUT'],
    ['__proto__', JSON.parse('{"filter": {"__proto__": {"keys": []}}}'), 'BAD_USER_INPUT'],
    ['100,000 keys', { filter: { keys: Array.from({ length: 100_000 }, (_, index) => `${index}`) } }, 'INVALID_INPUT'],
  ])('as a variable, %s is refused by name', async (_what, variables, code) => {
    const query = 'query Q($filter: JobFilter) { jobs(filter: $filter) { nodes { id } } }';
    expect(codeOf(await refused(json({ query, variables })))).toBe(code);
  });

  it('more than 500 ids are refused by name', async () => {
    const ids = Array.from({ length: 501 }, () => 'job_x');
    const query = 'query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    expect(codeOf(await refused(json({ query, variables: { ids } })))).toBe('INVALID_INPUT');
  });

  it.each([
    'x',
    '',
    'W10',
    '💾',
    encodeCursor('jobs:TIME_CREATED:DESC', [Number.NaN, {} as never]),
    encodeCursor('nothing', [1, 'x']),
  ])('the cursor %j is refused by every list', async (after) => {
    for (const list of ['jobs', 'runs', 'clients', 'activity', 'apiTokens', 'dueTimes']) {
      const query = `query Q($after: String) { ${list}(after: $after) { edges { cursor } } }`;
      expect([list, codeOf(await send(json({ query, variables: { after } })))]).toEqual([list, 'INVALID_INPUT']);
    }
  });

  it('a cursor of another list, or of the same list in another order, is refused', async () => {
    const { after: cursors = [] } = await hintsOf(server, maker);
    const lists = ['jobs', 'runs', 'clients', 'activity', 'dueTimes', 'apiTokens'];
    expect(cursors.length).toBe(lists.length);
    for (const [index, list] of lists.entries()) {
      const query = `query Q($after: String) { ${list}(first: 1, after: $after) { edges { cursor } } }`;
      for (const [other, after] of cursors.entries()) {
        const code = codeOf(await send(json({ query, variables: { after } })));
        expect([list, lists[other], code]).toEqual([list, lists[other], index === other ? undefined : 'INVALID_INPUT']);
      }
    }
    const ordered =
      'query Q($after: String) { jobs(after: $after, orderBy: { field: NEXT_RUN_AT, direction: ASC }) { nodes { id } } }';
    expect(codeOf(await send(json({ query: ordered, variables: { after: cursors[0] } })))).toBe('INVALID_INPUT');
  });

  const SQL = [
    "' OR '1'='1",
    "'; DROP TABLE jobs; --",
    '" UNION SELECT secret_hash FROM api_tokens --',
    "\\'; SELECT SLEEP(9) -- ",
  ];
  const PLAIN = (Object.keys(POLICY) as RootField[]).filter((field) => operationOf(schema, field) !== 'subscription');

  /** The arguments once for each text in them, with that text replaced. */
  function poisoned(value: unknown, text: string): unknown[] {
    if (typeof value === 'string') return [text];
    if (Array.isArray(value))
      return value.flatMap((item, at) => poisoned(item, text).map((one) => value.with(at, one)));
    if (typeof value !== 'object' || value === null) return [];
    return Object.entries(value).flatMap(([name, inner]) =>
      poisoned(inner, text).map((one) => ({ ...value, [name]: one })),
    );
  }

  it.each(PLAIN)(
    'SQL, NUL, emoji or 70,000 letters in every text of %s are a text or refused by name',
    async (field) => {
      const variables = await SAMPLES[field](maker, '');
      for (const text of [...SQL, 'a\u0000b', '💾', 'ü'.repeat(70_000)]) {
        for (const bad of poisoned(variables, text)) {
          const answer = await send(
            json({ query: documentOf(schema, field, Object.keys(variables), 1), variables: bad }),
          );
          expect(answer.status, answer.text).toBeLessThan(500);
          expect(answer.text).not.toContain('"INTERNAL"');
          expect(answer.text).not.toMatch(LEAK);
        }
      }
      // Nobody but the one job of that key is found, and all tables are there.
      const found = await new Caller(server).data<{ jobs: { nodes: unknown[] } }>(
        'query Q($keys: [String!]) { jobs(filter: { keys: $keys, search: "%" }) { nodes { id } } }',
        { keys: SQL },
      );
      expect(found.jobs.nodes).toEqual([]);
      await written();
    },
  );

  it('an agent that says too much is heard in part or refused by name', async () => {
    const { hold, attempt } = await maker.heldRun();
    const long = 'ü'.repeat(70_000);
    const report = `mutation ($input: RunReportInput!) { runReport(input: $input) { __typename
      ... on UserError { code } } }`;
    for (const [index, said] of [
      { started: true },
      { progress: { percent: 1, message: long } },
      { progress: { percent: 1e308 } },
      { ended: { outcome: 'FAILED', message: long, summary: { text: 'x'.repeat(100_000) } } },
    ].entries()) {
      const input = { ...hold, ...attempt, sequence: index + 1, ...said };
      const answer = await send(json({ query: report, variables: { input } }));
      expect([index, answer.status, answer.body.errors]).toEqual([index, 200, undefined]);
    }
  });

  it('the server answers after all of it, and is healthy', async () => {
    expect((await send(json({ query: QUERY }))).body).toEqual({ data: { viewer: { role: 'ADMIN' } } });
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200);
  });
});
