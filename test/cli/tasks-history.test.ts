import { createSdk, payloadOf } from '@orrery/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newsOf } from '../../src/cli/transaction-tasks.js';
import { SdkAgent } from '../kit/sdk-agent.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { type Answer, begin, orrery } from './console.js';

let server: TestServer;
/** The number of the first deployment: nodes 1, 2, 5 and 6, each with tasks in all kinds of statuses. */
let first: string;

const STATUSES = { '1': 'error', '2': 'ready', '5': 'ready', '6': 'error' } as const;
const NODES = ['1', '2', '5', '6'];

const TASKS = [{ name: 'netconfig', nodes: NODES }, { name: 'hiera', nodes: NODES }, { name: 'sync' }];

async function announce(externalId: string, cluster = 'env-1', tasks: typeof TASKS = TASKS): Promise<string> {
  const input = { cluster, externalId, name: externalId, graph: { tasks } };
  const { transaction } = payloadOf((await createSdk(server.client()).transactionStart({ input })).transactionStart);
  return String(transaction.number);
}

async function report(transactionId: string, reportId: string, events: object[]): Promise<void> {
  const input = { transactionId, reportId, events: events as { status: string }[] };
  payloadOf((await createSdk(server.client()).transactionReport({ input })).transactionReport);
}

async function end(transactionId: string, status: 'READY' | 'ERROR'): Promise<void> {
  payloadOf((await createSdk(server.client()).transactionEnd({ input: { transactionId, status } })).transactionEnd);
}

beforeAll(async () => {
  server = await startTestServer();
  first = await announce('first');
  const ended = NODES.map((nodeId) => ({
    taskName: 'netconfig',
    nodeId,
    status: STATUSES[nodeId as keyof typeof STATUSES],
    summary: { node: nodeId },
  }));
  await report(first, 'r1', ended);
});
afterAll(() => server.stop());

const run = (...args: string[]): Promise<Answer> => orrery(args, server);

interface ShownTask {
  number: number;
  transaction: number;
  cluster: string;
  task: string;
  node: string | null;
  status: string;
  summary?: unknown;
}

/** The tasks that a command line lists, as `task node STATUS`. */
async function listed(...args: string[]): Promise<string[]> {
  const { code, out, err } = await run('tasks-history', ...args, '-o', 'json');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return (JSON.parse(out) as ShownTask[]).map(({ task, node, status }) => `${task} ${node} ${status}`);
}

const ALL = [
  'netconfig 1 ERROR',
  'netconfig 2 READY',
  'netconfig 5 READY',
  'netconfig 6 ERROR',
  'hiera 1 PENDING',
  'hiera 2 PENDING',
  'hiera 5 PENDING',
  'hiera 6 PENDING',
  'sync null PENDING',
];
const on = (...nodes: string[]): string[] => ALL.filter((task) => nodes.includes(task.split(' ')[1] ?? ''));

