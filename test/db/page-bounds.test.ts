import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keysetPage, type OrderKey, type Page, type PageRequest } from '../../src/db/page.js';
import { RowQuery } from '../../src/db/row-query.js';
import { unionPage } from '../../src/db/union-page.js';
import { insertRows } from '../../src/db/write.js';
import { BackgroundJobEntity, type BackgroundJobRow } from '../../src/entities/background-job.js';
import { ClusterEntity } from '../../src/entities/cluster.js';
import { TASK_STATUSES, TaskEntity, type TaskRow, type TaskStatus } from '../../src/entities/ledger.js';
import type { DueOutcome } from '../../src/jobs/due-time.js';
import { MINUTE } from '../../src/lib/time.js';
import { makeJob } from '../jobs/kit.js';
import { ADMIN } from '../kit/actors.js';
import { taskRow, transactionRow, writeHistory } from '../kit/history-rows.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';

const START = Date.UTC(2026, 0, 1);
const SHARDS = ['shard_a', 'shard_b', 'shard_c', 'shard_d'];
const CLUSTERS = ['cluster_a', 'cluster_b', 'cluster_c'];
const NODES = ['', '1', '2', '10'];
const UNCHANGED = { revision: 1, createdAt: START, updatedAt: START, removedAt: null, releaseVersion: null };
const OUTCOMES: readonly DueOutcome[] = ['MISSED', 'WAITING', 'DUE', 'COMING'];
const WAYS = ['ASC', 'DESC'] as const;
type Way = (typeof WAYS)[number];

const pick = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;

/** A list as the test knows it: all of it, in order, and how to read what a filter leaves. */
interface List<T, F> {
  readonly all: readonly T[];
  readonly idOf: (node: T) => number | string;
  readonly fits: (filter: F, node: T) => boolean;
  readonly read: (request: PageRequest, filter: F) => Promise<Page<T>>;
}

/** Which page: the bounds are places in the whole list. */
interface Asked {
  readonly size: { first?: number; last?: number };
  readonly after: number | null;
  readonly before: number | null;
}

const sizes = fc.oneof(
  fc.constant({}),
  fc.integer({ min: 1, max: 70 }).map((first) => ({ first })),
  fc.integer({ min: 1, max: 70 }).map((last) => ({ last })),
);
const place = fc.option(fc.nat({ max: 10_000 }), { freq: 3 });
const pages: fc.Arbitrary<Asked> = fc.record({ size: sizes, after: place, before: place });

/** What Relay says of a page: both cursors narrow the list, then `first` or `last` cuts it. */
function pageOf<T>(all: readonly T[], fits: (node: T) => boolean, { size, after, before }: Asked) {
  const between = all.filter((node, at) => at > (after ?? -1) && at < (before ?? all.length) && fits(node));
  const { first = 50, last } = size;
  const shown = last === undefined ? between.slice(0, first) : between.slice(-last);
  const more = between.length > shown.length;
  return last === undefined
    ? { shown, hasNextPage: more, hasPreviousPage: after !== null }
    : { shown, hasNextPage: before !== null, hasPreviousPage: more };
}

/** The cursors of the whole list, which is read in its order. */
async function cursorsOf<T, F>({ all, idOf, read }: List<T, F>, everything: F): Promise<string[]> {
  const cursors: string[] = [];
  const ids: unknown[] = [];
  for (let more = true; more && ids.length <= all.length; ) {
    const page = await read({ first: 100, after: cursors.at(-1) }, everything);
    cursors.push(...page.edges.map(({ cursor }) => cursor));
    ids.push(...page.edges.map(({ node }) => idOf(node)));
    more = page.hasNextPage;
  }
  expect(ids).toEqual(all.map(idOf));
  return cursors;
}

async function checkPages<T, F>(list: List<T, F>, everything: F, filters: fc.Arbitrary<F>, some = pages) {
  const { all, idOf, fits, read } = list;
  const cursors = await cursorsOf(list, everything);
  const placeIn = (at: number | null) => (at === null ? null : at % all.length);
  await fc.assert(
    fc.asyncProperty(some, filters, async (drawn, filter) => {
      const asked = { size: drawn.size, after: placeIn(drawn.after), before: placeIn(drawn.before) };
      const markAt = (at: number | null) => (at === null ? null : cursors[at]);
      const request = { ...asked.size, after: markAt(asked.after), before: markAt(asked.before) };
      const page = await read(request, filter);
      const { shown, ...info } = pageOf(all, (node) => fits(filter, node), asked);
      const { hasNextPage, hasPreviousPage } = page;
      expect({ hasNextPage, hasPreviousPage }).toEqual(info);
      expect(page.edges.map(({ node }) => idOf(node))).toEqual(shown.map(idOf));
      expect(page.edges.map(({ cursor }) => cursor)).toEqual(shown.map((node) => cursors[all.indexOf(node)]));
    }),
    { numRuns: 150 },
  );
}

const someOf = <T>(values: readonly T[]) => fc.subarray([...values]);

