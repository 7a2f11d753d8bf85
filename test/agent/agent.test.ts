import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TestServer } from '../kit/server.js';
import { AgentHost, attemptsOf, shell, startAgentServer } from './agent-kit.js';
import { describeTree } from './host.js';

let server: TestServer;
let host: AgentHost;

beforeAll(async () => {
  server = await startAgentServer();
});
afterAll(() => server.stop());
beforeEach(async () => {
  host = await AgentHost.on(server);
});
afterEach(() => host.remove());

describe('an agent', () => {
  it('backs up and restores with real tar, and says how it went', async () => {
    await mkdir(host.path('data'));
    await writeFile(host.path('data', 'one.txt'), 'one\n');
    await host.start();
    const where = { container: host.path('backups'), backup_name: 'data', storage: 'local', mode: 'fs' };
    const backup = { action: 'backup', path_to_backup: host.path('data'), ...where };
    const job = await host.job([{ freezerAction: backup }]);
    const first = await host.ended(await host.runNow(job));
    expect(first).toMatchObject({ result: 'SUCCESS', progress: 100 });
    await writeFile(host.path('data', 'two.txt'), 'two\n');
    const second = await host.runNow(job);
    expect(await host.ended(second)).toMatchObject({ result: 'SUCCESS' });
    expect(await host.output(second)).toMatch(/two\.txt/);
    const restore = { action: 'restore', restore_abs_path: host.path('restored'), ...where };
    expect(await host.ended(await host.run([{ freezerAction: restore }]))).toMatchObject({ result: 'SUCCESS' });
    expect(await describeTree(host.path('restored'))).toEqual(await describeTree(host.path('data')));
  });

  it('streams output of both streams, in order, while the command runs', async () => {
    await host.start();
    const go = host.path('go');
    const run = await host.run([shell(`echo begun; while [ ! -e ${go} ]; do sleep 0.02; done; echo oops >&2; exit 3`)]);
    await host.printed(run, 'begun');
    expect(await host.show(run)).toMatchObject({ state: 'RUNNING' });
    await writeFile(go, '');
    const ended = await host.ended(run);
    expect(ended).toMatchObject({ result: 'FAIL', reason: '0-exec: The command ended with status 3.' });
    expect(ended.tasks.nodes[0]).toMatchObject({ status: 'ERROR', exitCode: 3 });
    expect(await host.output(run)).toBe('begun\noops\n');
  });

  it('sends a long log whole and in order', async () => {
    await host.start();
    const run = await host.run([shell('seq 1 60000')]);
    expect(await host.ended(run)).toMatchObject({ result: 'SUCCESS' });
    expect(await host.output(run)).toBe(Array.from({ length: 60_000 }, (_, index) => `${index + 1}\n`).join(''));
  });

  it('does what the server says: retries, skips, mandatory actions', async () => {
    await host.start();
    const count = host.path('count');
    const run = await host.run([
      shell(`echo x >> ${count}; [ $(wc -l < ${count}) -ge 3 ]`, { maxRetries: 3, maxRetriesInterval: 0 }),
      shell('exit 1'),
      shell('echo skipped'),
      shell('echo cleaned up', { mandatory: true }),
    ]);
    const ended = await host.ended(run);
    expect(attemptsOf(ended)).toEqual([
      '0-exec#1 ERROR',
      '1-exec#1 ERROR',
      '2-exec#1 SKIPPED',
      '3-exec#1 READY',
      '0-exec#2 ERROR',
      '0-exec#3 READY',
    ]);
    expect(ended.result).toBe('FAIL');
    expect(await host.output(run)).toBe('cleaned up\n');
  });

  it('ends an action at its time limit', async () => {
    await host.start();
    const ended = await host.ended(await host.run([shell('sleep 600', { timeout: 1 })]));
    expect(ended).toMatchObject({ result: 'FAIL' });
    expect(ended.reason).toContain('it took longer than 1 s');
  });

  it('carries out several runs at once, but no more than it may', async () => {
    await host.start({ mostRuns: 2 });
    const go = host.path('go');
    const script = `echo in; while [ ! -e ${go} ]; do sleep 0.02; done`;
    const runs = [await host.run([shell(script)]), await host.run([shell(script)]), await host.run([shell(script)])];
    const [first = '', second = '', third = ''] = runs;
    await Promise.all([host.printed(first, 'in'), host.printed(second, 'in')]);
    expect(await host.show(third)).toMatchObject({ state: 'WAITING' });
    await writeFile(go, '');
    const ended = await Promise.all(runs.map((run) => host.ended(run)));
    expect(ended.map(({ result }) => result)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
  });

  it('takes work that came while it was away', async () => {
    const run = await host.run([shell('true')]);
    await host.start();
    expect(await host.ended(run)).toMatchObject({ result: 'SUCCESS' });
  });

  it('runs no commands unless that was allowed, and says how to allow it', async () => {
    const { probe } = await import('../../src/agent/executors/catalog.js');
    await host.start({ catalog: await probe({ env: { PATH: process.env.PATH }, allowExec: false }) });
    const ended = await host.ended(await host.run([shell('touch /tmp/never')]));
    expect(ended.result).toBe('FAIL');
    expect(ended.reason).toContain('commands are off on this host (start the agent with --allow exec)');
  });

  it('keeps secrets to itself', async () => {
    await writeFile(host.path('secret'), 'hunter2-and-more\n');
    await host.start();
    const env = { PASSWORD: { secret: `file:${host.path('secret')}` } };
    const action = { action: 'exec', command: `echo "$PASSWORD" | tee ${host.path('seen')}`, env };
    const run = await host.run([{ freezerAction: action }]);
    expect(await host.ended(run)).toMatchObject({ result: 'SUCCESS' });
    expect(await host.output(run)).toBe('********\n');
    expect(await readFile(host.path('seen'), 'utf8')).toBe('hunter2-and-more\n');
  });
});
