import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '../../src/auth/actor.js';
import { ADMIN, actor, MEMBER, OTHER_MEMBER } from '../kit/actors.js';
import { granted, TestAgent } from '../kit/agent.js';
import { makeRun } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { Reporter } from './deployments.js';

const HISTORY = `query ($filter: TaskHistoryFilter, $orderBy: TaskHistoryOrder, $first: Int, $after: String) {
  taskHistory(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount nodes { number name nodeId status } pageInfo { hasNextPage endCursor } } }`;
const TRANSACTIONS = `query ($filter: TransactionFilter, $orderBy: TransactionOrder, $first: Int, $after: String) {
  transactions(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount nodes { __typename id number kind name status } pageInfo { hasNextPage endCursor } } }`;
const TRANSACTION = `query ($id: ID!) { transaction(id: $id) { __typename id number
  ... on Deployment { externalId graph settings } ... on JobRun { state } } }`;
const TASKS = `query ($id: ID!, $filter: TaskFilter, $orderBy: TaskOrder, $first: Int, $after: String) {
  transaction(id: $id) { tasks(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount nodes { number name nodeId status } pageInfo { hasNextPage endCursor } } } }`;
const EVENTS = `query ($id: ID!, $first: Int, $last: Int, $after: String, $before: String) { transaction(id: $id) {
  taskEvents(first: $first, last: $last, after: $after, before: $before) { totalCount
    edges { cursor node { seq status statusAfter task { name } } }
    pageInfo { hasNextPage hasPreviousPage } } } }`;