describe('tasks-history of one deployment', () => {
  it('takes all eight forms of Fuel and fuel2, word for word', async () => {
    expect(first).toBe('1');
    const ended = ALL.slice(0, 4);
    expect(await listed('--task-id', '1')).toEqual(ALL);
    expect(await listed('--task-id', '1', '--node-id', '5,6')).toEqual(on('5', '6'));
    expect(await listed('--task-id', '1', '--statuses', 'error,ready')).toEqual(ended);
    expect(await listed('--task-id', '1', '--node-id', '5,6', '--statuses', 'error,ready')).toEqual(ended.slice(2));
    expect(await listed('1')).toEqual(ALL);
    expect(await listed('1', '--nodes', '1', '2')).toEqual(on('1', '2'));
    expect(await listed('1', '--statuses', 'error', 'ready')).toEqual(ended);
    expect(await listed('1', '--nodes', '1', '--statuses', 'error')).toEqual(['netconfig 1 ERROR']);
  });

  it('narrows by name and by search, and finds what has no node', async () => {
    expect(await listed('1', '--task-name', 'hiera', '--node', '2')).toEqual(['hiera 2 PENDING']);
    expect(await listed('1', '--nodes', '')).toEqual(['sync null PENDING']);
    expect(await listed('1', '--search', 'NETCONF', '-s', 'ready')).toEqual(ALL.slice(1, 3));
  });

  it('shows a table, csv and yaml, and summaries when asked', async () => {
    const table = await run('tasks-history', '1', '--nodes', '1');
    expect(table.out).toMatch(/^NUMBER +TASK +NODE +ATTEMPT +STATUS +TIME START/);
    const csv = await run('tasks-history', '1', '--node', '1', '-s', 'error', '-o', 'csv', '--summary');
    expect(csv.out).toMatch(/summary\r\n\d+,netconfig,1,1,ERROR,.*"\{""node"":""1""\}"\r\n$/);
    expect((await run('tasks-history', '1', '-s', 'error', '-o', 'yaml')).out).toContain('task: netconfig');
    const failed = ['tasks-history', '1', '--node', '1', '-s', 'error', '--summary', '-o'];
    expect(JSON.parse((await run(...failed, 'json')).out)).toMatchObject([{ summary: { node: '1' } }]);
    expect((await run(...failed, 'yaml')).out).toContain('summary:\n    node: "1"');
    const paged = await run('tasks-history', '1', '-n', '2', '-o', 'csv');
    expect(paged).toMatchObject({ code: 0, err: expect.stringContaining('Only the first 2') });
  });

  it('gives programs all tasks, page by page, and people the first 50', async () => {
    const nodes = Array.from({ length: 700 }, (_one, index) => `n${index}`);
    const number = await announce('large', 'env-large', [{ name: 'many', nodes }]);
    for (const command of [['tasks-history'], ['deployment', 'tasks']]) {
      const csv = await run(...command, number, '-o', 'csv');
      expect({ ...csv, out: csv.out.trimEnd().split('\r\n').length }).toEqual({ code: 0, out: 701, err: '' });
    }
    const rows = JSON.parse((await run('tasks-history', number, '-o', 'json')).out) as ShownTask[];
    expect(rows.map(({ node }) => node)).toEqual(nodes);
    expect((await run('tasks-history', number, '-o', 'yaml')).out.match(/^- number:/gm)).toHaveLength(700);
    const table = await run('tasks-history', number);
    expect(table.out.trimEnd().split('\n')).toHaveLength(51);
    expect(table.err).toContain('Only the first 50');
    expect(JSON.parse((await run('tasks-history', number, '-n', '3', '-o', 'json')).out)).toHaveLength(3);
    const none = ['tasks-history', number, '--nodes', 'nowhere', '-o'];
    expect([(await run(...none, 'json')).out, (await run(...none, 'yaml')).out]).toEqual(['[]\n', '[]\n']);
  });

  it('says what is wrong', async () => {
    expect(await run('tasks-history', '99')).toMatchObject({ code: 3, err: expect.stringContaining('"99"') });
    expect((await run('tasks-history', '1', '--statuses', 'error', 'dancing')).err).toContain('"dancing" is none of');
    expect(await run('tasks-history', '1', '--task-id', '2')).toMatchObject({ code: 2 });
    expect(await run('tasks-history', '1', '--cluster', 'env-1')).toMatchObject({ code: 2 });
    expect(await run('tasks-history', '--search', 'x')).toMatchObject({ code: 2 });
  });

  it.each([
    ['READY', 0],
    ['ERROR', 1],
  ] as const)('follows it until it is %s, and tells so by the exit code %i', async (status, exitCode) => {
    const number = await announce(`followed-${status}`);
    await report(number, 'a', [{ taskName: 'hiera', nodeId: '1', status: 'running' }]);
    const begun = begin(['tasks-history', number, '--task-name', 'hiera', '--node', '1', '-f', '-o', 'json'], server);
    await begun.console.shows('RUNNING');
    await report(number, 'b', [
      { taskName: 'hiera', nodeId: '1', status: 'ready' },
      { taskName: 'hiera', nodeId: '2', status: 'ready' },
    ]);
    await begun.console.shows('READY');
    await end(number, status);
    const { code, out, err } = await begun.ended;
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ShownTask);
    expect(rows.map(({ node, status: now }) => `${node} ${now}`)).toEqual(['1 RUNNING', '1 READY']);
    expect(code).toBe(exitCode);
    expect(err).toContain(`Deployment ${number} (followed-${status}): ${status}`);
    const again = await run('tasks-history', number, '--task-name', 'hiera', '--node', '1', '-f');
    expect(again).toMatchObject({ code: exitCode, out: expect.stringContaining('hiera') });
  });

  it('ends in order with Ctrl-C, and says what goes on', async () => {
    const number = await announce('goes-on');
    const begun = begin(['tasks-history', number, '--follow'], server);
    await begun.console.shows('sync');
    begun.interrupt();
    expect((await begun.ended).err).toContain(`goes on. Follow it: orrery tasks-history ${number} --follow`);
  });
});

