import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSchema } from '../../src/schema/schema.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { storeKinds } from '../kit/stores.js';
import { type Hints, wildCalls } from './arbitraries.js';
import { documentOf } from './documents.js';
import { hintsOf } from './hints.js';
import { type Answer, Caller, LEAK, Maker } from './places.js';

const schema = buildSchema();

describe.each(storeKinds())('calls with every value that the types let in (%s)', (store) => {
  let server: TestServer;
  let hints: Hints = {};
  beforeAll(async () => {
    server = await startTestServer({ store, flags: { rateLimit: '0' } });
    const place = { project: 'default', clientKey: 'host', sessionId: 'session-1', mark: 'mark' };
    hints = await hintsOf(server, new Maker(server, place));
  });
  afterAll(() => server.stop());

  function check(answer: Answer): void {
    const text = JSON.stringify(answer.body);
    expect(answer.status, text).toBeLessThan(500);
    for (const { extensions } of answer.body.errors ?? []) {
      expect(extensions?.code, text).toEqual(expect.stringMatching(/^[A-Z_]+$/));
      expect(extensions?.code, text).not.toBe('INTERNAL');
    }
    expect(text).not.toMatch(LEAK);
  }

  it('are answered, or refused by name', async () => {
    await fc.assert(
      fc.asyncProperty(wildCalls(schema, hints), async ({ field, variables }) => {
        const document = documentOf(schema, field, Object.keys(variables), 3);
        check(await new Caller(server).call(document, variables));
      }),
      { numRuns: 600, endOnFailure: true },
    );
    expect((await new Caller(server).call('{ viewer { role } }')).body).toEqual({
      data: { viewer: { role: 'ADMIN' } },
    });
  }, 120_000);
});
