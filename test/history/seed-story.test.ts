import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextOf, openSocket } from '../api/socket.js';
import { orrery } from '../cli/console.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { storeKinds } from '../kit/stores.js';

const MESSAGES = 'docs/examples/deployments.jsonl';

interface Task {
  name: string;
  nodeId: string | null;
  status: string;
}

interface Page {
  totalCount: number;
  nodes: Task[];
}

const TASKS = 'totalCount nodes { name nodeId status }';

/** The story of the seed: several deployments of one cluster, listed per node, per cluster and per run. */
describe.each(storeKinds())('three deployments of a cluster of five nodes (%s)', (store) => {
  let server: TestServer;
  let said: unknown[];

  beforeAll(async () => {
    server = await startTestServer({ store });
    const socket = openSocket(server.endpoint, server.token);
    const live = socket.follow('subscription { transactionChanged { status transaction { name } } }');
    const first = nextOf(live);
    const replayed = await orrery(['deployment', 'replay', MESSAGES, '-o', 'json'], server);
    expect(replayed).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(replayed.out)).toMatchObject({ started: 3, reports: 8, accepted: 37, ended: 3, refused: [] });
    said = [await first];
    while (!JSON.stringify(said.at(-1)).includes('STOPPED')) said.push(await nextOf(live));
    await socket.end();
  });
  afterAll(() => server.stop());

  async function ask<T>(query: string): Promise<T> {
    const { body } = await server.post({ query });
    const { data, errors } = body as { data?: T; errors?: unknown };
    if (!data || errors) throw new Error(JSON.stringify(body));
    return data;
  }
  const rest = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${server.token}` } });
    expect(answer.status).toBe(200);
    return (await answer.json()) as T;
  };
  async function numberOf(externalId: string): Promise<number> {
    const { transactions } = await ask<{ transactions: { nodes: { number: number }[] } }>(
      `{ transactions(filter: { externalIds: ["${externalId}"] }) { nodes { number } } }`,
    );
    return transactions.nodes[0]?.number ?? 0;
  }

  it('are told of live, each with its end', () => {
    const text = JSON.stringify(said);
    for (const name of ['deploy changes', 'add a role', 'add a role, again']) expect(text).toContain(`"${name}"`);
    expect(said.at(-1)).toMatchObject({ data: { transactionChanged: { status: 'STOPPED' } } });
  });

  it('are listed, each with its end and the count of its tasks', async () => {
    const { transactions } = await ask<{ transactions: { nodes: unknown[] } }>(
      '{ transactions(orderBy: { field: CREATED_AT, direction: ASC }) { nodes { name status reason taskCounts { status count } } } }',
    );
    expect(transactions.nodes).toEqual([
      { name: 'deploy changes', status: 'READY', reason: null, taskCounts: [{ status: 'READY', count: 14 }] },
      {
        name: 'add a role',
        status: 'ERROR',
        reason: 'Task swift-keystone failed on node 3.',
        taskCounts: [
          { status: 'ERROR', count: 1 },
          { status: 'READY', count: 9 },
          { status: 'SKIPPED', count: 4 },
        ],
      },
      {
        name: 'add a role, again',
        status: 'STOPPED',
        reason: 'The operator stopped it.',
        taskCounts: [
          { status: 'READY', count: 6 },
          { status: 'SKIPPED', count: 6 },
          { status: 'STOPPED', count: 2 },
        ],
      },
    ]);
  });

  it('are listed per run, per node, per cluster and by status through GraphQL', async () => {
    const number = await numberOf('13');
    const cluster = '{ clusters(filter: { externalIds: ["1"] }) { nodes { id } } }';
    const { clusters } = await ask<{ clusters: { nodes: { id: string }[] } }>(cluster);
    const id = clusters.nodes[0]?.id ?? '';
    const { run, node, ofCluster, failed } = await ask<
      Record<'node' | 'ofCluster' | 'failed', Page> & { run: { tasks: Page } }
    >(
      `{ run: transaction(id: "${number}") { tasks(filter: { nodes: ["3"] }) { ${TASKS} } }
        node: taskHistory(filter: { nodeIds: ["5"] }) { ${TASKS} }
        ofCluster: taskHistory(filter: { clusterIds: ["${id}"] }, first: 100) { ${TASKS} }
        failed: taskHistory(filter: { clusterIds: ["${id}"], statuses: [ERROR] }) { ${TASKS} } }`,
    );
    expect(run.tasks.nodes.map(({ name, status }) => [name, status])).toEqual([
      ['netconfig', 'READY'],
      ['swift-keystone', 'ERROR'],
      ['openstack-network-common-config', 'SKIPPED'],
    ]);
    expect(node.totalCount).toBe(6);
    expect(ofCluster.totalCount).toBe(42);
    expect(failed.nodes).toEqual([{ name: 'swift-keystone', nodeId: '3', status: 'ERROR' }]);
  });

  it("are listed by the seed's paths, with its puppet summary", async () => {
    const number = await numberOf('12');
    const tasks = await rest<Record<string, unknown>[]>(`/api/tasks/${number}/tasks_history?nodes=2&statuses=ready`);
    expect(tasks.map(({ task_name }) => task_name)).toEqual([
      'netconfig',
      'swift-keystone',
      'openstack-network-common-config',
    ]);
    expect(tasks[1]).toMatchObject({
      deployment_task_id: number,
      node_id: 2,
      task_id: 34,
      time_start: 1457362146,
      time_end: 1457362276,
      status: 'ready',
      summary: { sender: '2', statuscode: 0, data: { resources: { changed: 7, total: 19 } } },
    });
  });

  it.each([
    [['--task-id', 'N'], 14],
    [['--task-id', 'N', '--node-id', '5,3'], 5],
    [['--task-id', 'N', '--statuses', 'error,skipped'], 5],
    [['--task-id', 'N', '--node-id', '5,3', '--statuses', 'error,skipped'], 3],
    [['N'], 14],
    [['N', '--nodes', '5', '3'], 5],
    [['N', '--statuses', 'error', 'skipped'], 5],
    [['N', '--nodes', '3', '--statuses', 'error'], 1],
  ])('are listed by the command line: tasks-history %s', async (args, count) => {
    const number = String(await numberOf('13'));
    const asked = ['tasks-history', ...args.map((arg) => (arg === 'N' ? number : arg)), '-o', 'csv'];
    const { code, out } = await orrery(asked, server);
    expect(code).toBe(0);
    expect(out.trimEnd().split('\n')).toHaveLength(count + 1);
  });

  it('told once more change nothing', async () => {
    const again = await orrery(['deployment', 'replay', MESSAGES, '-o', 'json'], server);
    expect(JSON.parse(again.out)).toEqual({ started: 0, reports: 0, repeated: 8, accepted: 0, ended: 0, refused: [] });
  });
});
