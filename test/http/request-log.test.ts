import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RequestLog } from '../../src/http/request-log.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { startTestServer, type TestServer } from './kit/server.js';

describe('what the server is to blame for', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server.stop());

  it('is a warning, and says what was thrown', async () => {
    const response = await server.post({ query: 'query Ask { first: away again: away refused hello }' });
    const requestId = response.headers.get('x-request-id');
    const lines = server.logged.map((line) => JSON.parse(line)).filter((line) => line.requestId === requestId);
    const asked = { operation: 'Ask', via: 'HTTP' };
    expect(lines).toMatchObject([
      {
        ...asked,
        level: 'warn',
        code: 'UNAVAILABLE',
        path: ['first'],
        errors: 2,
        error: { message: expect.stringContaining('ECONNREFUSED') },
      },
      { ...asked, level: 'info', code: 'FORBIDDEN', path: ['refused'], errors: 1 },
    ]);
  });
});

describe('the lines about requests', () => {
  const lines: Record<string, unknown>[] = [];
  const clock = { at: 1_800_000_000_000, now: () => clock.at };
  const log = new RequestLog(
    createLogger({ level: 'info', to: { write: (line) => lines.push(JSON.parse(line)) } }),
    clock,
  );
  const from = (address: string) => ({ requestId: 'request', origin: { via: 'HTTP' as const, address } });
  const told = { code: 'UNAUTHENTICATED', operation: null, errors: 1 };

  it('are no flood: each caller has so many a minute, and the next line counts what was left out', () => {
    for (let time = 0; time < 1_000; time += 1) log.refused(from('10.0.0.1'), told);
    expect(lines).toHaveLength(600);
    log.refused(from('10.0.0.2'), told);
    expect(lines.at(-1)).toMatchObject({ address: '10.0.0.2', leftOut: 400 });
    clock.at += 60_000;
    log.refused(from('10.0.0.1'), told);
    expect(lines.at(-1)).not.toHaveProperty('leftOut');
    expect(lines).toHaveLength(602);
  });

  it('name the fields of a mutation, and leave out the reports that come without end', () => {
    lines.length = 0;
    const mutated = (source: string): void =>
      log.mutated(from('10.0.0.3'), { name: 'M', document: parse(source) }, 1.4);
    mutated('mutation M { a: jobStop ...F } fragment F on Mutation { ... on Mutation { runRenew } }');
    mutated('mutation M { runRenew runReport }');
    expect(lines).toMatchObject([{ operation: 'M', fields: ['jobStop', 'runRenew'], ms: 1 }]);
  });
});
