import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createSdk, payloadOf } from '@orrery/sdk';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAgentDirectory } from '../../src/agent/agent-directory.js';
import { fixedToken, tokenFromFile } from '../../src/agent/token-source.js';
import { systemClock } from '../../src/lib/time.js';
import type { TestServer } from '../kit/server.js';
import { TcpProxy } from '../kit/tcp-proxy.js';
import { AgentHost, attemptsOf, shell, startAgentServer } from './agent-kit.js';

let server: TestServer;
let host: AgentHost;

beforeAll(async () => {
  server = await startAgentServer({ flags: { runLease: '5s' } });
});
afterAll(() => server.stop());
beforeEach(async () => {
  host = await AgentHost.on(server);
});
afterEach(() => host.remove());

describe('the connection', () => {
  it('goes on without the server for less than the lease, and tells it everything afterwards', async () => {
    const proxy = await TcpProxy.before(server.url);
    try {
      await host.start({ url: `${proxy.through(server.url)}graphql` });
      const [go, done] = [host.path('go'), host.path('done')];
      const script = `echo in; while [ ! -e ${go} ]; do sleep 0.02; done; seq 1 1000; touch ${done}; echo out`;
      const run = await host.run([shell(script)]);
      await host.printed(run, 'in');
      proxy.cut();
      await writeFile(go, '');
      await host.heard(/"0-exec" ended SUCCEEDED/);
      expect(await host.show(run)).toMatchObject({ state: 'RUNNING' });
      proxy.restore();
      expect(await host.ended(run)).toMatchObject({ result: 'SUCCESS' });
      const numbers = Array.from({ length: 1000 }, (_, index) => `${index + 1}\n`).join('');
      expect(await host.output(run)).toBe(`in\n${numbers}out\n`);
    } finally {
      await proxy.close();
    }
  });

  it('ends what it does when the lease is lost, says so, and the run is LOST', async () => {
    const proxy = await TcpProxy.before(server.url);
    try {
      await host.start({ url: `${proxy.through(server.url)}graphql` });
      const run = await host.run([shell(`echo in; sleep 600; touch ${host.path('wrong')}`)]);
      await host.printed(run, 'in');
      proxy.cut();
      await host.heard(/The server could not be reached for 5 s: the lease ran out, and the attempt was ended/);
      const ended = await host.ended(run);
      expect(ended).toMatchObject({ result: 'LOST' });
      expect(attemptsOf(ended)).toEqual(['0-exec#1 LOST']);
      proxy.restore();
      expect(await host.ended(await host.run([shell('true')]))).toMatchObject({ result: 'SUCCESS' });
    } finally {
      await proxy.close();
    }
  });

  it('says once that the server is unreachable, and goes on trying', async () => {
    const proxy = await TcpProxy.before(server.url);
    try {
      proxy.cut();
      const started = host.start({ url: `${proxy.through(server.url)}graphql` });
      await host.heard(/warn The server at .* does not answer \(.*\); trying again until it does\./);
      proxy.restore();
      await started;
      expect(host.said.filter((line) => line.includes('does not answer'))).toHaveLength(1);
    } finally {
      await proxy.close();
    }
  });
});

