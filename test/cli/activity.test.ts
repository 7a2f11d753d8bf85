import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';
import { type Answer, begin, orrery } from './console.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await run('job', 'create', '--backup', '/srv/docs', '--every', '1d', '--client', 'web1');
  await run('job', 'update', 'docs', '--every', '12h', '--set', 'max_level=3', '--reason', 'less to restore');
});
afterAll(() => server.stop());

const run = (...args: string[]): Promise<Answer> => orrery(args, server);

interface Shown {
  action: string;
  name: string;
  subject: string;
  reason: string | null;
  changes: string[];
  detail: { revision: number; changes: { path: string[]; after: unknown }[] };
}

describe('activity', () => {
  it('shows the diff, the reason and what the object is called', async () => {
    const { out } = await run('activity', '--action', 'jobUpdate');
    const [head, line] = out.split('\n');
    expect(head).toMatch(/ACTION +NAME +OUTCOME +REASON +CHANGES/);
    expect(line).toMatch(/ jobUpdate +docs +OK +less to restore +~ .*max_level: 6 -> 3, .*: 1 -> 12/);
  });

  it('gives programs the detail as it is', async () => {
    const { out } = await run('activity', '--action', 'jobUpdate', '-o', 'json');
    const [shown] = JSON.parse(out) as Shown[];
    expect(shown).toMatchObject({ name: 'docs', reason: 'less to restore', detail: { revision: 2 } });
    expect(shown?.subject).toMatch(/^job_/);
    expect(shown?.detail.changes).toHaveLength(shown?.changes.length ?? -1);
    const { out: yaml } = await run('activity', '--action', 'jobUpdate', '-o', 'yaml');
    expect(yaml).toMatch(/^ {2}detail:\n {4}\w+:/m);
    expect((await run('activity', '--action', 'jobUpdate', '-o', 'csv')).out).toMatch(/,docs,OK,less to restore,"?~ /);
  });

  it('names what comes while it is followed', async () => {
    const { console, ended, interrupt } = begin(['activity', '--action', 'jobStop', '--follow'], server);
    await console.shows('ACTION');
    await run('job', 'stop', 'docs', '--reason', 'maintenance');
    await console.shows('maintenance');
    interrupt();
    expect((await ended).out).toMatch(/ jobStop +docs +OK +maintenance /);
  });
});

describe('job diff', () => {
  it('gives programs values as they are', async () => {
    const { out } = await run('job', 'diff', 'docs', '1', '2', '-o', 'json');
    const changes = JSON.parse(out) as { path: string; before: unknown; after: unknown }[];
    expect(changes).toContainEqual(expect.objectContaining({ path: expect.stringMatching(/max_level$/), after: 3 }));
  });
});
