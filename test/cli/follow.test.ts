import { createSdk, type OrrerySdk, payloadOf } from '@orrery/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SdkAgent } from '../kit/sdk-agent.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { begin, orrery } from './console.js';

let server: TestServer;
let sdk: OrrerySdk;
let agent: SdkAgent;
beforeAll(async () => {
  server = await startTestServer();
  sdk = createSdk(server.client());
  agent = new SdkAgent(sdk, 'web1');
  await agent.register();
});
afterAll(() => server.stop());

let jobs = 0;

/** A job that runs when it is told to; its key. */
async function makeJob(action: object = {}): Promise<string> {
  jobs += 1;
  const input = {
    key: `follow-${jobs}`,
    clientId: 'web1',
    start: false,
    actions: [{ freezerAction: { action: 'backup', path_to_backup: '/srv' }, ...action }],
  };
  return payloadOf((await sdk.jobCreate({ input })).jobCreate).job.key;
}

/** The run of a job that was begun last. */
async function lastRun(key: string): Promise<string> {
  const { runs } = await sdk.runs({ filter: { jobKeys: [key] }, first: 1 });
  const [run] = runs.nodes;
  if (!run) throw new Error(`${key} has no run.`);
  return run.id;
}

describe('job run --follow', () => {
  it('streams the output live and ends with 0 on success', async () => {
    const key = await makeJob();
    const begun = begin(['job', 'run', key, '--follow'], server, 'TERMINAL');
    await begun.console.shows('waits for the client web1 (online)');
    // The line is seen while the run is still under way: it ends only when the terminal has shown it.
    await agent.perform(await lastRun(key), {
      lines: ['one\n', 'two\n'],
      beforeEnd: () => begun.console.shows('two\n'),
    });
    const { code, out, err } = await begun.ended;
    expect(code).toBe(0);
    expect(out).toBe('one\ntwo\n');
    expect(err).toContain(`of ${key}: SUCCESS`);
  });

  it('ends with 1 on failure, and says why', async () => {
    const key = await makeJob();
    const begun = begin(['job', 'run', key, '--follow'], server, 'TERMINAL');
    await begun.console.shows('waits for the client');
    await agent.perform(await lastRun(key), { lines: ['bad\n'], outcome: 'FAILED' });
    expect(await begun.ended).toMatchObject({ code: 1, out: 'bad\n', err: expect.stringContaining('FAIL') });
  });

  it('tells each state in a line of its own where no terminal is', async () => {
    const key = await makeJob({ maxRetries: 1, maxRetriesInterval: 1 });
    const begun = begin(['job', 'run', key, '--follow', '--utc'], server);
    await begun.console.shows('waits for the client web1 (online)\n');
    await agent.perform(await lastRun(key), { beforeEnd: () => begun.console.shows(' runs\n'), outcome: 'FAILED' });
    await begun.console.shows('waits for its next try at ');
    begun.interrupt();
    const { err } = await begun.ended;
    const lines = err
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^Run \d+ of follow-\d+ /, ''));
    const next = expect.stringMatching(/^waits for its next try at \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
    expect(lines.slice(0, 3)).toEqual(['waits for the client web1 (online)', 'runs', next]);
    expect(lines).toHaveLength(4);
  });

  it('ends in order with Ctrl-C, and says what goes on at the server', async () => {
    const key = await makeJob();
    const begun = begin(['job', 'run', key, '--follow'], server, 'TERMINAL');
    await begun.console.shows('waits for the client');
    begun.interrupt();
    const { err } = await begun.ended;
    expect(err).toMatch(/Run \d+ goes on\. Watch it: orrery run watch \d+ {3}End it: orrery job abort follow-\d+/);
    const { run } = await sdk.run({ id: await lastRun(key) });
    expect(run?.state).toBe('WAITING');
  });

  it('goes on where it was when the server restarts in the middle', async () => {
    const key = await makeJob();
    const begun = begin(['job', 'run', key, '--follow'], server, 'TERMINAL');
    await begun.console.shows('waits for the client');
    await agent.perform(await lastRun(key), {
      lines: ['before\n'],
      beforeEnd: async () => {
        await begun.console.shows('before\n');
        await server.restart();
      },
    });
    const { code, out, err } = await begun.ended;
    expect({ code, out }).toEqual({ code: 0, out: 'before\n' });
    expect(err).toContain('nothing was missed');
  });
});

describe('run log', () => {
  it('gives the output as it was written, and harmless on a terminal', async () => {
    const key = await makeJob();
    await orrery(['job', 'run', key], server);
    await agent.perform(await lastRun(key), { lines: ['plain\n', 'red \x1b[31m\n'] });
    const log = await orrery(['run', 'log', await lastRun(key)], server);
    expect(log.out).toBe('plain\nred \x1b[31m\n');
    const shown = await begin(['run', 'log', await lastRun(key)], server, 'TERMINAL').ended;
    expect(shown.out).toBe('plain\nred \\x1b[31m\n');
  });

  it('gives it as JSON lines, and with the times', async () => {
    const key = await makeJob();
    await orrery(['job', 'run', key], server);
    await agent.perform(await lastRun(key), { lines: ['a\nb\n'] });
    const { out } = await orrery(['run', 'log', await lastRun(key), '-o', 'json'], server);
    expect(JSON.parse(out)).toMatchObject({ task: '0-backup', attempt: 1, stream: 'STDOUT', text: 'a\nb\n' });
    const stamped = await orrery(['run', 'log', await lastRun(key), '--timestamps', '--utc'], server);
    expect(stamped.out).toMatch(/^\d{4}-\S+ \S+Z {2}a\n\d{4}-\S+ \S+Z {2}b\n$/);
  });

  it('shows the tasks of a run', async () => {
    const key = await makeJob();
    await orrery(['job', 'run', key], server);
    await agent.perform(await lastRun(key));
    expect((await orrery(['run', 'tasks', await lastRun(key)], server)).out).toContain('READY');
    expect((await orrery(['run', 'show', await lastRun(key)], server)).out).toMatch(/^result +SUCCESS$/m);
    expect(await orrery(['run', 'watch', await lastRun(key)], server)).toMatchObject({ code: 0 });
  });
});

describe('watch', () => {
  it('draws the table again with each change, until Ctrl-C', async () => {
    const key = await makeJob();
    const begun = begin(['watch', '--job', key], server, 'TERMINAL');
    await begun.console.shows('STOPPED');
    await orrery(['job', 'run', key], server);
    await agent.perform(await lastRun(key), { beforeEnd: () => begun.console.shows('RUNNING') });
    await begun.console.shows('SUCCESS');
    begun.interrupt();
    expect((await begun.ended).out).toContain('\x1b[2A\r\x1b[J');
  });

  it('writes a line for each change into a pipe', async () => {
    const key = await makeJob();
    const begun = begin(['watch', '--job', key, '-o', 'json'], server);
    await begun.console.shows(key);
    await orrery(['job', 'run', key], server);
    await agent.perform(await lastRun(key), { beforeEnd: () => begun.console.shows('"RUNNING"') });
    await begun.console.shows('"SUCCESS"');
    begun.interrupt();
    const lines = (await begun.ended).out.trimEnd().split('\n');
    const statuses = lines.map((line) => (JSON.parse(line) as { status: string }).status);
    expect(statuses).toEqual(['STOPPED', 'RUNNING', 'STOPPED']);
  });
});