function backgroundJobs(): BackgroundJobRow[] {
  return Array.from({ length: 160 }, (_, index) => ({
    id: `bgjob_${String((index * 37) % 160).padStart(3, '0')}`,
    kind: 'sample',
    subject: `subject-${index}`,
    project: null,
    nextRunAt: START,
    // Times meet, and some have none.
    wakeAt: index % 5 === 0 ? null : START + (index % 11),
    jobState: {},
    tag: {},
    pinnedAt: null,
    shardId: pick(SHARDS, (index * index) % 7),
    generation: 1,
    failCount: 0,
    failReason: null,
    attempts: 0,
    plannedAt: START,
  }));
}

describe.each(storeKinds())('what `after` and `before` leave of a list (%s)', (store) => {
  let world: World;
  let jobs: BackgroundJobRow[];
  let tasks: TaskRow[];
  const transactions = Array.from({ length: 6 }, (_, index) =>
    transactionRow({ clusterId: pick(CLUSTERS, index) }, START + index * 1_000),
  );
  /** Of the two that are compared, some tasks are in one, some in the other and some in both. */
  const placeIn = (transaction: number, task: number): number => task * (transaction === 4 ? 2 : 3);
  const [one, two] = transactions.slice(3).map(({ id }) => id);

  beforeAll(async () => {
    world = await createWorld({ store });
    const made = transactions.flatMap((transaction, at) =>
      Array.from({ length: at < 3 ? 60 : 90 }, (_, index) =>
        taskRow(transaction, index, {
          graphTaskId: `graph-${Math.floor(placeIn(at, index) / NODES.length)}`,
          taskName: `task-${(index * 7) % 61}`,
          nodeId: pick(NODES, placeIn(at, index)),
          status: pick(TASK_STATUSES, index * at),
          timeStart: START + (index % 13),
        }),
      ),
    );
    await writeHistory(world.db, transactions, made);
    tasks = await world.db.manager.getRepository(TaskEntity).find();
    for (let index = 0; index < 9; index += 1) {
      await makeJob(world, { key: `due-${index}`, schedule: { interval: { every: `${7 + index} minutes` } } });
    }
    await world.pass(65 * MINUTE);
    // What has come since then is not fired.
    world.clock.forward(25 * MINUTE);
    jobs = backgroundJobs();
    const clusters = CLUSTERS.map((id) => ({ id, externalId: `env-${id}`, name: id, ...UNCHANGED }));
    await world.db.transaction(async (tx) => {
      await insertRows(tx, BackgroundJobEntity, jobs);
      await insertRows(tx, ClusterEntity, clusters);
    });
  });
  afterAll(() => world.close());

  const keysOf = (direction: Way): OrderKey[] => ['wakeAt', 'id'].map((property) => ({ property, direction }));
  const inOrder = <T>(rows: readonly T[], way: Way, values: (row: T) => readonly (number | string)[]): T[] => {
    const sign = way === 'ASC' ? 1 : -1;
    const compare = (a: T, b: T): number => {
      const [left, right] = [values(a), values(b)];
      const at = left.findIndex((value, index) => value !== right[index]);
      if (at < 0) return 0;
      return (left[at] ?? 0) < (right[at] ?? 0) ? -sign : sign;
    };
    return [...rows].sort(compare);
  };
  const jobsIn = (way: Way) =>
    inOrder(
      jobs.map((row) => ({ id: row.id, shardId: row.shardId, wakeAt: row.wakeAt })),
      way,
      ({ wakeAt, id }) => [wakeAt ?? -1, id],
    );
  type Shown = Pick<BackgroundJobRow, 'id' | 'shardId'>;

  it.each(WAYS)('of one query, %s', async (way) => {
    const list: List<Shown, readonly string[]> = {
      all: jobsIn(way),
      idOf: ({ id }) => id,
      fits: (shards, { shardId }) => shards.includes(shardId),
      read: (request, shards) => {
        const query = new RowQuery(world.db.reader, BackgroundJobEntity, 'job').andWhere("job.kind = 'sample'");
        query.andWhere(shards.length > 0 ? 'job.shardId IN (:...shards)' : '1 = 0', { shards });
        return keysetPage(query, keysOf(way), request, 'sample', ['id', 'shardId']);
      },
    };
    await checkPages(list, SHARDS, someOf(SHARDS));
  });

  it.each(WAYS)('of a union of queries, %s', async (way) => {
    const list: List<Shown, readonly string[]> = {
      all: jobsIn(way),
      idOf: ({ id }) => id,
      fits: (shards, { shardId }) => shards.includes(shardId),
      read: (request, shards) => {
        const queries = shards.map((shardId) =>
          new RowQuery(world.db.reader, BackgroundJobEntity, 'job')
            .andWhere("job.kind = 'sample'")
            .andWhere('job.shardId = :shardId', { shardId }),
        );
        return unionPage(queries, keysOf(way), request, 'sample');
      },
    };
    await checkPages(list, SHARDS, someOf(SHARDS));
  });

  it.each(WAYS)('of one range, %s', async (way) => {
    const list: List<TaskRow, readonly TaskStatus[]> = {
      all: inOrder(
        tasks.filter(({ transactionId }) => transactionId === one),
        way,
        ({ number }) => [number],
      ),
      idOf: ({ number }) => number,
      fits: (statuses, { status }) => statuses.includes(status),
      read: (request, statuses) => world.services.history.tasks(one ?? '', request, { statuses }, way),
    };
    await checkPages(list, TASK_STATUSES, someOf(TASK_STATUSES));
  });

  it.each(WAYS)('of many ranges, %s', async (way) => {
    interface Narrowed {
      readonly clusterIds: readonly string[];
      readonly statuses: readonly TaskStatus[];
      readonly nodeIds: readonly string[] | null;
    }
    const list: List<TaskRow, Narrowed> = {
      all: inOrder(tasks, way, ({ orderedAt, number }) => [orderedAt, number]),
      idOf: ({ number }) => number,
      fits: ({ clusterIds, statuses, nodeIds }, { clusterId, status, nodeId }) =>
        clusterIds.includes(clusterId ?? '') && statuses.includes(status) && (nodeIds?.includes(nodeId) ?? true),
      read: (request, filter) =>
        world.services.history.taskHistory(ctxOf(ADMIN), filter, { field: 'STARTED_AT', direction: way }, request),
    };
    const filters = fc.record({
      clusterIds: someOf(CLUSTERS),
      statuses: someOf(TASK_STATUSES),
      nodeIds: fc.option(someOf(NODES)),
    });
    await checkPages(list, { clusterIds: CLUSTERS, statuses: TASK_STATUSES, nodeIds: null }, filters);
  });

  it.each(['ATTEMPTS', 'SUCCESSES'] as const)('of the last tasks of a node: %s', async (of) => {
    const node = { scope: CLUSTERS[1] ?? '', nodeId: '1' };
    const own = tasks.filter(({ scope, nodeId, status }) => {
      return scope === node.scope && nodeId === node.nodeId && (of === 'ATTEMPTS' || status === 'READY');
    });
    const names = [...new Set(own.map(({ taskName }) => taskName))].sort();
    expect(names.length).toBeGreaterThan(1);
    const list: List<{ taskName: string }, null> = {
      all: names.map((taskName) => ({ taskName })),
      idOf: ({ taskName }) => taskName,
      fits: () => true,
      read: (request) => world.services.analysis.lastTasks(node, of, request),
    };
    await checkPages(list, null, fc.constant(null));
  });

  it('of what differs between two transactions', async () => {
    const { signal } = new AbortController();
    const CHANGES = ['NEW', 'GONE', 'STATUS_CHANGED', 'UNCHANGED'] as const;
    const sides = { before: one ?? '', after: two ?? '' };
    const compare = (request: PageRequest, changes: readonly (typeof CHANGES)[number][]) =>
      world.services.analysis.diff(sides, { changes }, request, signal);
    const whole = (await compare({ first: 500 }, CHANGES)).edges.map(({ node }) => node);
    const placeOf = ({ before, after }: (typeof whole)[number]) => {
      const { graphTaskId, nodeId } = before ?? after ?? { graphTaskId: '', nodeId: '' };
      return [graphTaskId, nodeId];
    };
    expect(whole.length).toBeGreaterThan(90);
    expect(whole).toEqual(inOrder(whole, 'ASC', placeOf));
    expect(new Set(whole.map(({ change }) => change))).toEqual(new Set(CHANGES));
    const list: List<(typeof whole)[number], readonly (typeof CHANGES)[number][]> = {
      all: whole,
      idOf: (node) => placeOf(node).join(' '),
      fits: (changes, { change }) => changes.some((one) => one === change),
      read: compare,
    };
    await checkPages(list, CHANGES, someOf(CHANGES));
  });

  it('of due times, which are read forwards', async () => {
    const now = world.clock.now();
    // Stretches of missed ones reach into it from before.
    const window = { from: now - 60 * MINUTE, to: now + 100 * MINUTE };
    const read = (request: PageRequest, outcomes: readonly DueOutcome[]) =>
      world.services.jobs.dueTimes(ctxOf(ADMIN), { outcomes }, window, request);
    const whole = (await read({ first: 500 }, OUTCOMES)).edges.map(({ node }) => node);
    expect(Math.min(...whole.map(({ at }) => at))).toBeLessThan(window.from);
    for (const outcome of OUTCOMES) expect(whole.map((due) => due.outcome)).toContain(outcome);
    const list: List<(typeof whole)[number], readonly DueOutcome[]> = {
      all: inOrder(whole, 'ASC', ({ at, id }) => [at, id]),
      idOf: ({ at, id }) => `${at} ${id}`,
      fits: (outcomes, { outcome }) => outcomes.includes(outcome),
      read,
    };
    const forwards = pages.filter(({ size }) => !('last' in size));
    await checkPages(list, OUTCOMES, someOf(OUTCOMES), forwards);
  });
});
