import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOrreryClient, type OrreryClient } from '@orrery/sdk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listProcesses } from '../../src/agent/process-table.js';
import { pathWithoutFreezer } from '../kit/programs.js';
import { ADMIN_TOKEN } from '../kit/server.js';
import { AgentHost, attemptsOf, shell } from './agent-kit.js';
import { Program } from './program.js';

let root: string;
let programs: Program[];
let client: OrreryClient;
let url: string;
let server: Program;
let host: AgentHost;

const start = (args: readonly string[], env: Record<string, string> = {}): Program => {
  const program = Program.start(args, env);
  programs.push(program);
  return program;
};

async function startServer(port: string): Promise<Program> {
  const flags = ['--port', port, '--data-dir', join(root, 'server'), '--local-agent', 'false'];
  const program = start(['serve', ...flags], { ORRERY_ADMIN_TOKEN: ADMIN_TOKEN });
  [, url = ''] = await program.said(/answers at (http:\/\/\S+)/);
  return program;
}

async function startAgent(...more: readonly string[]): Promise<Program> {
  await writeFile(join(root, 'token'), host.token);
  const flags = ['--client-id', host.clientId, '--server', url, '--token-file', join(root, 'token')];
  const PATH = await pathWithoutFreezer(join(root, 'bin'));
  const program = start(['agent', ...flags, '--data-dir', join(root, 'agent'), '--allow', 'exec', ...more], { PATH });
  await program.said(/Registered as/);
  return program;
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orrery-kill-'));
  programs = [];
  server = await startServer('0');
  client = createOrreryClient({ url: `${url}/graphql`, token: () => ADMIN_TOKEN });
  host = await AgentHost.on({ endpoint: `${url}/graphql`, client: () => client });
});

afterEach(async () => {
  await Promise.all(programs.map((program) => program.end('SIGKILL')));
  await client.close();
  await host.remove();
  await rm(root, { recursive: true, force: true });
});

/** How many processes of a run live. */
const livingOf = async (runId: string): Promise<number> =>
  (await listProcesses()).filter((entry) => entry.runId === runId).length;

describe('a restart neither loses nor doubles a run', () => {
  it('kill -9 of the agent in the middle: what it left is ended, the attempt is LOST, the next one runs', async () => {
    const agent = await startAgent();
    const second = host.path('second');
    const script = `echo in; [ -e ${second} ] || { touch ${second}; sleep 600; }; echo out`;
    const run = await host.run([shell(script, { maxRetries: 1, maxRetriesInterval: 0 })]);
    await host.printed(run, 'in');
    await agent.end('SIGKILL');
    expect(await livingOf(run)).toBeGreaterThan(0);
    const next = await startAgent();
    const ended = await host.ended(run);
    expect(attemptsOf(ended)).toEqual(['0-exec#1 LOST', '0-exec#2 READY']);
    expect(ended.tasks.nodes[0]?.reason).toMatch(/^The agent was ended while this attempt was under way/);
    expect(ended.result).toBe('SUCCESS');
    expect(await host.output(run)).toBe('in\nin\nout\n');
    expect(await livingOf(run)).toBe(0);
    expect(next.output).toMatch(/Ended \d+ processes that an earlier agent had left running/);
  });

  it('kill -9 of the server in the middle: the agent finishes, and what it kept arrives after the restart', async () => {
    const agent = await startAgent();
    const go = host.path('go');
    const run = await host.run([
      shell(`echo in; while [ ! -e ${go} ]; do sleep 0.02; done; seq 1 3000`),
      shell('echo two'),
    ]);
    await host.printed(run, 'in');
    await server.end('SIGKILL');
    await writeFile(go, '');
    await agent.said(/"0-exec" ended SUCCEEDED/);
    expect(agent.output.match(/does not answer/g)).toHaveLength(1);
    await startServer(new URL(url).port);
    expect(attemptsOf(await host.ended(run))).toEqual(['0-exec#1 READY', '1-exec#1 READY']);
    const numbers = Array.from({ length: 3000 }, (_, index) => `${index + 1}\n`).join('');
    expect(await host.output(run)).toBe(`in\n${numbers}two\n`);
    await agent.said(/answers again/);
  });

  it('kill -9 of both: what the agent had kept is sent by the next one', async () => {
    const agent = await startAgent();
    const go = host.path('go');
    const run = await host.run([shell(`echo in; while [ ! -e ${go} ]; do sleep 0.02; done; echo out`)]);
    await host.printed(run, 'in');
    await server.end('SIGKILL');
    await writeFile(go, '');
    await agent.said(/"0-exec" ended SUCCEEDED/);
    await agent.end('SIGKILL');
    await startServer(new URL(url).port);
    await startAgent();
    expect(attemptsOf(await host.ended(run))).toEqual(['0-exec#1 READY']);
    expect(await host.output(run)).toBe('in\nout\n');
  });
});

describe('the command', () => {
  it('stops in order at SIGTERM: the run is given back with the reason', async () => {
    const agent = await startAgent('--grace', '1s');
    const run = await host.run([shell('echo in; sleep 600')]);
    await host.printed(run, 'in');
    expect(await agent.end('SIGTERM')).toBe(0);
    expect(agent.output).toMatch(/Stopping: runs have 1 s to end.*\n(.*\n)*.*Stopped\.\n$/);
    expect(await host.ended(run)).toMatchObject({ result: 'LOST', reason: '0-exec: Its agent was stopped.' });
    expect(await livingOf(run)).toBe(0);
  });

  it('refuses in one line, with an exit code that says what kind of refusal it is', async () => {
    const flags = ['agent', '--client-id', host.clientId, '--server', url, '--data-dir', join(root, 'agent')];
    const outcome = async (...args: readonly string[]) => {
      const program = start(args);
      return [await program.ended(), program.output.trim().split('\n').at(-1)];
    };
    expect(await outcome(...flags)).toEqual([4, expect.stringMatching(/^orrery: There is no token: .*token create/)]);
    expect(await outcome(...flags, '--token', 'nonsense')).toEqual([
      4,
      expect.stringMatching(/^orrery: The bearer token is not known here: .* --token-file/),
    ]);
    expect(await outcome('agent', '--client-id', 'a b', '--server', url)).toEqual([
      expect.any(Number),
      expect.stringMatching(/^orrery: "a b" is no client id: 1 to 255 letters/),
    ]);
    await startAgent();
    expect(await outcome(...flags, '--token', host.token)).toEqual([
      1,
      expect.stringMatching(/^orrery: The agent of the client "host-\d+" runs already: .* in use by process \d+/),
    ]);
  });
});
