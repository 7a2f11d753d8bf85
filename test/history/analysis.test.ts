import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TASK_CHANGES } from '../../src/history/task-difference.js';
import { taskStats as readStats } from '../../src/history/task-stats-read.js';
import { ADMIN, actor, MEMBER } from '../kit/actors.js';
import { taskRow, transactionRow, writeHistory } from '../kit/history-rows.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';
import { histories, type MadeHistory, makeHistory, NAMES, NODES, rowsOf } from './generated-history.js';
import { type DiffQuery, lastTasks, type StatsQuery, taskStats, transactionDiff } from './reference.js';

interface Connection<T> {
  totalCount: number;
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  nodes: T[];
}
type Pages<T> = (page: Record<string, unknown>) => Promise<Connection<T>>;

const PAGE = 'totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';

/** A list read page by page, either way; its total is what it has. */
async function pagewise<T>(read: Pages<T>, size: number, backwards: boolean): Promise<T[]> {
  const all: T[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: Connection<T> = await read(backwards ? { last: size, before: cursor } : { first: size, after: cursor });
    expect(page.nodes.length).toBeLessThanOrEqual(size);
    if (backwards) all.unshift(...page.nodes);
    else all.push(...page.nodes);
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
    if (!(backwards ? hasPreviousPage : hasNextPage)) {
      expect(page.totalCount).toBe(all.length);
      return all;
    }
    cursor = backwards ? startCursor : endCursor;
  }
}

const paging = fc.record({ size: fc.constantFrom(1, 2, 3, 50), backwards: fc.boolean() });
const someOf = (values: readonly string[]) => fc.option(fc.subarray([...values]), { freq: 2 });

