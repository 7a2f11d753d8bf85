import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';
import { type Answer, orrery } from './console.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const run = (...args: string[]): Promise<Answer> => orrery(args, server);

describe('cluster', () => {
  it('goes through its commands', async () => {
    const made = await run('cluster', 'create', 'env-1', '--name', 'Berlin', '--release', '9.0');
    expect(made).toMatchObject({ code: 0, out: expect.stringMatching(/^outcome +CREATED$/m) });
    expect((await run('cluster', 'update', 'env-1', '--name', 'Bonn')).out).toMatch(/^name +Bonn$/m);
    expect((await run('cluster', 'show', 'env-1')).out).toMatch(/^release +9\.0$/m);
    expect((await run('cluster', 'update', 'env-1', '--no-release')).out).not.toMatch(/^release/m);
    expect((await run('cluster', 'list', '-o', 'csv')).out).toContain('env-1,Bonn');
    expect((await run('cluster', 'remove', 'env-1')).out).toMatch(/^outcome +REMOVED$/m);
    expect((await run('cluster', 'list', '-o', 'csv')).out).not.toContain('env-1');
    expect((await run('cluster', 'list', '--removed', '-o', 'csv')).out).toContain('env-1');
    expect((await run('cluster', 'create', 'env-1')).out).toMatch(/^outcome +RESTORED$/m);
  });

  it('says what is missing, or gone', async () => {
    expect(await run('cluster', 'update', 'env-1')).toMatchObject({ code: 2 });
    expect(await run('cluster', 'show', 'nobody')).toMatchObject({ code: 3 });
    await run('cluster', 'create', 'env-2');
    const stale = await run('cluster', 'update', 'env-2', '--name', 'x', '--expected-revision', '7');
    expect(stale).toMatchObject({ code: 3 });
  });

  it('completes names', async () => {
    await run('cluster', 'create', 'env-completed');
    const flags = ['--url', server.url, '--token', server.token];
    const { out } = await orrery(['_complete', ...flags, '--', 'cluster', 'show', 'env-c']);
    expect(out).toMatch(/^env-completed\t/);
  });
});