interface TaskShown {
  number: number;
  name: string;
  nodeId: string | null;
  status: string;
}
interface Listed<T> {
  totalCount: number;
  nodes: T[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}
interface Recorded {
  totalCount: number;
  edges: { cursor: string; node: { seq: number; status: string; statusAfter: string; task: { name: string } } }[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean };
}

const GRAPH = {
  tasks: [
    { name: 'prepare', nodes: ['1', '2'] },
    { name: 'install', nodes: ['1', '2'] },
    { name: 'ready', nodes: [] },
  ],
};

describe.each(storeKinds())('the reading of the ledger (%s)', (store) => {
  let world: World;
  let deployment: string;
  let second: string;
  let runId: string;
  const READER = actor('READER');
  const AGENT = actor('AGENT', 'default', 'host');

  beforeAll(async () => {
    world = await createWorld({ store });
    const reporter = new Reporter(world);
    deployment = await reporter.started({ cluster: 'lab', graph: GRAPH, settings: { debug: true } });
    world.clock.forward(1_000);
    await reporter.report(deployment, [
      { taskName: 'prepare', nodeId: '1', status: 'running' },
      { taskName: 'prepare', nodeId: '1', status: 'ready' },
      { taskName: 'prepare', nodeId: '2', status: 'running' },
    ]);
    world.clock.forward(1_000);
    await reporter.report(deployment, [{ taskName: 'prepare', nodeId: '2', status: 'error' }]);
    world.clock.forward(1_000);
    second = await reporter.started({ cluster: 'field', graph: GRAPH });
    await reporter.report(second, [{ taskName: 'install', nodeId: '1', status: 'running' }]);
    world.clock.forward(1_000);
    const agent = new TestAgent(world, 'host');
    await agent.register();
    runId = (await makeRun(world, 'host')).runId;
    await agent.carryOut(granted(await agent.claim(runId)));
  });
  afterAll(() => world.close());

  const history = async (variables: Record<string, unknown>, as: Actor = ADMIN): Promise<Listed<TaskShown>> =>
    (await world.gql<{ taskHistory: Listed<TaskShown> }>(HISTORY, variables, as)).taskHistory;
  const tasks = async (variables: Record<string, unknown>, as: Actor = ADMIN): Promise<Listed<TaskShown>> =>
    (await world.gql<{ transaction: { tasks: Listed<TaskShown> } }>(TASKS, { id: deployment, ...variables }, as))
      .transaction.tasks;
  const named = ({ nodes }: Listed<TaskShown>): string[] =>
    nodes.map(({ name, nodeId, status }) => `${name} ${nodeId ?? '-'} ${status}`);

  it('finds a transaction by its global id and its number, each kind as its own type', async () => {
    interface Found {
      transaction: { __typename: string; id: string; number: number } | null;
    }
    const find = async (id: string, as: Actor = ADMIN) => (await world.gql<Found>(TRANSACTION, { id }, as)).transaction;
    const found = await find(deployment);
    expect(found).toMatchObject({ __typename: 'Deployment', id: deployment, settings: { debug: true } });
    expect(found).toMatchObject({ graph: { tasks: [{ name: 'prepare' }, { name: 'install' }, { name: 'ready' }] } });
    expect(await find(String(found?.number))).toEqual(found);
    expect(await find(runId)).toMatchObject({ __typename: 'JobRun', id: runId, state: 'ENDED' });
    expect(await find(runId, MEMBER)).toMatchObject({ id: runId });
    expect(await find(deployment, READER)).toMatchObject({ id: deployment });
    for (const as of [MEMBER, OTHER_MEMBER]) expect(await find(deployment, as)).toBeNull();
    expect(await find(runId, OTHER_MEMBER)).toBeNull();
    for (const id of ['nothing', '999999', '-1', '1e3', '']) expect(await find(id)).toBeNull();
    await expect(find(runId, AGENT)).rejects.toThrow(/may not use/);
  });

  it('finds a task by its global id and its number', async () => {
    const document = 'query ($id: ID!) { task(id: $id) { id number name transaction { id } } }';
    interface Found {
      task: { id: string; number: number; name: string; transaction: { id: string } } | null;
    }
    const [shown] = (await tasks({})).nodes;
    const { task } = await world.gql<Found>(document, { id: String(shown?.number) });
    expect(task).toMatchObject({ name: 'prepare', transaction: { id: deployment } });
    expect(await world.gql<Found>(document, { id: task?.id }, READER)).toEqual({ task });
    expect(await world.gql<Found>(document, { id: task?.id }, MEMBER)).toEqual({ task: null });
    expect(await world.gql<Found>(document, { id: '999999' })).toEqual({ task: null });
    await expect(world.gql(document, { id: task?.id }, AGENT)).rejects.toThrow(/may not use/);
  });

  it("lists a transaction's tasks by each filter, both ways", async () => {
    const cases: [Record<string, unknown>, string[]][] = [
      [{ nodes: ['2'] }, ['prepare 2 ERROR', 'install 2 PENDING']],
      [{ nodes: [''] }, ['ready - PENDING']],
      [{ statuses: ['ERROR', 'READY'] }, ['prepare 1 READY', 'prepare 2 ERROR']],
      [{ taskNames: ['install'] }, ['install 1 PENDING', 'install 2 PENDING']],
      [{ taskNames: ['install'], nodes: ['1'] }, ['install 1 PENDING']],
      [{ taskNames: ['prepare'], nodes: ['1', '2'], statuses: ['ERROR'] }, ['prepare 2 ERROR']],
      [{ search: 'REPA' }, ['prepare 1 READY', 'prepare 2 ERROR']],
      [{ search: '2', statuses: ['PENDING'] }, ['install 2 PENDING']],
      [{ nodes: [] }, []],
    ];
    for (const [filter, expected] of cases) {
      const up = await tasks({ filter });
      expect([filter, named(up), up.totalCount]).toEqual([filter, expected, expected.length]);
      const down = await tasks({ filter, orderBy: { field: 'NUMBER', direction: 'DESC' } });
      expect([filter, named(down)]).toEqual([filter, [...expected].reverse()]);
    }
  });

  it('lists the tasks of everything that ran, per run, per node, per cluster and by status', async () => {
    const cases: [Record<string, unknown>, string[]][] = [
      [{ clusterId: 'lab', statuses: ['READY', 'ERROR'] }, ['prepare 2 ERROR', 'prepare 1 READY']],
      [{ clusterIds: ['lab', 'field'], statuses: ['ERROR', 'RUNNING'] }, ['install 1 RUNNING', 'prepare 2 ERROR']],
      [{ nodeIds: ['1'], statuses: ['READY', 'RUNNING'] }, ['install 1 RUNNING', 'prepare 1 READY']],
      [{ nodeIds: ['host'] }, ['0-backup host READY']],
      [{ projects: ['default'] }, ['0-backup host READY']],
      [{ transactionIds: [runId] }, ['0-backup host READY']],
      [{ transactionIds: [second], taskNames: ['install'] }, ['install 2 PENDING', 'install 1 RUNNING']],
      [{ transactionIds: [second], clusterId: 'lab' }, []],
      [{ clusterId: 'nowhere' }, []],
      [{ statuses: [] }, []],
    ];
    for (const [filter, expected] of cases) {
      const listed = await history({ filter });
      expect([filter, named(listed), listed.totalCount]).toEqual([filter, expected, expected.length]);
    }
  });

  it('shows by time what began: not what waits', async () => {
    const began = await history({ filter: { startedAfter: new Date(0).toISOString() } });
    expect(named(began)).toEqual(['0-backup host READY', 'install 1 RUNNING', 'prepare 2 ERROR', 'prepare 1 READY']);
    const none = await history({ filter: { startedBefore: new Date(0).toISOString() } });
    expect(named(none)).toEqual([]);
  });

  it('shows members the runs of their project, readers of all everything, and agents nothing', async () => {
    expect(named(await history({}, MEMBER))).toEqual(['0-backup host READY']);
    expect(named(await history({}, OTHER_MEMBER))).toEqual([]);
    expect(named(await history({ filter: { clusterId: 'lab' } }, MEMBER))).toEqual([]);
    expect(named(await history({ filter: { transactionIds: [deployment] } }, MEMBER))).toEqual([]);
    expect((await history({}, READER)).totalCount).toBe((await history({})).totalCount);
    await expect(history({}, AGENT)).rejects.toThrow(/may not use/);
  });

  it('lists transactions by each filter', async () => {
    const list = async (variables: Record<string, unknown>, as: Actor = ADMIN) =>
      (await world.gql<{ transactions: Listed<{ id: string; __typename: string }> }>(TRANSACTIONS, variables, as))
        .transactions;
    const cases: [Record<string, unknown>, string[]][] = [
      [{}, [runId, second, deployment]],
      [{ kinds: ['DEPLOYMENT'] }, [second, deployment]],
      [{ kinds: ['JOB_RUN'], statuses: ['READY'] }, [runId]],
      [{ clusterIds: ['lab'] }, [deployment]],
      [{ projects: ['default'], clusterIds: ['field'] }, [runId, second]],
      [{ statuses: ['ERROR'] }, []],
      [{ names: ['nothing'] }, []],
      [{ createdBefore: new Date(0).toISOString() }, []],
    ];
    for (const [filter, expected] of cases) {
      const listed = await list({ filter });
      expect([filter, listed.nodes.map(({ id }) => id)]).toEqual([filter, expected]);
      expect(listed.totalCount).toBe(expected.length);
    }
    const oldest = await list({ orderBy: { field: 'CREATED_AT', direction: 'ASC' }, first: 1 });
    expect(oldest.nodes).toMatchObject([{ __typename: 'Deployment', id: deployment }]);
    expect((await list({}, MEMBER)).nodes.map(({ id }) => id)).toEqual([runId]);
    expect((await list({}, OTHER_MEMBER)).nodes).toEqual([]);
    expect((await list({}, READER)).totalCount).toBe(3);
  });

  it('refuses cursors of other lists, broken ones, wrong orders and too many combinations', async () => {
    const { pageInfo } = await history({ first: 1 });
    const up = { field: 'STARTED_AT', direction: 'ASC' };
    await expect(history({ after: pageInfo.endCursor, orderBy: up })).rejects.toThrow(/belongs to another list/);
    await expect(tasks({ after: pageInfo.endCursor })).rejects.toThrow(/belongs to another list/);
    const forged = Buffer.from(JSON.stringify(['taskHistory:STARTED_AT:DESC', 'x', null])).toString('base64url');
    for (const after of ['nonsense', forged]) await expect(history({ after })).rejects.toThrow(/cursor is broken/);
    const byNumber = { field: 'NUMBER', direction: 'ASC' };
    await expect(history({ orderBy: byNumber })).rejects.toThrow(/Only the tasks of named transactions/);
    const named = { filter: { transactionIds: [deployment] }, orderBy: up };
    await expect(history(named)).rejects.toThrow(/ordered by NUMBER/);
    const names = Array.from({ length: 500 }, (_, index) => `task-${index}`);
    const many = { filter: { clusterId: 'lab', nodeIds: names, taskNames: names } };
    await expect(history(many)).rejects.toThrow(/puts 1750000 lists together/);
    await expect(history({ filter: { nodeIds: [...names, 'one'] } })).rejects.toThrow(/at most 500 values/);
    await expect(tasks({ filter: { search: 'x'.repeat(200) } })).rejects.toThrow(/191 characters/);
  });

  it('shows the record in order, from a number or a cursor that follows live as well', async () => {
    const events = async (variables: Record<string, unknown>) =>
      (await world.gql<{ transaction: { taskEvents: Recorded } }>(EVENTS, { id: deployment, ...variables })).transaction
        .taskEvents;
    const { signal } = new AbortController();
    const follow =
      'subscription ($id: ID!, $after: String) { taskEventAppended(transactionId: $id, after: $after) { seq } }';
    // Numbers are given after commit: the follower has seen the last one, so all are there.
    for await (const { taskEventAppended } of await world.follow<{ taskEventAppended: { seq: number } }>(
      follow,
      { id: deployment },
      ADMIN,
      signal,
    )) {
      if (taskEventAppended.seq === 9) break;
    }
    const all = await events({});
    expect(all.edges.map(({ node }) => node.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(all.totalCount).toBe(9);
    expect(all.edges[8]?.node).toMatchObject({ status: 'ERROR', statusAfter: 'ERROR', task: { name: 'prepare' } });
    const numbers = ({ edges }: Recorded): number[] => edges.map(({ node }) => node.seq);
    const cursor = all.edges[4]?.cursor;
    for (const after of [cursor, '5']) {
      const page = await events({ after, first: 2 });
      expect([numbers(page), page.pageInfo]).toEqual([[6, 7], { hasNextPage: true, hasPreviousPage: true }]);
    }
    expect(numbers(await events({ last: 2, before: cursor }))).toEqual([3, 4]);
    expect(numbers(await events({ last: 2 }))).toEqual([8, 9]);
    const rest = await world.follow<{ taskEventAppended: { seq: number } }>(
      follow,
      { id: deployment, after: cursor },
      ADMIN,
      signal,
    );
    for await (const { taskEventAppended } of rest) {
      expect(taskEventAppended.seq).toBe(6);
      break;
    }
    await expect(world.gql(EVENTS, { id: second, after: cursor })).rejects.toThrow(/belongs to the transaction/);
  });

  const statementsOf = async (document: string): Promise<string[]> => {
    const before = world.statements.length;
    await world.gql(document);
    return world.statements
      .slice(before)
      .filter((sql) => /^\(?SELECT/.test(sql) && !/stream_heads|\bevents\b/.test(sql));
  };

  it('reads a transaction that is asked for nothing but its tasks by their statement', async () => {
    const list = 'tasks(first: 2) { totalCount nodes { name nodeId } }';
    const of = (id: string, more = ''): string => `{ transaction(id: "${id}") { __typename id ${list} ${more} } }`;
    const shown = {
      totalCount: 5,
      nodes: ['1', '2'].map((nodeId) => ({ name: 'prepare', nodeId })),
    };
    const found = { __typename: 'Deployment', id: deployment, tasks: shown };
    expect(await world.gql(of(deployment))).toEqual({ transaction: found });
    expect(await world.gql(of(deployment, 'name'))).toMatchObject({ transaction: found });
    // The page and its total.
    expect(await statementsOf(of(deployment))).toHaveLength(2);
    expect(await statementsOf(of(deployment, 'name'))).toHaveLength(3);
    expect(await world.gql(of(runId, '... on JobRun { __typename }'), {}, MEMBER)).toMatchObject({
      transaction: { __typename: 'JobRun', tasks: { nodes: [{ name: '0-backup' }] } },
    });
    for (const as of [MEMBER, OTHER_MEMBER])
      expect(await world.gql(of(deployment), {}, as)).toEqual({ transaction: null });
    await expect(
      world.gql('{ transaction(id: "X") { tasks(first: 0) { totalCount } } }'.replace('X', deployment)),
    ).rejects.toThrow(/1 to 500 rows/);
  });

  it('shows no tasks that a deleted transaction left', async () => {
    const reporter = new Reporter(world);
    const gone = await reporter.started({ cluster: 'lab', graph: GRAPH });
    const document = `{ transaction(id: "${gone}") { tasks { nodes { name } } } }`;
    expect(await world.gql(document)).toMatchObject({ transaction: { tasks: { nodes: { length: 5 } } } });
    await world.db.transaction((tx) => tx.execute('DELETE FROM transactions WHERE id = ?', [gone]));
    expect(await world.gql(document)).toEqual({ transaction: null });
    await world.db.transaction((tx) => tx.execute('DELETE FROM tasks WHERE transaction_id = ?', [gone]));
  });

  it('reads what was given at the start only when asked, and what many transactions are asked for together', async () => {
    const plain = await statementsOf('{ transactions(first: 3) { nodes { id name status } } }');
    expect(plain).toEqual([expect.not.stringContaining('reason')]);
    // The page, and the assignments of the runs in it with their transactions.
    expect(await statementsOf('{ transactions(first: 3) { nodes { ... on JobRun { state } } } }')).toHaveLength(3);
    const list = (first: number) => `{ transactions(first: ${first}, filter: { kinds: [DEPLOYMENT] }) { totalCount
      nodes { taskCounts { count } tasks(first: 2, filter: { statuses: [PENDING, ERROR] }) { totalCount nodes { name summary } }
        taskEvents(first: 2) { totalCount nodes { seq } } ... on Deployment { graph settings } } } }`;
    const few = await statementsOf(list(1));
    const many = await statementsOf(list(2));
    // The tasks of one transaction alone are read by one statement, those of several by two.
    const ofTasks = (sql: string): boolean => /FROM \W?tasks\b/.test(sql);
    expect(many.filter(ofTasks).length, many.join('\n')).toBe(few.filter(ofTasks).length + 1);
    // One more or less where reads that go on together meet at another moment.
    const others = (all: string[]): number => all.filter((sql) => !ofTasks(sql)).length;
    expect(others(many), many.join('\n')).toBeLessThanOrEqual(others(few) + 1);
    expect(many.filter((sql) => sql.includes('transaction_inputs'))).toHaveLength(1);
    expect(many.length).toBeLessThanOrEqual(12);
  });

  it('reads the tasks of two nodes, one of which has nearly all of them, by one statement', async () => {
    const reporter = new Reporter(world);
    const tasks = Array.from({ length: 70 }, (_, index) => ({
      name: `task-${index}`,
      nodes: [index % 10 === 0 ? 'few' : 'many'],
    }));
    const id = await reporter.started({ cluster: 'large', graph: { tasks } });
    await reporter.report(
      id,
      tasks.map(({ name, nodes: [nodeId] }) => ({ taskName: name, nodeId, status: 'ready' })),
    );
    const nodes = '["few", "many"]';
    const of = `{ transaction(id: "${id}") { tasks(first: 50, filter: { nodes: ${nodes} }) { nodes { name status } } } }`;
    const shown = tasks.slice(0, 50).map(({ name }) => ({ name, status: 'READY' }));
    expect(await world.gql(of)).toEqual({ transaction: { tasks: { nodes: shown } } });
    expect(await statementsOf(of)).toHaveLength(1);
  });
});
