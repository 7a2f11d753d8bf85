import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Actor } from '../../src/auth/actor.js';
import { actor, MEMBER, OTHER_MEMBER } from '../kit/actors.js';
import { granted, TestAgent } from '../kit/agent.js';
import { makeRun } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

const READER = actor('READER');

const EVENTS = `subscription ($id: ID!, $after: String) { taskEventAppended(transactionId: $id, after: $after) {
  cursor seq attempt status statusBefore statusAfter reason reportedAt receivedAt reportId task { name nodeId status } } }`;
const HISTORY = `subscription ($filter: TaskHistoryChangedFilter, $after: String) {
  taskHistoryChanged(filter: $filter, after: $after) {
    cursor at transactions { id status } tasks { id name nodeId status duration } } }`;
const TRANSACTIONS = `subscription ($filter: TransactionChangedFilter, $after: String) {
  transactionChanged(filter: $filter, after: $after) {
    cursor at status statusBefore reason progress message transaction { id kind status name } } }`;

interface Recorded {
  cursor: string;
  seq: number;
  status: string;
  statusBefore: string | null;
  statusAfter: string;
  reportId: string;
  task: { name: string; nodeId: string | null; status: string };
}
interface Row {
  id: string;
  name: string;
  nodeId: string | null;
  status: string;
}
interface Changed {
  cursor: string;
  transactions: { id: string; status: string }[];
  tasks: Row[];
}
interface Told {
  cursor: string;
  status: string;
  statusBefore: string | null;
  reason: string | null;
  progress: number;
  message: string | null;
  transaction: { id: string; kind: string; status: string; name: string };
}

