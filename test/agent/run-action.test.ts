import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probe } from '../../src/agent/executors/catalog.js';
import { EXEC_OFF, execExecutor } from '../../src/agent/executors/exec.js';
import type { ExecutionResult, Executor } from '../../src/agent/executors/executor.js';
import { freezerExecutor } from '../../src/agent/executors/freezer.js';
import { selectExecutor } from '../../src/agent/executors/select.js';
import { tarExecutor } from '../../src/agent/executors/tar.js';
import { type Host, makeHost } from './host.js';

const done: ExecutionResult = { ok: true, end: 'finished', exitCode: 0, message: 'done' };

let host: Host;
beforeEach(async () => {
  host = await makeHost();
});
afterEach(() => host.remove());

const exec = [execExecutor()];
const stdout = () => host.output.join('');

describe('the executor exec', () => {
  it('gives a text to the shell and a list to the program', async () => {
    expect(await host.run(exec, { action: 'exec', command: 'printf "%s|" "a b" | tr a-z A-Z' })).toMatchObject({
      ok: true,
      exitCode: 0,
      message: 'The command ended with status 0.',
    });
    await host.run(exec, { action: 'exec', command: ['printf', '%s|', '$HOME; "x"', '-n'] });
    expect(stdout()).toBe('A B|$HOME; "x"|-n|');
  });

  it('gives the real exit status', async () => {
    expect(await host.run(exec, { action: 'exec', command: 'exit 42' })).toMatchObject({
      ok: false,
      end: 'finished',
      exitCode: 42,
      message: 'The command ended with status 42.',
    });
    expect(await host.run(exec, { action: 'exec', command: 'kill -9 $$' })).toMatchObject({
      ok: false,
      exitCode: null,
      message: 'The command was ended by SIGKILL.',
    });
  });

  it('says what is wrong with a command', async () => {
    const message = async (action: Parameters<Host['run']>[1]) =>
      (await host.run(exec, { action: 'exec', ...action })).message;
    expect(await message({})).toBe('"command" is missing.');
    expect(await message({ command: [] })).toBe('"command" must begin with a program.');
    expect(await message({ command: ['/does/not/exist'] })).toMatch(
      /^\/does\/not\/exist cannot be started: there is no such program/,
    );
    expect(await message({ command: 'true', env: { ORRERY_RUN_ID: 'x' } })).toBe(
      '"ORRERY_RUN_ID" is no name for a variable of a job.',
    );
    expect(await message({ command: 'true', env: { A: 1 } })).toBe('"env" must be an object of texts.');
  });

  it('ends what a command leaves running, and says so', async () => {
    expect(await host.run(exec, { action: 'exec', command: 'sleep 1000 & exit 0' })).toMatchObject({ ok: true });
    expect(stdout()).toBe('The command left a process running, which the agent ended.\n');
  });
});

describe('running an action', () => {
  it('hides secrets in output, wherever it is cut, and gives them to the command', async () => {
    host.env = { ...host.env, PASSWORD: 'hunter2', ORRERY_TOKEN: 'own' };
    const action = {
      action: 'exec',
      command: 'printf hun; printf "ter2 $TOKEN\\n" >&2; printf "ter2 is $PASS, $ORRERY_TOKEN.\\n"; exit 3',
      env: { PASS: { secret: 'env:PASSWORD' }, TOKEN: { secret: 'env:PASSWORD' } },
    };
    expect(await host.run(exec, action)).toMatchObject({ ok: false, exitCode: 3 });
    expect([...host.output].sort()).toEqual(['******** is ********, .\n', 'ter2 ********\n']);
  });

  it('hides secrets in messages, progress and summaries', async () => {
    const leaky: Executor = {
      name: 'leaky',
      supports: () => true,
      holds: async () => false,
      async run(action, context) {
        const secret = String(action.key);
        context.progress(0.5, `at ${secret}`);
        await context.output('stdout', `is ${secret.slice(0, 3)}`);
        return { ...done, message: secret, summary: { a: [secret, 1, null], b: secret } };
      },
    };
    host.env = { ...host.env, KEY: 'abcdef' };
    const result = await host.run([leaky], { action: 'exec', key: { secret: 'env:KEY' } });
    expect(result).toEqual({ ...done, message: '********', summary: { a: ['********', 1, null], b: '********' } });
    expect(host.progress).toEqual([[0.5, 'at ********']]);
    expect(stdout()).toBe('is abc');
  });

  it('makes a missing secret a result', async () => {
    expect(await host.run(exec, { action: 'exec', command: { secret: 'env:NOWHERE' } })).toEqual({
      ok: false,
      end: 'finished',
      exitCode: null,
      message: 'The agent\'s environment has no variable "NOWHERE" for a secret.',
    });
  });

  it('ends it at the time limit and at an abort', async () => {
    expect(await host.run(exec, { action: 'exec', command: 'sleep 1000' }, 2_000)).toMatchObject({
      ok: false,
      end: 'timedOut',
      message: 'The action was ended: it took longer than 2 s.',
    });
    host.onOutput = () => host.abort.abort();
    expect(await host.run(exec, { action: 'exec', command: 'echo go; sleep 1000' }, 50_000)).toMatchObject({
      ok: false,
      end: 'aborted',
      message: 'The command was aborted.',
    });
  });

  it('lets bugs through', async () => {
    const broken: Executor = { ...execExecutor(), run: () => Promise.reject(new TypeError('a bug')) };
    await expect(host.run([broken], { action: 'exec' })).rejects.toThrow('a bug');
  });
});

