import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TransactionEntity, type TransactionRow } from '../../src/entities/ledger.js';
import { makeRun } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { Reporter, rowsOf, unique } from './deployments.js';

const GRAPH = { tasks: [{ id: '34', name: 'swift', nodes: ['1', '2'] }, { name: 'sync' }] };

describe.each(storeKinds())('what is reported of deployments (%s)', (store) => {
  let world: World;
  let reporter: Reporter;
  beforeAll(async () => {
    world = await createWorld({ store });
    reporter = new Reporter(world);
  });
  afterAll(() => world.close());

  const now = () => new Date(world.clock.now()).toISOString();
  /** A deployment's row, but for what each has of its own. */
  async function transactionOf(id: string): Promise<Partial<TransactionRow>> {
    const row = await world.db.manager.getRepository(TransactionEntity).findOneByOrFail({ id });
    const { id: _id, number: _number, externalId: _externalId, name: _name, ...rest } = row;
    return rest;
  }

  describe('a start', () => {
    it('makes the cluster, and a PENDING row for each task on each node and each point of synchronisation', async () => {
      const input = { cluster: unique('c'), releaseVersion: 'mitaka-9.0', externalId: '7', graph: GRAPH };
      const { outcome, transaction } = await reporter.tell('start', input);
      expect([outcome, transaction?.status]).toEqual(['STARTED', 'PENDING']);
      expect(await rowsOf(world, transaction?.id ?? '')).toMatchObject([
        { task: '34', name: 'swift', node: '1', status: 'PENDING', announced: true },
        { task: '34', name: 'swift', node: '2', status: 'PENDING', announced: true },
        { task: 'sync', name: 'sync', node: '', status: 'PENDING', announced: true },
      ]);
    });

    it('takes numbers for ids, as Fuel writes them, and so do filters', async () => {
      const cluster = world.clock.now();
      const graph = { tasks: [{ id: 34, name: 'swift', nodes: [1, 2] }] };
      const { outcome, transaction } = await reporter.tell('start', { cluster, externalId: 12, graph });
      expect(outcome).toBe('STARTED');
      const rows = await rowsOf(world, transaction?.id ?? '');
      expect(rows.map(({ task, node }) => [task, node])).toEqual([
        ['34', '1'],
        ['34', '2'],
      ]);
      const query = `query ($id: ID!) { transaction(id: $id) { tasks(filter: { nodes: [2] }) { nodes { nodeId } } }
        taskHistory(filter: { transactionIds: [$id], nodeIds: [2] }) { nodes { nodeId } }
        transactions(filter: { clusterIds: [${cluster}], externalIds: [12] }) { nodes { id } } }`;
      expect(await world.gql(query, { id: transaction?.id })).toEqual({
        transaction: { tasks: { nodes: [{ nodeId: '2' }] } },
        taskHistory: { nodes: [{ nodeId: '2' }] },
        transactions: { nodes: [{ id: transaction?.id }] },
      });
      const ended = await reporter.tell('end', { cluster, externalId: 12, status: 'READY' });
      expect(ended).toMatchObject({ outcome: 'ENDED' });
    });

    it('of the same external id changes nothing, also when several come at once', async () => {
      const input = { cluster: unique('c'), externalId: '7', graph: GRAPH };
      const answers = await Promise.all(Array.from({ length: 5 }, () => reporter.tell('start', input)));
      expect(new Set(answers.map(({ transaction }) => transaction?.id)).size).toBe(1);
      expect(answers.filter(({ outcome }) => outcome === 'STARTED').length).toBe(1);
      expect(await rowsOf(world, answers[0]?.transaction?.id ?? '')).toHaveLength(3);
    });

    it.each(['8.0', 'liberty-8.0', '2015.1.0-7.0', '8.0-kilo', '8.0-rc1', '8.0-2', 'v8.0', '8'])(
      'on release %s answers HISTORY_DISABLED',
      async (releaseVersion) => {
        const input = { cluster: unique('old'), releaseVersion, externalId: '1' };
        expect(await reporter.tell('start', input)).toMatchObject({ code: 'HISTORY_DISABLED', path: ['cluster'] });
      },
    );

    it.each(['9.0', '9', 'mitaka-9.0', '9.0-rc1', '10.0-beta2', '9.0-2', '9.0.1', 'v10.0', 'master', '2015.1.0-10.0'])(
      'on release %s is taken in',
      async (releaseVersion) => {
        const input = { cluster: unique('new'), releaseVersion, externalId: '1' };
        expect(await reporter.tell('start', input)).toMatchObject({ outcome: 'STARTED' });
      },
    );

    it('with a task announced twice on a node names it, and writes nothing', async () => {
      const cluster = unique('c');
      const graph = { tasks: [{ name: 'a', nodes: ['1', '1'] }] };
      const answer = await reporter.tell('start', { cluster, externalId: '1', graph });
      expect(answer).toMatchObject({ code: 'INVALID_INPUT', path: ['graph', 'tasks', '0'] });
      expect(await world.db.reader.rows('SELECT id FROM clusters WHERE external_id = ?', [cluster])).toEqual([]);
    });

    it('announces more tasks than one statement takes', async () => {
      const nodes = Array.from({ length: 1_200 }, (_one, index) => `n${index}`);
      const id = await reporter.started({
        graph: {
          tasks: [
            { name: 'a', nodes },
            { name: 'b', nodes },
          ],
        },
      });
      const counts = await world.services.history.counts([id]);
      expect(counts.get(id)?.get('PENDING')).toBe(2_400);
      const { transaction } = await reporter.tell('end', { transactionId: id, status: 'ERROR', reason: 'Cut off.' });
      expect(transaction).toMatchObject({ status: 'ERROR', reason: 'Cut off.' });
      expect((await world.services.history.counts([id])).get(id)).toEqual(new Map([['SKIPPED', 2_400]]));
    });
  });

  describe('a report', () => {
    it('finds an announced task by its name, and records one that was not announced', async () => {
      const id = await reporter.started({ graph: GRAPH });
      const answer = await reporter.report(id, [
        { taskName: 'swift', nodeId: 1, status: 'ready', timeStart: 1457362146, timeEnd: 1457362276 },
        { taskName: 'late', nodeId: '9', status: 'RUNNING', time: now() },
      ]);
      expect(answer).toMatchObject({ outcome: 'TAKEN_IN', accepted: 2, refused: [] });
      const rows = await rowsOf(world, id);
      expect(rows).toContainEqual(
        expect.objectContaining({ task: '34', node: '1', status: 'READY', timeStart: 1457362146000, announced: true }),
      );
      expect(rows).toContainEqual(
        expect.objectContaining({ task: 'late', node: '9', status: 'RUNNING', announced: false }),
      );
      expect(answer.transaction).toMatchObject({ status: 'RUNNING', timeStart: '2016-03-07T14:49:06.000Z' });
    });

    it('refuses a day that there is not, which JavaScript takes for one of the next month', async () => {
      const id = await reporter.started();
      const events = ['2016-02-30T14:49:06Z', '2016-02-29T14:49:06Z'].map((time) => ({
        ...{ taskName: time, nodeId: '1', status: 'ready', time },
      }));
      const answer = await reporter.report(id, events);
      expect(answer).toMatchObject({ accepted: 1, refused: [{ index: 0, code: 'INVALID_EVENT', field: 'time' }] });
    });

    it('refuses each event at fault by its index with the reason, and keeps the others', async () => {
      const id = await reporter.started({
        graph: {
          tasks: [
            { id: '1', name: 'twin', nodes: ['1'] },
            { id: '2', name: 'twin', nodes: ['1'] },
          ],
        },
      });
      const ahead = new Date(world.clock.now() + 2 * 3_600_000).toISOString();
      const answer = await reporter.report(id, [
        { taskName: 'a', nodeId: '1', status: 'exploded' },
        { taskName: 'a', nodeId: '1', status: 'READY', time: ahead },
        { taskName: 'a', nodeId: '1', status: 'READY', time: 'yesterday' },
        { nodeId: '1', status: 'READY' },
        { taskName: 'twin', nodeId: '1', status: 'READY' },
        { taskName: 'a', nodeId: '1', status: 'READY', custom: { text: 'x'.repeat(70_000) } },
        { taskName: 'a', nodeId: '1', status: 'READY', timeStart: 200, timeEnd: 100 },
        { taskName: 'a', nodeId: '1', status: 'READY', attempt: 0 },
        { taskName: 'a', nodeId: '1', status: 'LOST' },
        { taskName: 'a', nodeId: '1', status: 'READY', custom: ['no object'] },
        { taskName: 'n'.repeat(192), nodeId: '1', status: 'READY' },
        { taskName: 'good', nodeId: '1', status: 'READY' },
      ]);
      expect(answer.refused?.map(({ index, code, field }) => [index, code, field])).toEqual([
        [0, 'UNKNOWN_STATUS', 'status'],
        [1, 'TIME_IN_FUTURE', 'time'],
        [2, 'INVALID_EVENT', 'time'],
        [3, 'INVALID_EVENT', 'taskName'],
        [4, 'AMBIGUOUS_TASK', 'taskName'],
        [5, 'TOO_LARGE', 'custom'],
        [6, 'INVALID_EVENT', 'timeEnd'],
        [7, 'INVALID_EVENT', 'attempt'],
        [8, 'UNKNOWN_STATUS', 'status'],
        [9, 'INVALID_EVENT', 'custom'],
        [10, 'INVALID_EVENT', 'taskName'],
      ]);
      expect(answer.accepted).toBe(1);
      expect((await rowsOf(world, id)).map(({ task, status }) => [task, status])).toEqual([
        ['1', 'PENDING'],
        ['2', 'PENDING'],
        ['good', 'READY'],
      ]);
    });

    it('that was taken in is acknowledged again, with the same refusals, and changes nothing', async () => {
      const id = await reporter.started();
      const events = [
        { taskName: 'a', nodeId: '1', status: 'READY' },
        { taskName: 'b', nodeId: '1', status: 'x' },
      ];
      const first = await reporter.report(id, events, 'once');
      const rows = await rowsOf(world, id);
      world.clock.forward(60_000);
      const again = await reporter.report(id, events, 'once');
      expect(again).toMatchObject({ outcome: 'REPEATED', accepted: first.accepted, refused: first.refused });
      expect(await rowsOf(world, id)).toEqual(rows);
    });

    it('of a deployment that nobody knows, of a run, or without a name is refused by name', async () => {
      const event = { taskName: 'a', nodeId: '1', status: 'READY' };
      expect(await reporter.report('deploy_none', [event])).toMatchObject({ code: 'NOT_FOUND' });
      expect(await reporter.tell('report', { reportId: 'x', events: [event] })).toMatchObject({
        code: 'INVALID_INPUT',
      });
      const { runId } = await makeRun(world, unique('job'));
      expect(await reporter.report(runId, [event])).toMatchObject({ code: 'NOT_A_DEPLOYMENT' });
    });

    it('by external id needs the cluster where several have it', async () => {
      const externalId = unique('x');
      const [one, two] = [unique('c'), unique('c')];
      await reporter.started({ cluster: one, externalId });
      const report = { externalId, reportId: unique('r'), events: [{ taskName: 'a', status: 'READY' }] };
      expect(await reporter.tell('report', report)).toMatchObject({ outcome: 'TAKEN_IN' });
      await reporter.started({ cluster: two, externalId });
      expect(await reporter.tell('report', report)).toMatchObject({ code: 'CONFLICT', path: ['externalId'] });
      expect(await reporter.tell('report', { ...report, cluster: two })).toMatchObject({ outcome: 'TAKEN_IN' });
    });

    it('says how far the deployment is: the furthest counts and the latest line, and repeats are no news', async () => {
      const id = await reporter.started();
      const say = (reportId: string, word: object, events: readonly object[] = []) =>
        reporter.tell('report', { transactionId: id, reportId, events, ...word });
      const said = () => transactionOf(id).then(({ progress, message }) => ({ progress, message }));
      await say('a', { progress: 10, message: 'ten' });
      world.clock.forward(1_000);
      await say('b', { progress: 50, message: 'fifty' });
      expect(await said()).toEqual({ progress: 50, message: 'fifty' });
      world.clock.forward(1_000);
      expect(await say('a', { progress: 10, message: 'ten' })).toMatchObject({ outcome: 'REPEATED' });
      expect(await said()).toEqual({ progress: 50, message: 'fifty' });
      await say('c', { message: 'node 5' });
      expect(await said()).toEqual({ progress: 50, message: 'node 5' });
      // Its events are of long ago: it overtook nothing.
      await say('d', { progress: 60, message: 'old' }, [{ taskName: 'a', status: 'RUNNING', time: 1_000 }]);
      expect(await said()).toEqual({ progress: 60, message: 'node 5' });
    });

    it('that ends a task before it began leaves nobody to know how long it took', async () => {
      const id = await reporter.started();
      await reporter.report(id, [{ taskName: 'odd clock', nodeId: '1', status: 'RUNNING', time: 1_000_000 }]);
      await reporter.report(id, [{ taskName: 'odd clock', nodeId: '1', status: 'READY', time: 900_000 }]);
      await reporter.report(id, [{ taskName: 'cut off', nodeId: '1', status: 'RUNNING', time: 1_700_000_000 }]);
      await reporter.tell('end', { transactionId: id, status: 'ERROR', time: 800_000 });
      const query = `{ transaction(id: "${id}") { tasks { nodes { name duration } } }
        taskStats(taskName: "odd clock", window: { from: "1970-01-01T00:00:00Z" }) { attemptCount duration { p50 } } }`;
      const found = await world.gql<{ transaction: { tasks: { nodes: unknown } }; taskStats: unknown }>(query);
      expect(found.transaction.tasks.nodes).toEqual([
        { name: 'odd clock', duration: null },
        { name: 'cut off', duration: 0 },
      ]);
      expect(found.taskStats).toEqual({ attemptCount: 1, duration: { p50: null } });
    });

    it('of more than a thousand events is refused whole', async () => {
      const id = await reporter.started();
      const events = Array.from({ length: 1_001 }, () => ({ taskName: 'a', status: 'READY' }));
      expect(await reporter.report(id, events)).toMatchObject({ code: 'INVALID_INPUT', path: ['events'] });
    });
  });

  describe('an end', () => {
    it('closes what is open, says why, and is the only one', async () => {
      const id = await reporter.started({ graph: { tasks: [{ name: 'a', nodes: ['1', '2', '3'] }] } });
      await reporter.report(id, [
        { taskName: 'a', nodeId: '1', status: 'READY' },
        { taskName: 'a', nodeId: '2', status: 'RUNNING' },
      ]);
      expect(await reporter.tell('end', { transactionId: id, status: 'ERROR' })).toMatchObject({ outcome: 'ENDED' });
      const rows = await rowsOf(world, id);
      expect(rows.map(({ status }) => status)).toEqual(['READY', 'LOST', 'SKIPPED']);
      expect(rows[1]?.reason).toContain('before it was reported to have ended');
      const again = await reporter.tell('end', { transactionId: id, status: 'READY' });
      expect(again).toMatchObject({ outcome: 'ALREADY_ENDED', transaction: { status: 'ERROR' } });
    });

    it('lets a late report say how a task it closed had ended, and never opens one again', async () => {
      const id = await reporter.started({ graph: { tasks: [{ name: 'a', nodes: ['1', '2'] }] } });
      await reporter.report(id, [{ taskName: 'a', nodeId: '1', status: 'RUNNING' }]);
      await reporter.tell('end', { transactionId: id, status: 'STOPPED' });
      await reporter.report(id, [
        { taskName: 'a', nodeId: '1', status: 'READY' },
        { taskName: 'a', nodeId: '2', status: 'RUNNING' },
      ]);
      expect((await rowsOf(world, id)).map(({ status }) => status)).toEqual(['READY', 'STOPPED']);
      const { transaction } = await reporter.tell('end', { transactionId: id, status: 'READY' });
      expect(transaction?.status).toBe('STOPPED');
    });
  });

  it('ends in the same rows in any order, duplication and batching, from many reporters at once', async () => {
    const event = fc.record({
      taskName: fc.constantFrom('swift', 'sync', 'late'),
      nodeId: fc.constantFrom('1', '2', ''),
      status: fc.constantFrom('running', 'ready', 'error', 'skipped', 'stopped'),
      time: fc.integer({ min: 1_000, max: 1_009 }),
      summary: fc.option(fc.constantFrom({ a: 1 }, 'text', [1]), { nil: undefined }),
      custom: fc.option(fc.constantFrom({ a: 1 }, { b: 2 }), { nil: undefined }),
      exitCode: fc.option(fc.nat(2), { nil: undefined }),
      reason: fc.option(fc.constantFrom('x', 'y'), { nil: undefined }),
    });
    const report = fc.record({
      events: fc.array(event, { maxLength: 4 }),
      progress: fc.option(fc.nat(100)),
      message: fc.option(fc.constantFrom('one', 'two')),
    });
    const plans = fc.array(report, { minLength: 1, maxLength: 6 }).chain((list) => {
      const reports = list.map((given, index) => ({ reportId: `r${index}`, ...given }));
      const twice = [...reports, ...reports];
      return fc.record({
        reports: fc.constant(reports),
        order: fc.shuffledSubarray(twice, { minLength: twice.length, maxLength: twice.length }),
        endAfter: fc.nat(twice.length),
      });
    });
    await fc.assert(
      fc.asyncProperty(plans, async ({ reports, order, endAfter }) => {
        const [one, two, three] = await Promise.all([1, 2, 3].map(() => reporter.started({ graph: GRAPH })));
        const end = (transactionId = '') => reporter.tell('end', { transactionId, status: 'ERROR', time: 2_000 });
        const tell = (transactionId = '', told: object = {}) => reporter.tell('report', { transactionId, ...told });
        for (const told of reports) await tell(one, told);
        await end(one);
        for (const [index, told] of order.entries()) {
          if (index === endAfter) await end(two);
          await tell(two, told);
        }
        await end(two);
        await Promise.all(order.map((told) => tell(three, told)));
        await end(three);
        const deployment = await transactionOf(one ?? '');
        expect(await transactionOf(two ?? '')).toEqual(deployment);
        expect(await transactionOf(three ?? '')).toEqual(deployment);
        const expected = await rowsOf(world, one ?? '');
        expect(await rowsOf(world, two ?? '')).toEqual(expected);
        expect(await rowsOf(world, three ?? '')).toEqual(expected);
        const [first, ...others] = [...(await world.services.history.counts([one, two, three].map(String))).values()];
        for (const counts of others) expect(counts).toEqual(first);
        expect([...(first?.values() ?? [])].reduce((sum, count) => sum + count, 0)).toBe(expected.length);
      }),
      { numRuns: 12 },
    );
  });
});