describe.each(storeKinds())('the live side of the ledger (%s)', (store) => {
  let world: World;
  let made = 0;
  const endings: AbortController[] = [];
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterEach(() => {
    for (const ending of endings.splice(0)) ending.abort();
  });
  afterAll(() => world.close());

  /** Follows one root field, event by event. */
  async function follow<T>(
    document: string,
    variables: Record<string, unknown>,
    as: Actor = READER,
  ): Promise<() => Promise<T | null>> {
    const ending = new AbortController();
    endings.push(ending);
    const stream = await world.follow<Record<string, T>>(document, variables, as, ending.signal);
    const events = stream[Symbol.asyncIterator]();
    return async () => {
      const next = await events.next();
      return next.done ? null : (Object.values(next.value)[0] ?? null);
    };
  }

  const some = async <T>(next: () => Promise<T | null>): Promise<T> => {
    const event = await next();
    if (event === null) throw new Error('The stream has ended.');
    return event;
  };

  async function toTheEnd<T>(next: () => Promise<T | null>): Promise<T[]> {
    const all: T[] = [];
    for (let event = await next(); event !== null; event = await next()) all.push(event);
    return all;
  }

  const ctx = () => world.context(actor('OPERATOR'));

  /** A deployment of "install" and "configure" on two nodes, with a point of synchronisation. */
  async function deploy(cluster = 'a cluster'): Promise<{ id: string; number: number; clusterId: string }> {
    made += 1;
    const tasks = [{ name: 'install', nodes: ['1', '2'] }, { name: 'configure', nodes: ['1', '2'] }, { name: 'done' }];
    const start = { cluster, externalId: `live-${made}`, graph: { tasks } };
    const { transaction } = await world.services.reports.start(ctx(), start);
    return { id: transaction.id, number: transaction.number, clusterId: transaction.clusterId ?? '' };
  }

  async function report(transactionId: string, status: string, nodeId = '1', taskName = 'install', reportId?: string) {
    made += 1;
    const events = [{ taskName, nodeId, status }];
    return world.services.reports.report(ctx(), { transactionId, reportId: reportId ?? `report-${made}`, events });
  }
  const end = (transactionId: string, reason: string | null = null) =>
    world.services.reports.end(ctx(), { transactionId, status: 'READY', reason });

  describe('taskEventAppended', () => {
    it('replays the record, follows it, and ends with the transaction', async () => {
      const { id } = await deploy();
      await report(id, 'running', '1', 'install', 'first');
      const next = await follow<Recorded>(EVENTS, { id });
      const seen: Recorded[] = [];
      while (seen.length < 6) seen.push(await some(next));
      expect(
        seen.slice(0, 5).map(({ status, statusBefore, statusAfter }) => [statusBefore, status, statusAfter]),
      ).toEqual(Array.from({ length: 5 }, () => [null, 'PENDING', 'PENDING']));
      expect(seen[5]).toMatchObject({
        ...{ attempt: 1, status: 'RUNNING', statusBefore: 'PENDING', statusAfter: 'RUNNING', reportId: 'first' },
        ...{ reportedAt: null, receivedAt: expect.any(String), task: { name: 'install', nodeId: '1' } },
      });
      const coming = toTheEnd(next);
      await report(id, 'ready');
      await report(id, 'running');
      await end(id, 'Enough.');
      const rest = await coming;
      expect(
        rest.slice(0, 2).map(({ statusBefore, status, statusAfter }) => [statusBefore, status, statusAfter]),
      ).toEqual([
        ['RUNNING', 'READY', 'READY'],
        ['READY', 'RUNNING', 'READY'],
      ]);
      expect(rest.slice(2).map(({ status, reportId }) => [status, reportId])).toEqual(
        Array.from({ length: 4 }, () => ['SKIPPED', 'server']),
      );
      expect([...seen, ...rest].map(({ seq }) => seq)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    });

    it('resumes by cursor or by number, of a transaction that is named by its number', async () => {
      const { id, number } = await deploy();
      await report(id, 'ready');
      await end(id);
      const all = await toTheEnd(await follow<Recorded>(EVENTS, { id: String(number) }));
      for (const after of [all[2]?.cursor, '3']) {
        const rest = await toTheEnd(await follow<Recorded>(EVENTS, { id, after }));
        expect(rest).toEqual(all.slice(3));
      }
      expect(await toTheEnd(await follow<Recorded>(EVENTS, { id, after: '0' }))).toEqual(all);
      expect(await toTheEnd(await follow<Recorded>(EVENTS, { id, after: all.at(-1)?.cursor }))).toEqual([]);
    });

    it('gives what was reported after the end to who comes again', async () => {
      const { id } = await deploy();
      await end(id);
      const all = await toTheEnd(await follow<Recorded>(EVENTS, { id }));
      await report(id, 'ready', '2');
      const late = await toTheEnd(await follow<Recorded>(EVENTS, { id, after: all.at(-1)?.cursor }));
      expect(late).toMatchObject([{ status: 'READY', statusBefore: 'SKIPPED', statusAfter: 'READY' }]);
    });

    it('ends a follower of a transaction whose end closes nothing', async () => {
      made += 1;
      const start = { cluster: 'a cluster', externalId: `live-${made}` };
      const { transaction } = await world.services.reports.start(ctx(), start);
      const next = await follow<Recorded>(EVENTS, { id: transaction.id });
      const coming = toTheEnd(next);
      await end(transaction.id);
      expect(await coming).toEqual([]);
    });

    it('says where the rest begins when what followed the cursor is not kept any more', async () => {
      const { id } = await deploy();
      await end(id);
      const all = await toTheEnd(await follow<Recorded>(EVENTS, { id }));
      await world.db.transaction((tx) =>
        tx.execute('DELETE FROM task_events WHERE transaction_id = ? AND seq <= 4', [id]),
      );
      for (const after of [null, '2', all[2]?.cursor]) {
        const next = await follow<Recorded>(EVENTS, { id, after });
        const failure = await next().catch((error: unknown) => error);
        expect(failure).toMatchObject({ code: 'RESYNC_REQUIRED', details: { cursor: all[3]?.cursor } });
      }
      expect(await toTheEnd(await follow<Recorded>(EVENTS, { id, after: all[3]?.cursor }))).toEqual(all.slice(4));
      const beyond = await follow<Recorded>(EVENTS, { id, after: '99' });
      await expect(beyond()).rejects.toMatchObject({ code: 'RESYNC_REQUIRED', details: { cursor: all[3]?.cursor } });
    });

    it('tells what nobody rang for: numbered for a process that died after its commit', async () => {
      const { id } = await deploy();
      const next = await follow<Recorded>(EVENTS, { id });
      // All five are numbered before the next is written: what waits for a number is numbered in the order of ids.
      for (const seq of [1, 2, 3, 4, 5]) expect(await some(next)).toMatchObject({ seq });
      const coming = some(next);
      const row = { id: `taskevent_${id}`, at: await world.db.now() };
      const [task] = await world.db.reader.rows<{ id: string }>('SELECT id FROM tasks WHERE transaction_id = ?', [id]);
      await world.db.transaction((tx) =>
        tx.execute(
          `INSERT INTO task_events (id, transaction_id, task_id, attempt, status, received_at, report_id)
           VALUES (?, ?, ?, 1, 'RUNNING', ?, 'dead')`,
          [row.id, id, task?.id ?? '', row.at],
        ),
      );
      expect(await coming).toMatchObject({ seq: 6, reportId: 'dead', statusBefore: null, statusAfter: null });
    });

    it("is not found by who may not see the transaction, and refuses another's cursor", async () => {
      const [one, other] = [await deploy(), await deploy()];
      const { runId } = await makeRun(world, 'host');
      await expect(follow(EVENTS, { id: one.id }, MEMBER)).rejects.toThrow(/no transaction/);
      await expect(follow(EVENTS, { id: runId }, OTHER_MEMBER)).rejects.toThrow(/no transaction/);
      const { cursor } = await some(await follow<Recorded>(EVENTS, { id: runId }, MEMBER));
      await expect(follow(EVENTS, { id: other.id, after: cursor })).rejects.toThrow(runId);
      await expect(follow(EVENTS, { id: other.id, after: 'nonsense' })).rejects.toThrow(/broken/);
    });
  });

  describe('taskHistoryChanged', () => {
    it('gives the rows that changed as they are, by every filter, and resumes by cursor', async () => {
      const before = world.services.live.now();
      const { id, number, clusterId } = await deploy('filtered');
      const whole = { filter: { transactionIds: [id] }, after: before };
      const after = (await some(await follow<Changed>(HISTORY, whole))).cursor;
      await report(id, 'running', '1', 'install');
      await report(id, 'error', '2', 'install');
      await report(id, 'ready', '1', 'configure');
      const filters = [
        { clusterIds: [clusterId] },
        { clusterIds: ['filtered'] },
        { transactionIds: [String(number)], nodeIds: ['2'] },
        { transactionIds: [id], nodeIds: ['2'] },
        { transactionIds: [id], statuses: ['RUNNING', 'READY'] },
        { transactionIds: [id], taskNames: ['configure'] },
        { transactionIds: [id], statuses: ['RUNNING'], nodeIds: ['2'] },
      ];
      const expected = [
        ['RUNNING', 'ERROR', 'READY'],
        ['RUNNING', 'ERROR', 'READY'],
        ['ERROR'],
        ['ERROR'],
        ['RUNNING', 'READY'],
        ['READY'],
        [],
      ];
      await end(id);
      for (const [index, filter] of filters.entries()) {
        const next = await follow<Changed>(HISTORY, { filter: { ...filter }, after });
        for (const status of expected[index] ?? []) {
          const { tasks, transactions } = await some(next);
          expect(tasks.map((task) => (task.status === 'LOST' ? 'RUNNING' : task.status))).toEqual([status]);
          expect(transactions).toMatchObject([{ id, status: 'READY' }]);
        }
      }
      const next = await follow<Changed>(HISTORY, { filter: { transactionIds: [id] }, after });
      const first = await some(next);
      const rest = await follow<Changed>(HISTORY, { filter: { transactionIds: [id] }, after: first.cursor });
      expect(await some(rest)).toEqual(await some(next));
    });

    it('reads the rows of a fact in one statement', async () => {
      const { id } = await deploy();
      const next = await follow<Changed>(HISTORY, { filter: { transactionIds: [id], statuses: ['SKIPPED'] } });
      const coming = some(next);
      const before = world.statements.length;
      await end(id);
      expect((await coming).tasks.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => 'SKIPPED'));
      const reads = world.statements.slice(before).filter((sql) => /FROM .?tasks/.test(sql) && /id.? IN/.test(sql));
      expect(reads.filter((sql) => !sql.includes('graph_task_id` = '))).toHaveLength(1);
    });

    it('shows members the runs of their project, and nothing of deployments', async () => {
      const next = await follow<Changed>(HISTORY, {}, MEMBER);
      const coming = some(next);
      const { id } = await deploy();
      await end(id);
      const { runId } = await makeRun(world, 'host');
      const { transactions, tasks } = await coming;
      expect(transactions.map((one) => one.id)).toEqual([runId]);
      expect(tasks).toMatchObject([{ name: '0-backup', nodeId: 'host', status: 'PENDING' }]);
    });
  });

  describe('transactionChanged', () => {
    it('tells of deployments and runs alike', async () => {
      const after = world.services.live.now();
      const { id } = await deploy();
      await report(id, 'running');
      await world.services.reports.report(ctx(), {
        ...{ transactionId: id, reportId: 'progress', events: [], progress: 40, message: 'Nearly half.' },
      });
      await end(id, 'Enough.');
      const next = await follow<Told>(TRANSACTIONS, { filter: { transactionIds: [id] }, after });
      const told = [await some(next), await some(next), await some(next), await some(next)];
      expect(
        told.map(({ statusBefore, status, progress, message, reason }) => [
          statusBefore,
          status,
          progress,
          message,
          reason,
        ]),
      ).toEqual([
        [null, 'PENDING', 0, null, null],
        ['PENDING', 'RUNNING', 0, null, null],
        ['RUNNING', 'RUNNING', 40, 'Nearly half.', null],
        ['RUNNING', 'READY', 100, 'Nearly half.', 'Enough.'],
      ]);
      expect(told[0]?.transaction).toMatchObject({ id, kind: 'DEPLOYMENT', status: 'READY' });

      const agent = new TestAgent(world, 'runner');
      await agent.register();
      const { runId } = await makeRun(world, 'runner');
      await agent.carryOut(granted(await agent.claim(runId)));
      const runs = await follow<Told>(TRANSACTIONS, { filter: { kinds: ['JOB_RUN'] }, after }, MEMBER);
      const ofRun: Told[] = [];
      while (ofRun.at(-1)?.status !== 'READY') {
        const one = await some(runs);
        if (one.transaction.id === runId) ofRun.push(one);
      }
      expect(ofRun.map(({ statusBefore, status }) => [statusBefore, status])).toEqual([
        [null, 'PENDING'],
        ['PENDING', 'RUNNING'],
        ['RUNNING', 'READY'],
      ]);
    });

    it('narrows by cluster, name, status and kind; members are told of no deployment', async () => {
      const after = world.services.live.now();
      const { id, number, clusterId } = await deploy('narrowed');
      await end(id);
      const { runId } = await makeRun(world, 'host');
      const name = `live-${made}`;
      const first = async (filter: object, as?: Actor): Promise<Told> =>
        some(await follow<Told>(TRANSACTIONS, { filter, after }, as));
      expect((await first({ clusterIds: [clusterId] })).transaction.id).toBe(id);
      expect((await first({ clusterIds: ['narrowed'] })).transaction.id).toBe(id);
      expect((await first({ transactionIds: [String(number)] })).transaction.id).toBe(id);
      expect((await first({ statuses: ['READY'] })).transaction.id).toBe(id);
      expect((await first({ names: [name], kinds: ['DEPLOYMENT'] })).transaction.id).toBe(id);
      expect((await first({}, MEMBER)).transaction.id).toBe(runId);
    });
  });

  const refusal = (document: string, filter: object, as = READER): Promise<unknown> =>
    world.follow(document, { filter }, as, new AbortController().signal).catch((error: unknown) => error);

  it.each([
    ['clusterIds', 'nobody'],
    ['transactionIds', '999999'],
    ['transactionIds', 'task_1'],
  ])('refuses to follow %s that nothing has: %s', async (field, name) => {
    const originalError = { code: 'NOT_FOUND', inputPath: ['filter', field] };
    for (const document of [HISTORY, TRANSACTIONS]) {
      expect(await refusal(document, { [field]: [name] })).toMatchObject({ originalError });
    }
  });

  it('shows no member by a refusal which clusters and deployments there are', async () => {
    const { number } = await deploy('secret');
    for (const filter of [{ clusterIds: ['secret'] }, { transactionIds: [String(number)] }]) {
      expect(await refusal(HISTORY, filter, MEMBER)).toMatchObject({ originalError: { code: 'NOT_FOUND' } });
    }
  });
});