describe.each(storeKinds())('the analysis of a history (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  const runs = { numRuns: 10 };

  it('shows each task of a node by its newest attempt, and by its newest success', async () => {
    await fc.assert(
      fc.asyncProperty(histories, paging, async (history, { size, backwards }) => {
        const made = await makeHistory(world, history);
        const rows = await rowsOf(world, made);
        for (const clusterId of made.clusters) {
          for (const nodeId of NODES.filter((node) => node !== '')) {
            const ready = { lastTasks: false, lastSuccesses: true };
            for (const [field, only] of Object.entries(ready)) {
              const expected = lastTasks(rows, clusterId, nodeId, only);
              const shown = await pagewise<{ id: string }>(
                async (page) => (await nodeOf(clusterId, nodeId, field, page))?.[field] ?? EMPTY,
                size,
                backwards,
              );
              expect(shown.map(({ id }) => id)).toEqual(expected);
            }
          }
        }
      }),
      runs,
    );
  });

  const EMPTY = {
    totalCount: 0,
    pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
    nodes: [],
  };

  async function nodeOf(cluster: string, node: string, field: string, page: Record<string, unknown>) {
    const document = `query ($cluster: ID!, $node: ID!, $first: Int, $last: Int, $after: String, $before: String) {
      cluster(id: $cluster) { node(id: $node) { name ${field}(first: $first, last: $last, after: $after, before: $before) {
        ${PAGE} nodes { id } } } } }`;
    const { cluster: found } = await world.gql<{
      cluster: { node: Record<string, Connection<{ id: string }>> | null };
    }>(document, { cluster, node, ...page });
    return found.node;
  }

  it('lists the history of a cluster and of a node as the lists of everything do', async () => {
    const page = '(first: $first, last: $last, after: $after, before: $before, filter: $tasks)';
    const [given, parts] = [
      '$first: Int, $last: Int, $after: String, $before: String, $tasks: TaskHistoryFilter',
      `${PAGE} nodes { id }`,
    ];
    type Ids = Connection<{ id: string }>;
    interface Shown {
      cluster: { transactions: Ids; taskHistory: Ids; node: { taskHistory: Ids } | null };
    }
    const queries = fc.record({
      paging,
      statuses: fc.constantFrom<readonly string[] | null>(['READY', 'ERROR'], null),
      node: fc.constantFrom('1', '10'),
    });
    await fc.assert(
      fc.asyncProperty(histories, queries, async (history, { paging: { size, backwards }, statuses, node }) => {
        const made = await makeHistory(world, history);
        const rows = (await rowsOf(world, made)).sort((a, b) => b.orderedAt - a.orderedAt || b.number - a.number);
        for (const [index, id] of made.clusters.entries()) {
          const own = rows.filter(({ clusterId, status }) => clusterId === id && (statuses?.includes(status) ?? true));
          const tasks = { statuses };
          const list = (document: string, pick: (shown: Shown['cluster']) => Ids | undefined) =>
            pagewise<{ id: string }>(
              async (request) => {
                const text = `query ($id: ID!, $node: ID!, ${given}) { cluster(id: $id) { ${document}
                  unused: node(id: $node) { name } } }`;
                const variables = { id, node, tasks, ...request };
                return pick((await world.gql<Shown>(text, variables)).cluster) ?? EMPTY;
              },
              size,
              backwards,
            );
          const all = await list(`taskHistory${page} { ${parts} }`, ({ taskHistory }) => taskHistory);
          expect(all.map(({ id: task }) => task)).toEqual(own.map(({ id: task }) => task));
          const onNode = await list(
            `node(id: $node) { taskHistory${page} { ${parts} } }`,
            (shown) => shown.node?.taskHistory,
          );
          const ofNode = own.filter(({ nodeId }) => nodeId === node);
          expect(onNode.map(({ id: task }) => task)).toEqual(ofNode.map(({ id: task }) => task));
          const transactions = await list(
            `transactions(first: $first, last: $last, after: $after, before: $before) { ${parts} }
             unusedTasks: taskHistory(first: 1, filter: $tasks) { totalCount }`,
            (shown) => shown.transactions,
          );
          const expected = made.transactions.filter((_, number) => history[number]?.cluster === index).reverse();
          expect(transactions.map((transaction) => transaction.id)).toEqual(expected);
        }
      }),
      runs,
    );
  });

  it('knows no node of which nothing was reported', async () => {
    const made = await makeHistory(world, [{ cluster: 0, announced: [0], events: [], end: null }]);
    const names = ['1', '3', ''];
    const found = await Promise.all(names.map((name) => nodeOf(made.clusters[0], name, 'lastTasks', { first: 1 })));
    expect(found.map((node) => node !== null)).toEqual([true, false, false]);
    expect(await nodeOf(made.clusters[1], '1', 'lastTasks', { first: 1 })).toBeNull();
  });

  const STATS = `query ($taskName: String!, $filter: TaskStatsFilter, $window: TaskStatsWindow) {
    taskStats(taskName: $taskName, filter: $filter, window: $window) { from to truncated attemptCount
      statusCounts { status count } duration { p50 p95 p99 } flakyRate lastSuccess { id } } }`;

  async function statsOf({ taskName, clusterIds, nodeIds, from, to }: StatsQuery, as = ADMIN) {
    const filter = { clusterIds, nodeIds };
    const window = { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
    const { taskStats: found } = await world.gql<{ taskStats: Record<string, unknown> }>(
      STATS,
      { taskName, filter, window },
      as,
    );
    return found;
  }

  it('counts, measures and compares the attempts of a task', async () => {
    const queries = fc.record({
      taskName: fc.constantFrom(...NAMES),
      clusters: fc.subarray([0, 1], { minLength: 1 }),
      nodeIds: someOf(NODES),
      before: fc.constantFrom(0, 95, 99, 1_000),
      length: fc.constantFrom(1, 4, 5_000),
    });
    await fc.assert(
      fc.asyncProperty(histories, fc.array(queries, { minLength: 1, maxLength: 6 }), async (history, asked) => {
        const begun = world.clock.now();
        const made = await makeHistory(world, history);
        const rows = await rowsOf(world, made);
        for (const { taskName, clusters, nodeIds, before, length } of asked) {
          const clusterIds = clusters.map((index) => made.clusters[index] ?? '');
          const from = begun - before * 1_000;
          const query = { taskName, clusterIds, nodeIds, from, to: from + length * 1_000 };
          const { lastSuccess, ...expected } = taskStats(rows, query);
          expect(await statsOf(query)).toEqual({
            ...expected,
            lastSuccess: lastSuccess === null ? null : { id: lastSuccess },
            truncated: false,
            from: new Date(query.from).toISOString(),
            to: new Date(query.to).toISOString(),
          });
        }
      }),
      runs,
    );
  });

  it('looks at the newest attempts where there are more than it looks at', async () => {
    const events = [1, 2, 3].map((attempt) => {
      return { task: 2, node: '1', attempt, status: 'READY' as const, start: attempt, length: 1 };
    });
    const made = await makeHistory(world, [{ cluster: 0, announced: [], events, end: null }]);
    const rows = (await rowsOf(world, made)).sort((a, b) => a.orderedAt - b.orderedAt);
    const filter = { taskName: 'hiera', clusterIds: [made.clusters[0]] };
    const reading = { now: world.clock.now(), signal: new AbortController().signal };
    const some = await readStats(world.db.reader, ctxOf(ADMIN), filter, { ...reading, most: 2 });
    expect(some).toMatchObject({ truncated: true, from: rows[1]?.orderedAt, figures: { attempts: 2 } });
    const all = await readStats(world.db.reader, ctxOf(ADMIN), filter, { ...reading, most: 3 });
    expect(all).toMatchObject({ truncated: false, figures: { attempts: 3 } });
    const aborted = { ...reading, signal: AbortSignal.abort(new Error('gone')) };
    await expect(readStats(world.db.reader, ctxOf(ADMIN), filter, aborted)).rejects.toThrow('gone');
  });

  it('looks in every cluster and project, however many there are', async () => {
    const now = world.clock.now();
    const places = Array.from({ length: 120 }, (_, index) => {
      return index % 2 === 0 ? { clusterId: `cluster_${index}` } : { project: `project-${index}` };
    });
    const transactions = places.map((place, index) => transactionRow(place, now - index - 1));
    const tasks = transactions.map((transaction, index) =>
      taskRow(transaction, 0, { taskName: 'everywhere', timeStart: now - index - 1, timeEnd: now }),
    );
    await writeHistory(world.db, transactions, tasks);
    const document = '{ taskStats(taskName: "everywhere") { attemptCount duration { p50 } lastSuccess { id } } }';
    const { taskStats: found } = await world.gql<{ taskStats: object }>(document);
    expect(found).toEqual({ attemptCount: 120, duration: { p50: 0.06 }, lastSuccess: { id: tasks[0]?.id } });
  });

  it('asks for a window that begins before it ends', async () => {
    const query = { taskName: 'x', clusterIds: [], nodeIds: null, from: 2_000, to: 1_000 };
    await expect(statsOf(query)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  const DIFF = `query ($a: ID!, $b: ID!, $filter: TransactionDiffFilter,
    $first: Int, $last: Int, $after: String, $before: String) {
    transactionDiff(a: $a, b: $b) { before { id } after { id }
      tasks(filter: $filter, first: $first, last: $last, after: $after, before: $before) { ${PAGE}
        nodes { graphTaskId taskName nodeId change durationChange before { id } after { id } } } } }`;

  interface Diff {
    before: { id: string };
    after: { id: string };
    tasks: Connection<object>;
  }
  const diffOf = async (variables: Record<string, unknown>, as = ADMIN) =>
    (await world.gql<{ transactionDiff: Diff | null }>(DIFF, variables, as)).transactionDiff;

  it('tells what differs between two transactions, task by task', async () => {
    const queries = fc.record({
      a: fc.nat(4),
      b: fc.nat(4),
      changes: fc.option(fc.subarray([...TASK_CHANGES])),
      nodeIds: someOf(NODES),
      taskNames: someOf(NAMES),
      durationSeconds: fc.constantFrom(0, 1, 4),
      durationShare: fc.constantFrom(0, 0.1, 3),
      paging,
    });
    await fc.assert(
      fc.asyncProperty(histories, fc.array(queries, { minLength: 1, maxLength: 4 }), async (history, asked) => {
        const made = await makeHistory(world, history);
        const rows = await rowsOf(world, made);
        const nameOf = ({ transactions }: MadeHistory, index: number) =>
          transactions[index % transactions.length] ?? '';
        for (const {
          a,
          b,
          paging: { size, backwards },
          ...filter
        } of asked) {
          const query: DiffQuery = { before: nameOf(made, a), after: nameOf(made, b), ...filter };
          const shown = await pagewise<object>(
            async (page) => (await diffOf({ a: query.before, b: query.after, filter, ...page }))?.tasks ?? EMPTY,
            size,
            backwards,
          );
          expect(shown).toEqual(transactionDiff(rows, query));
        }
      }),
      runs,
    );
  });

  it('compares transactions of more tasks than one statement reads', async () => {
    const ctx = ctxOf(ADMIN);
    const ids = await Promise.all(
      [0, 1].map(async (side) => {
        const tasks = Array.from({ length: 900 }, (_, index) => ({ name: `t${index + side * 5}`, nodes: ['1', '2'] }));
        const start = { cluster: 'many', externalId: String(side), graph: { tasks } };
        return (await world.services.reports.start(ctx, start)).transaction.id;
      }),
    );
    const [a, b] = ids;
    const found = await pagewise<{ change: string }>(
      async (page) => ((await diffOf({ a, b, ...page }))?.tasks ?? EMPTY) as Connection<{ change: string }>,
      7,
      false,
    );
    expect(found.map(({ change }) => change).sort()).toEqual([...Array(10).fill('GONE'), ...Array(10).fill('NEW')]);
    const all = await diffOf({ a, b, filter: { changes: [...TASK_CHANGES] }, first: 500 });
    expect(all?.tasks.totalCount).toBe(1_810);
  });

  it('is for those who see what it is of', async () => {
    const made = await makeHistory(world, [
      { cluster: 0, announced: [0], events: [], end: null },
      { cluster: 0, announced: [0, 1], events: [], end: null },
    ]);
    const [a, b] = made.transactions;
    const [{ number }] = (await world.db.reader.rows<{ number: number }>(
      'SELECT number FROM transactions WHERE id = ?',
      [a ?? ''],
    )) as [{ number: number }];
    const filter = { changes: ['NEW'] };
    const shown = await diffOf({ a: String(number), b, filter }, actor('READER'));
    expect(shown).toMatchObject({ before: { id: a }, after: { id: b }, tasks: { totalCount: 2 } });
    for (const as of [MEMBER, actor('READER', 'default')]) {
      expect(await diffOf({ a, b }, as)).toBeNull();
      const query = { taskName: 'puppet', clusterIds: [made.clusters[0]], nodeIds: null, from: 0, to: 9e12 };
      expect(await statsOf(query, as)).toMatchObject({ attemptCount: 0, lastSuccess: null });
    }
    expect(await diffOf({ a, b: 'deploy_nothing' })).toBeNull();
  });
});
