import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';
import { RawSocket } from '../live/raw-socket.js';

interface Refused {
  errors: { extensions: { code: string; retryAfterSeconds?: number; rateLimit?: { resetAt: string } } }[];
}

/** More than a full bucket pays for, and far more than what comes in meanwhile. */
const TIMES = 120;
const OFTEN = Array.from({ length: TIMES }, (_, index) => index);

describe('a token that has nothing left', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ flags: { rateLimit: '200' } });
  });
  afterAll(() => server.stop());

  async function tokenOf(name: string): Promise<string> {
    const query = `mutation { apiTokenCreate(input: { name: "${name}", role: OPERATOR }) {
      ... on ApiTokenCreatePayload { secret } } }`;
    const { body } = await server.post({ query });
    return (body as { data: { apiTokenCreate: { secret: string } } }).data.apiTokenCreate.secret;
  }
  async function post(token: string, body: string, accept: string): Promise<{ status: number; body: Refused }> {
    const headers = { accept, authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await fetch(server.endpoint, { method: 'POST', headers, body });
    const text = await answer.text();
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : {} };
  }

  it.each([
    ['a document at fault', 'application/json', JSON.stringify({ query: '{ nothing }' })],
    ['what is no JSON', 'application/json', '{'],
    ['what is no JSON, for an event stream', 'text/event-stream', '{'],
  ])('is told so, and when to come again, for %s', async (what, accept, body) => {
    const token = await tokenOf(what);
    const answers = await Promise.all(OFTEN.map(() => post(token, body, accept)));
    const last = answers.find(({ status }) => status === 429);
    expect(last?.body.errors[0]?.extensions).toMatchObject({
      code: 'RATE_LIMITED',
      retryAfterSeconds: expect.any(Number),
      rateLimit: { limit: 200, resetAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) },
    });
  });

  it('is told so over WebSocket', async () => {
    const raw = await new RawSocket(server.endpoint.replace('http', 'ws')).opened();
    const authorization = `Bearer ${await tokenOf('socket')}`;
    raw.send({ type: 'connection_init', payload: { authorization } });
    await raw.next('connection_ack');
    for (const index of OFTEN) raw.subscribe(String(index), '{ nothing }');
    const answers = await Promise.all(OFTEN.map((index) => raw.next('error', String(index))));
    const codes = answers.map(({ payload }) => (payload as Refused['errors'])[0]?.extensions);
    expect(codes).toContainEqual(
      expect.objectContaining({ code: 'RATE_LIMITED', retryAfterSeconds: expect.any(Number) }),
    );
    raw.close();
  });
});
