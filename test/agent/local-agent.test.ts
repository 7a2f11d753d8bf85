import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSdk, type JobActionInput, type OrrerySdk, payloadOf } from '@orrery/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { localClientKey } from '../../src/main/local-agent.js';
import { pathWithoutFreezer } from '../kit/programs.js';
import { startTestServer, type TestServer } from '../kit/server.js';

let server: TestServer;
let sdk: OrrerySdk;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orrery-local-'));
  vi.stubEnv('PATH', await pathWithoutFreezer(join(root, 'bin')));
  server = await startTestServer({ flags: { localAgent: 'true' } });
  sdk = createSdk(server.client());
});
afterEach(async () => {
  await server.stop();
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

const tokenPath = (): string => join(server.dataDir, 'agent-token');

/** Runs an action on this host to its end. */
async function carryOut(freezerAction: JobActionInput['freezerAction']) {
  const input = {
    clientId: localClientKey(hostname()),
    project: 'default',
    actions: [{ freezerAction }],
    start: false,
  };
  const { job } = payloadOf((await sdk.jobCreate({ input })).jobCreate);
  const { run } = payloadOf((await sdk.jobRunNow({ input: { id: job.id } })).jobRunNow);
  if (!run) throw new Error('No run was made.');
  // The output is followed until the end of the run.
  for await (const piece of sdk.runOutputAppended({ runId: run.id })) void piece;
  return (await sdk.run({ id: run.id })).run;
}

const info = () => ({ action: 'info', mode: 'fs', storage: 'local', container: root });

describe('the local agent', () => {
  it('runs jobs of this host with nothing else set up, by a token of its own', async () => {
    await mkdir(join(root, 'data'));
    await writeFile(join(root, 'data', 'file'), 'x');
    const where = { mode: 'fs', storage: 'local', container: join(root, 'backups'), backup_name: 'b' };
    const run = await carryOut({ action: 'backup', path_to_backup: join(root, 'data'), ...where });
    expect(run).toMatchObject({ result: 'SUCCESS' });
    expect((await stat(tokenPath())).mode & 0o777).toBe(0o600);
    const { apiTokens } = await sdk.apiTokens({ filter: { role: 'AGENT' } });
    expect(apiTokens.nodes).toMatchObject([
      { role: 'AGENT', project: 'default', clientKey: localClientKey(hostname()), revokedAt: null },
    ]);
  });

  it('runs no commands', async () => {
    const run = await carryOut({ action: 'exec', command: 'true' });
    expect(run).toMatchObject({ result: 'FAIL', reason: expect.stringContaining('commands are off on this host') });
  });

  it('comes back with its server, and keeps its token', async () => {
    await carryOut(info());
    const before = await readFile(tokenPath(), 'utf8');
    await server.restart();
    expect(await carryOut(info())).toMatchObject({ state: 'ENDED', status: expect.not.stringMatching(/LOST/) });
    expect(await readFile(tokenPath(), 'utf8')).toBe(before);
  });

  it('gets a new token when the old one was revoked', async () => {
    await carryOut(info());
    const before = await readFile(tokenPath(), 'utf8');
    await server.restart();
    const [token] = (await sdk.apiTokens({ filter: { role: 'AGENT' } })).apiTokens.nodes;
    await sdk.apiTokenRevoke({ input: { id: token?.id ?? '' } });
    await carryOut(info());
    expect(await readFile(tokenPath(), 'utf8')).not.toBe(before);
  });

  it('makes a client id of any host name', () => {
    expect(localClientKey('web-1.example.org')).toBe('web-1.example.org');
    expect(localClientKey("Anna's Mac (2)")).toBe('Anna-s-Mac--2-');
    expect(localClientKey('')).toBe('localhost');
  });
});
