import { createSdk, payloadOf } from '@orrery/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resetTask } from '../../src/cli/commands/deployment-reset.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { type Answer, orrery } from './console.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const run = (...args: string[]): Promise<Answer> => orrery(args, server);

const NODES = ['1', '2'];

/** A deployment of two tasks on two nodes that has ended, whose `netconfig` ended as told; its number. */
async function deploy(externalId: string, cluster: string, statuses: readonly string[]): Promise<string> {
  const sdk = createSdk(server.client());
  const graph = { tasks: [{ name: 'netconfig', nodes: NODES }] };
  const start = { cluster, externalId, graph };
  const { transaction } = payloadOf((await sdk.transactionStart({ input: start })).transactionStart);
  const transactionId = String(transaction.number);
  const events = statuses.map((status, index) => ({ taskName: 'netconfig', nodeId: NODES[index] ?? '', status }));
  payloadOf((await sdk.transactionReport({ input: { transactionId, reportId: 'r', events } })).transactionReport);
  const end = { transactionId, status: 'ERROR' as const };
  payloadOf((await sdk.transactionEnd({ input: end })).transactionEnd);
  return transactionId;
}

describe('deployment diff', () => {
  it('shows what became of each task', async () => {
    const a = await deploy('a', 'env-diff', ['ready', 'ready']);
    const b = await deploy('b', 'env-diff', ['ready', 'error']);
    const { out } = await run('deployment', 'diff', a, b, '-o', 'csv');
    expect(out.trimEnd().split('\r\n').slice(1)).toEqual(['STATUS_CHANGED,netconfig,2,READY,ERROR,,,']);
    expect((await run('deployment', 'diff', a, b, '--nodes', '1')).err).toBe('Nothing differs.\n');
    const same = await run('deployment', 'diff', a, b, '--nodes', '1', '--change', 'unchanged', '-o', 'json');
    expect(JSON.parse(same.out)).toMatchObject([{ change: 'UNCHANGED', node: '1' }]);
    for (const both of [
      [a, '999'],
      ['999', a],
    ]) {
      const refused = await run('deployment', 'diff', ...both);
      expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('There is no transaction "999"') });
      expect(refused.err).not.toContain(`"${a}"`);
    }
  });
});

describe('deployment reset', () => {
  it('reads a task and its node', () => {
    expect(resetTask('netconfig@5', resetTask('sync'))).toEqual([
      { graphTaskId: 'sync', nodeId: undefined },
      { graphTaskId: 'netconfig', nodeId: '5' },
    ]);
    expect(resetTask('a@b@5')).toEqual([{ graphTaskId: 'a@b', nodeId: '5' }]);
    expect(() => resetTask('@5')).toThrow('netconfig@5');
    expect(() => resetTask('a@')).toThrow('netconfig@5');
  });

  it('begins what failed anew, or what is chosen', async () => {
    const number = await deploy('r1', 'env-reset', ['ready', 'error']);
    const reset = await run('deployment', 'reset', number, '--reason', 'cable');
    expect(reset).toMatchObject({ code: 0, out: expect.stringMatching(/^begun +1$/m) });
    expect(reset.out).toMatch(/^attempts +2$/m);
    const other = await deploy('r2', 'env-reset', ['ready', 'error']);
    expect((await run('deployment', 'reset', other, '--task', 'netconfig@1')).out).toMatch(/^begun +1$/m);
    expect(await run('deployment', 'reset', other, '--task', 'a@1', '--nodes', '1')).toMatchObject({ code: 2 });
  });
});

describe('deployment delete', () => {
  it('leaves who did it, and why', async () => {
    const number = await deploy('gone', 'env-gone', ['ready', 'ready']);
    expect(await run('deployment', 'delete', number)).toMatchObject({ code: 2 });
    const deleted = await run('deployment', 'delete', number, '--reason', 'a rehearsal');
    expect(deleted).toMatchObject({ code: 0, out: expect.stringMatching(/^outcome +DELETED$/m) });
    const gone = { code: 3, err: expect.stringMatching(/was deleted by .*: a rehearsal$/m) };
    expect(await run('deployment', 'show', number)).toMatchObject(gone);
    expect(await run('tasks-history', number)).toMatchObject(gone);
    const token = (await run('token', 'create', 'reads', '--role', 'reader')).out.trim();
    const reader = await orrery(['tasks-history', number, '--url', server.url, '--token', token]);
    expect(reader).toMatchObject({ code: 3, err: expect.stringContaining('There is no transaction') });
    const list = await run('deployment', 'deleted', '--cluster', 'env-gone', '-o', 'csv');
    expect(list.out).toMatch(new RegExp(`^${number},DEPLOYMENT,gone,gone,2,.*,a rehearsal`, 'm'));
  });
});

describe('task stats and cluster node', () => {
  it('tell how a task does, and where a node stands', async () => {
    await deploy('s1', 'env-stats', ['ready', 'error']);
    await deploy('s2', 'env-stats', ['error', 'error']);
    const { code, out } = await run('task', 'stats', 'netconfig', '--cluster', 'env-stats');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^statuses +error 3, ready 1$/m) });
    expect(out).toMatch(/^flaky +50 %$/m);
    expect((await run('task', 'stats', 'netconfig', '--cluster', 'env-stats', '--node', '2')).out).toMatch(
      /^attempts +2$/m,
    );
    expect((await run('cluster', 'node', 'env-stats', '1', '-o', 'csv')).out).toMatch(/netconfig,1,ERROR/);
    expect((await run('cluster', 'node', 'env-stats', '1', '--succeeded', '-o', 'csv')).out).toMatch(
      /netconfig,1,READY/,
    );
    expect(await run('cluster', 'node', 'env-stats', '77')).toMatchObject({ code: 3 });
  });
});

describe('history retention', () => {
  it('tells how long things are kept, and what was deleted', async () => {
    const { code, out } = await run('history', 'retention');
    expect({ code, out }).toEqual({ code: 0, out: expect.stringMatching(/^tasks +for ever\nsummaries +90 days\n/) });
    expect(out).toMatch(/^totalDeleted +nothing$/m);
  });
});