describe('tasks-history of a run', () => {
  it('follows it as a deployment', async () => {
    const sdk = createSdk(server.client());
    const agent = new SdkAgent(sdk, 'web1');
    await agent.register();
    const actions = [{ freezerAction: { action: 'backup', path_to_backup: '/srv' } }];
    const input = { key: 'docs', clientId: 'web1', start: false, actions };
    payloadOf((await sdk.jobCreate({ input })).jobCreate);
    const made = payloadOf((await sdk.jobRunNow({ input: { id: 'docs' } })).jobRunNow);
    const begun = begin(['tasks-history', String(made.run?.number), '-f', '-o', 'csv'], server);
    await begun.console.shows('PENDING');
    await agent.perform(made.run?.id ?? '', { beforeEnd: () => begun.console.shows('RUNNING') });
    const { code, out, err } = await begun.ended;
    expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining(`Run ${made.run?.number} (docs): READY`) });
    expect(out.match(/0-backup,web1,1,(\w+)/g)).toEqual(
      ['PENDING', 'RUNNING', 'READY'].map((status) => `0-backup,web1,1,${status}`),
    );
  });
});

describe('what is news', () => {
  it('is neither what the list showed nor what came before it', () => {
    const isNews = newsOf([{ id: 'a', status: 'RUNNING' }]);
    const events = [
      ['a', 'PENDING'],
      ['a', 'RUNNING'],
      ['b', 'PENDING'],
      ['b', 'RUNNING'],
      ['a', 'READY'],
      ['a', 'ERROR'],
      ['a', 'RUNNING'],
    ] as const;
    expect(events.map(([id, status]) => isNews(id, status))).toEqual([false, false, true, true, true, true, false]);
  });
});

describe('tasks-history of everything', () => {
  it('narrows by cluster, node, status, name and time', async () => {
    const number = await announce('other', 'env-9');
    await report(number, 'o', [{ taskName: 'netconfig', nodeId: '5', status: 'ready' }]);
    const { out } = await run('tasks-history', '--cluster', 'env-9', '--status', 'ready', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject([{ transaction: Number(number), cluster: 'env-9', task: 'netconfig' }]);
    expect(await listed('--cluster', 'env-1', '--node', '6', '--status', 'error')).toEqual(['netconfig 6 ERROR']);
    const recent = ['--cluster', 'env-9', '--task-name', 'netconfig', '--status', 'ready', '--since', '1h'];
    expect(await listed(...recent)).toEqual(['netconfig 5 READY']);
    expect(await listed('--cluster', 'env-9', '--until', '1h')).toEqual([]);
    expect(await run('tasks-history', '--cluster', 'env-77')).toMatchObject({ code: 3 });
  });

  it('goes on with what changes', async () => {
    const number = await announce('live', 'env-live');
    const begun = begin(['tasks-history', '--cluster', 'env-live', '--status', 'ready', 'error', '-f'], server);
    await begun.console.shows('TRANSACTION');
    await report(number, 'l', [{ taskName: 'hiera', nodeId: '6', status: 'error', reason: 'no disk' }]);
    await begun.console.shows('no disk');
    begun.interrupt();
    expect((await begun.ended).out).toMatch(new RegExp(`^${number} +env-live +\\d+ +hiera +6 +1 +ERROR`, 'm'));
  });
});