describe('choosing an executor', () => {
  const tar = tarExecutor({ command: 'tar', version: '1.34', attributes: true }, 'box');
  const freezer = freezerExecutor({ OS_AUTH_URL: 'http://cloud' }, 'freezer-agent', 'box');
  const local = () => ({ action: 'backup', backup_name: 'n', container: host.path('store'), src_file: '/x' });

  it('prefers freezer-agent, and takes tar where it is not', async () => {
    expect((await selectExecutor(local(), [freezer, tar])).name).toBe('freezer');
    expect((await selectExecutor(local(), [tar])).name).toBe('tar');
    expect((await selectExecutor({ ...local(), mode: 'mysql' }, [freezer, tar])).name).toBe('freezer');
    expect((await selectExecutor({ ...local(), container: 'swift-container' }, [freezer, tar])).name).toBe('freezer');
  });

  it('goes on with the one that holds the backups of that name', async () => {
    await mkdir(host.path('store', 'box_n'), { recursive: true });
    expect((await selectExecutor(local(), [freezer, tar])).name).toBe('tar');
    expect((await selectExecutor({ ...local(), backup_name: 'm' }, [freezer, tar])).name).toBe('freezer');
    await mkdir(host.path('store', 'metadata', 'tar', 'box_n'), { recursive: true });
    expect((await selectExecutor(local(), [freezer, tar])).name).toBe('freezer');
  });

  it('says of each why it cannot', async () => {
    const cloudless = freezerExecutor({}, 'freezer-agent', 'box');
    await expect(selectExecutor({ action: 'exec', command: 'id' }, [cloudless, tar], [EXEC_OFF])).rejects.toThrow(
      'This host cannot carry out the action "exec": freezer-agent is not used for the action "exec"; tar cannot do the action "exec"; commands are off on this host (start the agent with --allow exec).',
    );
    await expect(selectExecutor({ action: 'backup', container: 'c' }, [cloudless, tar])).rejects.toThrow(
      /needs OS_AUTH_URL .*; tar cannot use storage "swift", the default; say "storage": "local"/,
    );
    await expect(selectExecutor({ ...local(), encrypt_pass_file: '/k' }, [tar])).rejects.toThrow(
      'tar cannot do "encrypt_pass_file"',
    );
    await expect(selectExecutor(local(), [])).rejects.toThrow('it has no executor');
  });
});

describe('what a host can do', () => {
  it('is told with versions, and with what is missing', async () => {
    const env = { PATH: process.env.PATH };
    const { capabilities, available, unavailable } = await probe({
      env,
      allowExec: false,
      freezerCommand: '/does/not/exist',
    });
    expect(capabilities).toMatchObject([
      {
        executor: 'freezer',
        available: false,
        version: null,
        reason: expect.stringMatching(/apt install python3-freezer/),
      },
      { executor: 'tar', available: true, version: expect.stringMatching(/^1\./), reason: '' },
      { executor: 'exec', available: false, reason: EXEC_OFF },
    ]);
    expect(available.map(({ name }) => name)).toEqual(['tar']);
    expect(unavailable).toHaveLength(2);
  });

  it('names GNU tar where another tar is installed, and finds it as gtar', async () => {
    const bin = host.path('bin');
    await mkdir(bin);
    const script = (name: string, text: string) =>
      writeFile(host.path('bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    await script('tar', 'echo "bsdtar 3.5.3 - libarchive 3.7.4"');
    const look = async () => (await probe({ env: { PATH: bin }, allowExec: true })).capabilities[1];
    expect(await look()).toMatchObject({
      available: false,
      reason: expect.stringMatching(/^GNU tar is missing: .*gtar/),
    });
    await script('gtar', 'echo "tar (GNU tar) 1.35"');
    expect(await look()).toMatchObject({ available: true, version: '1.35' });
    expect(await readdir(bin)).toEqual(['gtar', 'tar']);
  });
});
