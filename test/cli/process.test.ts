import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createSdk, payloadOf } from '@orrery/sdk';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SdkAgent } from '../kit/sdk-agent.js';
import { startTestServer, type TestServer } from '../kit/server.js';

const PROGRAM = join(import.meta.dirname, '../../bin/orrery.js');

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const actions = [{ freezerAction: { action: 'backup', path_to_backup: '/srv' } }];
  const input = { key: 'docs', clientId: 'web1', start: false, actions };
  payloadOf((await createSdk(server.client()).jobCreate({ input })).jobCreate);
});
afterAll(() => server.stop());

/** Starts the program as a user does, with the server's address and token in its environment. */
function start(...args: string[]): ChildProcessWithoutNullStreams {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, ORRERY_URL: server.url, ORRERY_TOKEN: server.token };
  const child = spawn(process.execPath, [PROGRAM, ...args], { env });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

describe('the program as a process', () => {
  it('finds server and token in the environment, and ends with 0', async () => {
    const child = start('job', 'list', '-o', 'csv');
    const [out, [code]] = await Promise.all([textOf(child.stdout), once(child, 'close')]);
    expect(code).toBe(0);
    expect(out).toContain('docs,STOPPED');
  });

  it('ends with 130 on Ctrl-C, and leaves nothing running', async () => {
    const child = start('watch', '-o', 'json');
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([130, null]);
  });

  it('ends with 130 on Ctrl-C while it follows a run, and says what goes on', async () => {
    const sdk = createSdk(server.client());
    const agent = new SdkAgent(sdk, 'web1');
    await agent.register();
    const { run } = payloadOf((await sdk.jobRunNow({ input: { id: 'docs' } })).jobRunNow);
    const child = start('run', 'watch', String(run?.number), '-o', 'json');
    const err = textOf(child.stderr);
    await agent.perform(run?.id ?? '', {
      lines: ['a line\n'],
      beforeEnd: async () => {
        await once(child.stdout, 'data');
        child.kill('SIGINT');
        expect(await once(child, 'close')).toEqual([130, null]);
      },
    });
    expect(await err).toContain(`Run ${run?.number} goes on.`);
  });

  it('takes a reader that has seen enough for no failure', async () => {
    const child = start('serve', '--help');
    const err = textOf(child.stderr);
    child.stdout.destroy();
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(await err).toBe('');
  });
});
