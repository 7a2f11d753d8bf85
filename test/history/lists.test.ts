import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page, PageRequest } from '../../src/db/page.js';
import { ClusterEntity } from '../../src/entities/cluster.js';
import {
  TASK_STATUSES,
  TaskEntity,
  type TaskRow,
  TRANSACTION_KINDS,
  TRANSACTION_STATUSES,
  TransactionEntity,
  type TransactionRow,
} from '../../src/entities/ledger.js';
import type { TaskFilter, TaskHistoryFilter } from '../../src/history/task-list.js';
import type { TransactionFilter } from '../../src/history/transaction-list.js';
import { ADMIN, actor, MEMBER } from '../kit/actors.js';
import { type NewTask, type NewTransaction, taskRow, transactionRow, writeHistory } from '../kit/history-rows.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';

const START = Date.UTC(2026, 0, 1);
const CLUSTERS = ['cluster_a', 'cluster_b', 'cluster_c'];
const PROJECTS = ['default', 'other'];
const NODES = ['', '1', '2', '10', 'Controller'];
const NAMES = ['install', 'Upload', 'rare', 'deploy-all'];

/** Numbers below `most` that look like chance and are the same in every run of the test. */
function chance(seed: number): (most: number) => number {
  let state = seed;
  return (most) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % most;
  };
}

const pick = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;

/** Histories of three clusters and two projects: times that meet, starts that nobody knows, a busy node, a rare task. */
function makeHistory(): { transactions: NewTransaction[]; tasks: NewTask[] } {
  const next = chance(7);
  const transactions = Array.from({ length: 40 }, (_, index) => {
    const createdAt = START + next(12) * 1_000;
    const place =
      index % 3 === 0 ? { project: pick(PROJECTS, next(2)) } : { clusterId: pick(CLUSTERS, Math.min(next(5), 2)) };
    return transactionRow(place, createdAt, {
      name: pick(['deploy', 'upgrade', 'Backup'], next(3)),
      status: next(10) === 0 ? 'ERROR' : pick(TRANSACTION_STATUSES, next(6)),
      externalId: 'project' in place ? null : `ext-${index % 20}-${index < 20 ? 'a' : 'b'}`,
    });
  });
  const tasks = transactions.flatMap((transaction, index) =>
    Array.from({ length: index === 4 ? 200 : next(30) }, (_, number) => {
      const status = next(3) > 0 ? 'READY' : pick(TASK_STATUSES, next(7));
      const known = status !== 'PENDING' && next(8) > 0;
      return taskRow(transaction, number, {
        status,
        nodeId: next(2) === 0 ? '1' : pick(NODES, next(5)),
        taskName: next(50) === 0 ? 'rare' : pick(NAMES, next(2)),
        timeStart: known ? transaction.createdAt + next(20) * 100 : null,
        timeEnd: null,
        custom: number === 0 ? { shown: true } : null,
      });
    }),
  );
  return { transactions, tasks };
}

/** Walks a list from one end to the other in pages of these sizes. */
async function walk<T>(
  read: (request: PageRequest) => Promise<Page<T>>,
  sizes: readonly number[],
  backwards: boolean,
): Promise<T[]> {
  const seen: T[] = [];
  let mark: string | null = null;
  for (let round = 0; ; round += 1) {
    const size = pick(sizes, round);
    const page: Page<T> = await read(backwards ? { last: size, before: mark } : { first: size, after: mark });
    const nodes = page.edges.map(({ node }) => node);
    expect(nodes.length).toBeLessThanOrEqual(size);
    if (backwards) seen.unshift(...nodes);
    else seen.push(...nodes);
    const more = backwards ? page.hasPreviousPage : page.hasNextPage;
    expect(backwards ? page.hasNextPage : page.hasPreviousPage).toBe(mark !== null);
    if (!more) return seen;
    expect(nodes).toHaveLength(size);
    mark = (backwards ? page.edges[0] : page.edges.at(-1))?.cursor ?? null;
  }
}

/** Null in three of five cases, so that what several filters leave together is seldom nothing. */
const often = <T>(given: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: given });
const someOf = <T>(values: readonly T[]) =>
  often(fc.array(fc.constantFrom(...values), { maxLength: values.length, size: 'max' }));
