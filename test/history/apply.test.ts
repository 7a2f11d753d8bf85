import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Reader } from '../../src/db/transaction.js';
import { TaskEntity, TransactionEntity } from '../../src/entities/ledger.js';
import { TASK_EVENT_STREAM } from '../../src/events/numbered-stream.js';
import { createSequencer } from '../../src/events/sequencer.js';
import { apply } from '../../src/history/apply.js';
import type { LedgerReport, TaskReport } from '../../src/history/report.js';
import { systemIds } from '../../src/lib/ids.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

const task = (node: string, status: TaskReport['status'], rest: Partial<TaskReport> = {}): TaskReport => ({
  graphTaskId: 'deploy',
  taskName: 'deploy',
  nodeId: node,
  attempt: 1,
  announced: false,
  status,
  ...rest,
});

describe.each(storeKinds())('the door of the ledger (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  async function begin(tasks: readonly TaskReport[] = []): Promise<string> {
    const transactionId = systemIds.next('deploy');
    const begun = { kind: 'DEPLOYMENT', project: null, clusterId: null, subjectId: null, externalId: null } as const;
    await take([{ transactionId, reportId: null, begin: { ...begun, name: 'd', dryRun: false }, tasks }]);
    return transactionId;
  }

  const take = (reports: readonly LedgerReport[]) => world.db.transaction((tx) => apply(tx, world.deps, reports));

  async function rowsOf(transactionId: string) {
    const tasks = await world.db.manager.getRepository(TaskEntity).find({ where: { transactionId } });
    const { status } = await world.db.manager.getRepository(TransactionEntity).findOneByOrFail({ id: transactionId });
    const counted = await world.services.history.counts([transactionId]);
    const counts = Object.fromEntries(counted.get(transactionId) ?? []);
    const rows = tasks.map(({ nodeId, status: of, timeStart, timeEnd, hasSummary }) => ({
      nodeId,
      of,
      timeStart,
      timeEnd,
      hasSummary,
    }));
    return { status, counts, rows: rows.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1)) };
  }

  it('ends in the same rows and counts for the same reports in any order, repeated and batched', async () => {
    const one = fc.record({
      node: fc.constantFrom('1', '2', ''),
      status: fc.constantFrom('RUNNING', 'READY', 'ERROR', 'SKIPPED' as const),
      at: fc.integer({ min: 1, max: 9 }),
      summary: fc.boolean(),
    });
    const runs = fc.array(one, { minLength: 1, maxLength: 6 }).chain((list) => {
      const given = list.map(({ node, status, at, summary }, index): Omit<LedgerReport, 'transactionId'> => {
        const rest = summary ? { summary: { index } } : {};
        return { reportId: `r${index}`, tasks: [task(node, status, { reportedAt: at, ...rest })] };
      });
      return fc.record({
        given: fc.constant(given),
        order: fc.shuffledSubarray([...given, ...given], { minLength: 1 }),
      });
    });
    await fc.assert(
      fc.asyncProperty(runs, async ({ given, order }) => {
        const [first, second] = [await begin([task('1', 'PENDING')]), await begin([task('1', 'PENDING')])];
        await take(given.map((report) => ({ ...report, transactionId: first })));
        for (const report of order) await take([{ ...report, transactionId: second }]);
        await take(given.map((report) => ({ ...report, transactionId: second })));
        expect(await rowsOf(second)).toEqual(await rowsOf(first));
      }),
      { numRuns: 15 },
    );
  });

  it('acknowledges a report id that it knows, and changes nothing', async () => {
    const transactionId = await begin([task('1', 'PENDING')]);
    const report: LedgerReport = { transactionId, reportId: 'once', tasks: [task('1', 'RUNNING')] };
    expect((await take([report])).repeated).toBe(0);
    const events = 'SELECT COUNT(*) AS count FROM task_events WHERE transaction_id = ?';
    const before = await world.db.reader.rows(events, [transactionId]);
    expect((await take([report, report])).repeated).toBe(2);
    expect(await world.db.reader.rows(events, [transactionId])).toEqual(before);
  });

  it('closes every open task at the end, records it, and counts right', async () => {
    const transactionId = await begin([task('1', 'PENDING'), task('2', 'PENDING'), task('3', 'PENDING')]);
    await take([{ transactionId, reportId: 'a', startedAt: 5, tasks: [task('1', 'RUNNING'), task('2', 'READY')] }]);
    await take([{ transactionId, reportId: null, end: { status: 'ERROR', reason: 'Enough.', running: 'STOPPED' } }]);
    const { status, counts, rows } = await rowsOf(transactionId);
    expect(status).toBe('ERROR');
    expect(counts).toEqual({ STOPPED: 1, READY: 1, SKIPPED: 1 });
    expect(rows.map(({ of }) => of)).toEqual(['STOPPED', 'READY', 'SKIPPED']);
    const [events] = await world.db.reader.rows<{ count: number | string }>(
      "SELECT COUNT(*) AS count FROM task_events WHERE transaction_id = ? AND reason = 'Enough.'",
      [transactionId],
    );
    expect(Number(events?.count)).toBe(2);
  });

  it('records a task nobody announced, and says so', async () => {
    const transactionId = await begin();
    const { tasks } = await take([{ transactionId, reportId: 'a', tasks: [task('9', 'RUNNING')] }]);
    expect(tasks).toMatchObject([{ announced: false, nodeId: '9', status: 'RUNNING' }]);
  });

  it('numbers and counts what a transaction begins with before its commit, and goes on from there', async () => {
    const transactionId = systemIds.next('deploy');
    const begun = { kind: 'DEPLOYMENT', project: null, clusterId: null, subjectId: null, externalId: null } as const;
    const numbers = (reader: Reader) =>
      reader.rows<{ seq: number }>('SELECT seq FROM task_events WHERE transaction_id = ? ORDER BY seq', [
        transactionId,
      ]);
    await world.db.transaction(async (tx) => {
      const tasks = [task('1', 'PENDING'), task('2', 'PENDING')];
      await apply(tx, world.deps, [
        { transactionId, reportId: null, begin: { ...begun, name: 'd', dryRun: false }, tasks },
      ]);
      expect(await numbers(tx)).toEqual([{ seq: 1 }, { seq: 2 }]);
    });
    expect((await rowsOf(transactionId)).counts).toEqual({ PENDING: 2 });
    await take([{ transactionId, reportId: 'a', tasks: [task('1', 'RUNNING')] }]);
    await createSequencer(world.db, TASK_EVENT_STREAM).run();
    expect(await numbers(world.db.reader)).toEqual([{ seq: 1 }, { seq: 2 }, { seq: 3 }]);
    expect((await rowsOf(transactionId)).counts).toEqual({ PENDING: 1, RUNNING: 1 });
  });

  it('refuses a transaction it does not know', async () => {
    await expect(take([{ transactionId: 'deploy_none', reportId: 'a' }])).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('makes many transactions in few statements', async () => {
    const before = world.statements.length;
    const begun = { kind: 'DEPLOYMENT', project: null, clusterId: null, subjectId: null, externalId: null } as const;
    await take(
      Array.from({ length: 50 }, () => ({
        transactionId: systemIds.next('deploy'),
        reportId: null,
        begin: { ...begun, name: 'd', dryRun: false },
        tasks: [task('1', 'PENDING'), task('2', 'PENDING')],
      })),
    );
    // What numbers the events meanwhile quotes no names.
    const written = world.statements.slice(before).filter((sql) => /^(INSERT INTO|UPDATE) [`"]/.test(sql));
    expect(written.length).toBeGreaterThan(0);
    expect(written.length).toBeLessThan(6);
  });
});