describe('rights', () => {
  it('a token that is no token ends the agent with what to do', async () => {
    await expect(host.start({ tokens: fixedToken('nonsense') })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('check that it was copied whole'),
    });
  });

  it('a token of another client is refused by name', async () => {
    const other = await AgentHost.on(server);
    await expect(host.start({ tokens: fixedToken(other.token) })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await other.remove();
  });

  it('a revoked token is read again from its file, and ends the agent when it is still the old one', async () => {
    const sdk = createSdk(server.client());
    const grant = { name: 'more', role: 'AGENT' as const, project: 'default', clientKey: host.clientId };
    const make = async () => payloadOf((await sdk.apiTokenCreate({ input: grant })).apiTokenCreate);
    const [first, second] = [await make(), await make()];
    const path = host.path('token');
    await writeFile(path, `${first.secret}\n`);
    const agent = await host.start({ tokens: await tokenFromFile(path) });
    await writeFile(path, `${second.secret}\n`);
    await sdk.apiTokenRevoke({ input: { id: first.apiToken.id } });
    expect(await host.ended(await host.run([shell('true')]))).toMatchObject({ result: 'SUCCESS' });
    await sdk.apiTokenRevoke({ input: { id: second.apiToken.id } });
    await expect(agent.ended).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('the host', () => {
  it("a clock an hour off harms nothing, and is noted with the server's offset", async () => {
    await host.start({ clock: { now: () => systemClock.now() - 3_600_000 } });
    await host.heard(/warn This host's clock is 3600 s behind the server's\./);
    const { timeStart, timeEnd } = await host.ended(await host.run([shell('true')]));
    for (const instant of [timeStart, timeEnd]) {
      expect(Math.abs(Date.parse(instant ?? '') - systemClock.now())).toBeLessThan(600_000);
    }
  });

  it('a full disk under the spool fails the run with the reason', async () => {
    const full = new Error('no space left on device');
    const write = async () => {
      throw Object.assign(full, { code: 'ENOSPC' });
    };
    await host.start({ writeSpool: write });
    const ended = await host.ended(await host.run([shell('echo x; sleep 600')]));
    expect(ended.result).toBe('FAIL');
    expect(ended.reason).toMatch(/The agent's spool .* is on a full disk \(ENOSPC\): free some space there/);
    expect(host.said.filter((line) => line.startsWith('error'))).not.toEqual([]);
  });

  it('a directory that is not ours is refused', async () => {
    await mkdir(host.path('mine'));
    await writeFile(host.path('mine', 'thesis.txt'), '');
    await expect(host.start({}, 'mine')).rejects.toThrow(/is not empty and is not the directory of an agent/);
    await (await openAgentDirectory(host.path('theirs'), 'another', 'h')).release();
    await expect(host.start({}, 'theirs')).rejects.toThrow(/belongs to the client "another": name another directory/);
  });

  it('a directory that cannot be used is refused', async () => {
    await writeFile(host.path('file'), '');
    await expect(host.start({}, 'file/agent')).rejects.toThrow(
      `Cannot use the agent's directory ${host.path('file/agent')}: a part of the path is no directory (ENOTDIR).`,
    );
  });

  it('a directory that was copied to another host gets a session of its own', async () => {
    const open = (hostname: string) => openAgentDirectory(host.path('agent'), host.clientId, hostname);
    const first = await open('one');
    await first.release();
    const again = await open('one');
    await again.release();
    const other = await open('two');
    await other.release();
    expect(again.sessionId).toBe(first.sessionId);
    expect(other.sessionId).not.toBe(first.sessionId);
    await rm(host.path('agent'), { recursive: true });
  });
});

describe('stopping', () => {
  it('lets what is under way end, takes nothing new, and gives the rest of the run back', async () => {
    const agent = await host.start();
    const go = host.path('go');
    const run = await host.run([shell(`echo in; while [ ! -e ${go} ]; do sleep 0.02; done`), shell('echo two')]);
    await host.printed(run, 'in');
    const stopped = agent.stop('It is Sunday.', 600_000);
    const later = await host.run([shell('true')]);
    await writeFile(go, '');
    await stopped;
    const waiting = await host.show(run);
    expect(waiting.state).toBe('WAITING');
    expect(attemptsOf(waiting)).toEqual(['0-exec#1 READY', '1-exec#1 PENDING']);
    await host.start();
    expect(attemptsOf(await host.ended(run))).toEqual(['0-exec#1 READY', '1-exec#1 READY']);
    expect(await host.ended(later)).toMatchObject({ result: 'SUCCESS' });
  });

  it('ends what takes too long, says why, and the retry rule applies', async () => {
    const agent = await host.start();
    const run = await host.run([
      shell(`echo in; [ -e ${host.path('second')} ] || { touch ${host.path('second')}; sleep 600; }`, {
        maxRetries: 1,
        maxRetriesInterval: 0,
      }),
    ]);
    await host.printed(run, 'in');
    await agent.stop('It is Sunday.', 0);
    const [first] = (await host.show(run)).tasks.nodes;
    expect(first).toMatchObject({ status: 'LOST', reason: 'It is Sunday.' });
    await host.start();
    expect(attemptsOf(await host.ended(run))).toEqual(['0-exec#1 LOST', '0-exec#2 READY']);
  });
});