const instant = often(fc.integer({ min: START - 500, max: START + 15_000 }));
const sizes = fc.array(fc.constantFrom(1, 2, 3, 7, 50, 500), { minLength: 1, maxLength: 4 });
const direction = fc.constantFrom('ASC' as const, 'DESC' as const);
/** The filter with the row's own values among those that it asks for. */
const widened = (filter: TaskHistoryFilter, row: TaskRow): TaskHistoryFilter => {
  const { clusterIds, projects, transactionIds, nodeIds, taskNames, statuses, startedAfter, startedBefore } = filter;
  const place = row.clusterId === null ? { projects: [...(projects ?? []), row.scope.slice('project/'.length)] } : null;
  const cluster = row.clusterId === null ? null : { clusterIds: [...(clusterIds ?? []), row.clusterId] };
  return {
    ...filter,
    ...(clusterIds == null && projects == null ? null : { ...place, ...cluster }),
    transactionIds: transactionIds && [...transactionIds, row.transactionId],
    nodeIds: nodeIds && [...nodeIds, row.nodeId],
    taskNames: taskNames && [...taskNames, row.taskName],
    statuses: statuses && [...statuses, row.status],
    startedAfter: startedAfter == null ? null : Math.min(startedAfter, row.orderedAt - 1),
    startedBefore: startedBefore == null ? null : Math.max(startedBefore, row.orderedAt + 1),
  };
};
const among = <T>(values: readonly T[] | null | undefined, value: T): boolean => values?.includes(value) ?? true;

