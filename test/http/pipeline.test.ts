import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SYSTEM } from '../../src/auth/actor.js';
import { startTestServer, type TestServer } from './kit/server.js';

interface Left {
  data: { rateLimit: { remaining: number } };
}

/** A clock that stands until it is moved. */
function standingClock(): { now(): number; forward(ms: number): void } {
  let at = 1_800_000_000_000;
  return {
    now: () => at,
    forward(ms) {
      at += ms;
    },
  };
}

describe('the time limit of an operation', () => {
  const clock = standingClock();
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ clock });
  });
  afterAll(() => server.stop());
  const metrics = (): string => `http://127.0.0.1:${server.http.port}/metrics`;

  it('ends it with a named error and tells the resolver', async () => {
    const answer = server.post({ query: '{ slow }' });
    await expect.poll(async () => (await fetch(metrics())).text()).toContain('orrery_operations_running 1');
    clock.forward(31_000);
    const response = await answer;
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'TIMEOUT' } }] });
    expect(server.aborted).toMatchObject([{ code: 'TIMEOUT' }]);
  });
});

describe('a caller that goes away', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it.each([true, false])('cancels its operation (fast path: %s)', async (json) => {
    const before = server.aborted.length;
    const controller = new AbortController();
    const headers = {
      authorization: `Bearer ${server.token}`,
      'content-type': json ? 'application/json' : 'application/graphql',
    };
    const body = json ? '{"query":"{ slow }"}' : '{ slow }';
    const url = `http://127.0.0.1:${server.http.port}/graphql`;
    const answer = fetch(url, { method: 'POST', headers, body, signal: controller.signal }).catch(() => 'gone');
    await expect
      .poll(async () => (await fetch(`${new URL('/metrics', url)}`)).text())
      .toContain('orrery_operations_running 1');
    controller.abort();
    expect(await answer).toBe('gone');
    await expect.poll(() => server.aborted.length).toBe(before + 1);
    expect(server.aborted.at(-1)).toMatchObject({ code: 'CANCELLED' });
  });
});

describe('the rate limit', () => {
  const clock = standingClock();
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ clock, pipeline: { rateLimit: 1_000 } });
  });
  afterAll(() => server.stop());

  it('is spent by what operations cost, tells when to come again, and fills again', async () => {
    const rich = '{ rateLimit { cost remaining } users(first: 150) { id name } }';
    const first = await (await server.post({ query: rich })).json();
    expect(first).toMatchObject({ data: { rateLimit: { cost: 304, remaining: 696 } } });
    await server.post({ query: rich });
    await server.post({ query: rich });
    const refused = await server.post({ query: rich });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBe(13);
    const resetAt = new Date(clock.now() + 54_720).toISOString();
    const rateLimit = { cost: 304, limit: 1_000, remaining: 88, resetAt };
    expect(await refused.json()).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 13, rateLimit } }],
    });
    const { text } = await server.tokens.create(SYSTEM, { name: 'another', role: 'ADMIN' });
    const other = await server.post({ query: rich }, { authorization: `Bearer ${text}` });
    expect(other.status).toBe(200);
    clock.forward(13_000);
    expect((await server.post({ query: rich })).status).toBe(200);
  });

  it('is spent by what is refused, too; then nothing is looked at', async () => {
    clock.forward(60_000);
    const costly = { query: '{ users(first: 500) { friends(first: 500) { id } } }' };
    const unnamed = { query: 'query A { hello } query B { hello }' };
    const untyped = { query: 'query ($first: Int) { users(first: $first) { id } }', variables: { first: 'x' } };
    const faulty = [{ query: '{ nothing }' }, { query: '{' }, costly, unnamed, untyped, [], 'no JSON'];
    const left = async (): Promise<number> => {
      const { data } = (await (await server.post({ query: '{ rateLimit { remaining } }' })).json()) as Left;
      return data.rateLimit.remaining;
    };
    for (const body of faulty) {
      const before = await left();
      expect((await server.post(body)).status).not.toBe(429);
      expect([body, (await left()) - before]).toEqual([body, -12]);
    }
    // As long as a document is, so much is there to look at.
    const before = await left();
    await server.post({ query: `{ nothing } #${'x'.repeat(30_000)}` });
    expect((await left()) - before).toBeLessThan(-300);
    for (let time = 0; time < 100; time += 1) await server.post({ query: '{ nothing }' });
    for (const body of [...faulty, { query: '{ unseen: hello }' }]) expect((await server.post(body)).status).toBe(429);
  });

  it('is spent by finding out what an operation costs, where too little is left for it', async () => {
    clock.forward(60_000);
    const large = '{ users(first: 450) { id name } }';
    expect((await server.post({ query: large })).status).toBe(200);
    expect((await server.post({ query: '{ hello }' })).status).toBe(200);
    for (let time = 0; time < 10; time += 1) {
      expect((await server.post({ query: `${large} # ${time}` })).status).toBe(429);
    }
    expect((await server.post({ query: '{ unseen: hello }' })).status).toBe(429);
  });

  it('bounds how far introspection is counted', async () => {
    clock.forward(60_000);
    const schema = { query: '{ __schema { types { name fields { name type { name kind } } } } }' };
    expect((await server.post({ query: '{ users(first: 450) { id name } }' })).status).toBe(200);
    expect((await server.post(schema)).status).toBe(429);
    expect((await server.post({ query: '{ hello }' })).status).toBe(429);
    clock.forward(60_000);
    expect((await server.post(schema)).status).toBe(200);
  });

  it('says over connections that stay open, too, when to come again', async () => {
    const actor = { ...SYSTEM.actor, id: 'somebody' };
    const ctx = { ...SYSTEM, actor, requestId: 'r' };
    const query = '{ users(first: 450) { id name } }';
    const asked = [1, 2].map(() => server.operations.prepare(ctx, { query }));
    const [first, second] = await Promise.all(asked);
    expect(first?.ok).toBe(true);
    const retryAfterSeconds = 49;
    expect(second).toMatchObject({ result: { errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds } }] } });
  });
});

describe('without introspection', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ pipeline: { introspection: false } });
  });
  afterAll(() => server.stop());

  it('the schema is not told, and no name is suggested', async () => {
    const schema = await (await server.post({ query: '{ __schema { types { name } } }' })).json();
    expect(schema).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }, {}] });
    const near = await (await server.post({ query: '{ helo }' })).text();
    expect(near).not.toContain('hello');
    expect(await (await server.post({ query: '{ __typename }' })).json()).toEqual({ data: { __typename: 'Query' } });
  });
});

describe('answers', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it('are the same before and after the query is compiled, by either way', async () => {
    const query =
      'query Q($first: Int, $with: Boolean!) { users(first: $first) { id n: name @include(if: $with) } hello }';
    const answers = new Set<string>();
    for (let time = 0; time < 8; time += 1) {
      const variables = { first: 3, with: true };
      answers.add(await (await server.post({ query, variables })).text());
      const headers = { authorization: `Bearer ${server.token}` };
      const params = new URLSearchParams({ query, variables: JSON.stringify(variables) });
      const url = `http://127.0.0.1:${server.http.port}/graphql?${params}`;
      answers.add(await (await fetch(url, { headers })).text());
    }
    expect(answers.size).toBe(1);
    const without = await (await server.post({ query, variables: { first: 1, with: false } })).json();
    expect(without).toEqual({ data: { users: [{ id: 0 }], hello: 'Hello you' } });
  });
});
