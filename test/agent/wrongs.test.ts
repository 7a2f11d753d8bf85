import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listProcesses } from '../../src/agent/process-table.js';
import type { TestServer } from '../kit/server.js';
import { AgentHost, attemptsOf, shell, startAgentServer } from './agent-kit.js';

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

/** How many processes of a run live. */
const livingOf = async (runId: string): Promise<number> =>
  (await listProcesses()).filter((entry) => entry.runId === runId).length;

/** Ignores TERM, as does its child, which has left the process group. */
const STUBBORN = `trap '' TERM; setsid sh -c "trap '' TERM; echo ready; while :; do sleep 1; done" & wait; wait`;

describe('what Freezer gets wrong', () => {
  it('abort kills a stubborn process tree within seconds and the run says ABORTED', async () => {
    await host.start();
    const job = await host.job([shell(STUBBORN), shell('echo never', { mandatory: true })]);
    const run = await host.runNow(job);
    await host.printed(run, 'ready');
    expect(await livingOf(run)).toBeGreaterThan(1);
    expect(await host.abort(job, 'enough')).toBe('ACCEPTED');
    expect(await host.abort(job, 'again')).toBe('ALREADY_REQUESTED');
    const ended = await host.ended(run);
    expect(ended).toMatchObject({ result: 'ABORTED', reason: 'enough' });
    expect(attemptsOf(ended)).toEqual(['0-exec#1 STOPPED', '1-exec#1 SKIPPED']);
    expect(await livingOf(run)).toBe(0);
  });

  it('an abort between two attempts ends the run at once', async () => {
    await host.start();
    const job = await host.job([shell('exit 1', { maxRetries: 5, maxRetriesInterval: 3600 })]);
    const run = await host.runNow(job);
    await host.heard(/begins "0-exec", attempt 2, in \d+ s/);
    expect(await host.abort(job, 'enough')).toBe('ACCEPTED');
    expect(attemptsOf(await host.ended(run))).toEqual(['0-exec#1 ERROR', '0-exec#2 SKIPPED']);
  });

  it('two agents with one client id do not both run', async () => {
    const first = await host.start({ hostname: 'one' }, 'one');
    const before = await host.run([shell('echo in; while [ ! -e go ]; do sleep 0.02; done')]);
    await host.printed(before, 'in');
    await host.start({ hostname: 'two' }, 'two');
    const runs = await Promise.all(Array.from({ length: 5 }, () => host.run([shell(`echo x >> ${host.path('ran')}`)])));
    const ended = await Promise.all(runs.map((run) => host.ended(run)));
    expect(ended.map(({ result }) => result)).toEqual(Array(5).fill('SUCCESS'));
    expect(await host.output(await host.run([shell(`wc -l < ${host.path('ran')}`)]))).toBe('5\n');
    await host.heard(/warn Another agent has registered as "host-\d+" since: it gets the work from now on/);
    expect(await host.show(before)).toMatchObject({ state: 'RUNNING' });
    await first.stop('The test is over.', 0);
  });

  it('a second agent with the same client id on the same host is refused', async () => {
    await host.start();
    await expect(host.start()).rejects.toThrow(/^The agent of the client "host-\d+" runs already: .* process \d+ on /);
  });

  it('a restart neither loses nor doubles a run: between two attempts the next agent goes on', async () => {
    const first = await host.start();
    const run = await host.run([
      shell(`echo x >> ${host.path('ran')}; exit 1`, { maxRetries: 1, maxRetriesInterval: 1 }),
      shell('echo last', { mandatory: true }),
    ]);
    await host.heard(/begins "0-exec", attempt 2, in \d+ s/);
    await first.stop('It was stopped.');
    await host.start();
    const ended = await host.ended(run);
    expect(attemptsOf(ended)).toEqual(['0-exec#1 ERROR', '1-exec#1 READY', '0-exec#2 ERROR']);
    expect(ended.result).toBe('FAIL');
  });

  it('a restart of the server changes nothing for a run in progress', async () => {
    const own = await startAgentServer();
    const there = await AgentHost.on(own);
    try {
      await there.start();
      const go = there.path('go');
      const run = await there.run([shell(`echo in; while [ ! -e ${go} ]; do sleep 0.02; done; echo out`)]);
      await there.printed(run, 'in');
      await own.restart();
      await writeFile(go, '');
      expect(attemptsOf(await there.ended(run))).toEqual(['0-exec#1 READY']);
      expect(await there.output(run)).toBe('in\nout\n');
      const next = await there.run([shell('echo next')]);
      expect(await there.ended(next)).toMatchObject({ result: 'SUCCESS' });
      await there.heard(/info The server at .* answers again/);
      expect(there.said.filter((line) => line.includes('does not answer'))).toHaveLength(1);
    } finally {
      await there.remove();
      await own.stop();
    }
  });

  it('percent signs, quotes and newlines in action values survive', async () => {
    await host.start();
    const text = '100% "quoted" \'single\' $HOME `id` \\ \n second line ünïcode';
    const run = await host.run([{ freezerAction: { action: 'exec', command: ['printf', '%s', text] } }]);
    expect(await host.ended(run)).toMatchObject({ result: 'SUCCESS' });
    expect(await host.output(run)).toBe(text);
  });
});