describe.each(storeKinds())('lists of the ledger (%s)', (store) => {
  let world: World;
  let transactions: TransactionRow[];
  let tasks: TaskRow[];
  const callers = [ADMIN, MEMBER, actor('READER', 'other'), actor('OPERATOR')];

  beforeAll(async () => {
    world = await createWorld({ store });
    const history = makeHistory();
    const times = { revision: 1, createdAt: START, updatedAt: START, removedAt: null, releaseVersion: null };
    await world.db.transaction(async (tx) => {
      const rows = CLUSTERS.map((id) => ({ id, externalId: `env-${id}`, name: id, ...times }));
      await tx.manager.getRepository(ClusterEntity).insert(rows);
    });
    await writeHistory(world.db, history.transactions, history.tasks);
    transactions = await world.db.manager.getRepository(TransactionEntity).find();
    tasks = await world.db.manager.getRepository(TaskEntity).find();
  });
  afterAll(() => world.close());

  const sees = (project: string | null, scope: string): boolean => project === null || scope === `project/${project}`;
  const inPlaces = ({ clusterIds, projects }: TaskHistoryFilter, row: { scope: string; clusterId: string | null }) =>
    (clusterIds == null && projects == null) ||
    (clusterIds ?? []).some((id) => id === row.clusterId || id === `env-${row.clusterId}`) ||
    (projects ?? []).some((project) => row.scope === `project/${project}`);
  const byKey =
    <T extends { number: number }>(first: (row: T) => number, sign: number) =>
    (a: T, b: T): number =>
      sign * (first(a) - first(b) || a.number - b.number);

  it('of all tasks are what a plain filter leaves, in any order, page by page', async () => {
    const someTransactions = transactions.slice(0, 6).flatMap(({ id, number }) => [id, String(number)]);
    const filters = fc.record({
      clusterIds: someOf([...CLUSTERS, 'env-cluster_b', 'nowhere']),
      projects: someOf([...PROJECTS, 'nowhere']),
      transactionIds: often(fc.array(fc.constantFrom(...someTransactions, 'nothing'), { maxLength: 5 })),
      nodeIds: someOf([...NODES, 'none']),
      taskNames: someOf([...NAMES, 'none']),
      statuses: someOf(TASK_STATUSES),
      startedAfter: instant,
      startedBefore: instant,
    });
    const fits = (filter: TaskHistoryFilter, row: TaskRow): boolean => {
      const { startedAfter = null, startedBefore = null, transactionIds } = filter;
      const timed = startedAfter !== null || startedBefore !== null;
      const transaction = transactions.find(({ id }) => id === row.transactionId);
      return (
        inPlaces(filter, row) &&
        (transactionIds == null ||
          transactionIds.some((name) => name === transaction?.id || name === String(transaction?.number))) &&
        among(filter.nodeIds, row.nodeId) &&
        among(filter.taskNames, row.taskName) &&
        among(filter.statuses, row.status) &&
        !(timed && ['PENDING', 'SKIPPED'].includes(row.status)) &&
        (startedAfter === null || row.orderedAt > startedAfter) &&
        (startedBefore === null || row.orderedAt < startedBefore)
      );
    };
    // Half of the filters are widened until they find one row at least; the others find what chance gives them.
    const begun = tasks.filter((row) => !['PENDING', 'SKIPPED'].includes(row.status));
    const aims = fc.option(fc.nat({ max: begun.length - 1 }), { freq: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(filters, aims),
        direction,
        sizes,
        fc.boolean(),
        fc.constantFrom(...callers),
        async ([drawn, aim], way, some, backwards, as) => {
          const sought = aim === null ? undefined : begun[aim];
          const filter = sought ? widened(drawn, sought) : drawn;
          const field = filter.transactionIds === null ? ('STARTED_AT' as const) : ('NUMBER' as const);
          const order = { field, direction: way };
          const read = (request: PageRequest) => world.services.history.taskHistory(ctxOf(as), filter, order, request);
          const expected = tasks
            .filter((row) => sees(as.project, row.scope) && fits(filter, row))
            .sort(byKey(field === 'NUMBER' ? () => 0 : (row) => row.orderedAt, way === 'ASC' ? 1 : -1));
          if (sought && sees(as.project, sought.scope)) expect(expected).toContain(sought);
          const seen = await walk(read, expected.length > 60 ? [...some, 500] : some, backwards);
          expect(seen.map(({ number }) => number)).toEqual(expected.map(({ number }) => number));
          expect(seen.slice(0, 3)).toEqual(expected.slice(0, 3));
          expect(await (await read({ first: 1 })).total()).toBe(expected.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of a transaction are what a plain filter leaves, alone and of many at once', async () => {
    const filters = fc.record({
      nodes: someOf([...NODES, 'none']),
      taskNames: someOf([...NAMES, 'none']),
      statuses: someOf(TASK_STATUSES),
      search: often(fc.constantFrom('', 'CONT', 'load', '1', '%', '_', 'none', 'ALL')),
    });
    const fits = (filter: TaskFilter, row: TaskRow): boolean =>
      among(filter.nodes, row.nodeId) &&
      among(filter.taskNames, row.taskName) &&
      among(filter.statuses, row.status) &&
      [row.taskName, row.nodeId].some((text) => text.toLowerCase().includes((filter.search ?? '').toLowerCase()));
    await fc.assert(
      fc.asyncProperty(filters, direction, sizes, fc.boolean(), async (filter, way, some, backwards) => {
        const { history } = world.services;
        const ids = transactions.slice(0, 6).map(({ id }) => id);
        const expected = ids.map((id) =>
          tasks
            .filter((row) => row.transactionId === id && fits(filter, row))
            .sort(byKey(() => 0, way === 'ASC' ? 1 : -1))
            .map(({ number }) => number),
        );
        const [size = 1] = some;
        const pages = await history.firstTasks(ids, backwards ? { last: size } : { first: size }, filter, way);
        for (const [index, page] of pages.entries()) {
          const all = expected[index] ?? [];
          expect(page.edges.map(({ node }) => node.number)).toEqual(backwards ? all.slice(-size) : all.slice(0, size));
          expect(backwards ? page.hasPreviousPage : page.hasNextPage).toBe(all.length > size);
          expect(await page.total()).toBe(all.length);
        }
        const id = ids[4] ?? '';
        const seen = await walk((request) => history.tasks(id, request, filter, way), [...some, 40], backwards);
        expect(seen.map(({ number }) => number)).toEqual(expected[4]);
      }),
      { numRuns: 60 },
    );
  });

  it('of transactions are what a plain filter leaves', async () => {
    const filters = fc.record({
      clusterIds: someOf([...CLUSTERS, 'env-cluster_b', 'nowhere']),
      projects: someOf([...PROJECTS, 'nowhere']),
      kinds: someOf(TRANSACTION_KINDS),
      statuses: someOf(TRANSACTION_STATUSES),
      names: someOf(['deploy', 'upgrade', 'none']),
      externalIds: often(fc.array(fc.constantFrom('ext-1-a', 'ext-2-b', 'ext-4-a', 'none'), { maxLength: 4 })),
      createdAfter: instant,
      createdBefore: instant,
    });
    const fits = (filter: TransactionFilter, row: TransactionRow): boolean =>
      inPlaces(filter, row) &&
      among(filter.kinds, row.kind) &&
      among(filter.statuses, row.status) &&
      among(filter.names, row.name) &&
      (filter.externalIds == null || (row.externalId !== null && filter.externalIds.includes(row.externalId))) &&
      row.createdAt > (filter.createdAfter ?? 0) &&
      row.createdAt < (filter.createdBefore ?? Infinity);
    await fc.assert(
      fc.asyncProperty(
        filters,
        direction,
        sizes,
        fc.boolean(),
        fc.constantFrom(...callers),
        async (filter, way, some, backwards, as) => {
          const read = (request: PageRequest) => world.services.history.list(ctxOf(as), filter, way, request);
          const expected = transactions
            .filter((row) => sees(as.project, row.scope) && fits(filter, row))
            .sort(byKey((row) => row.createdAt, way === 'ASC' ? 1 : -1));
          expect(await walk(read, some, backwards)).toEqual(expected);
          expect(await (await read({ last: 1 })).total()).toBe(expected.length);
        },
      ),
      { numRuns: 100 },
    );
  });
});
