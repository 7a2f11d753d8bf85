import { afterAll, beforeAll, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/all.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { migrateUp } from '../../src/db/migrate.js';
import { insertRows } from '../../src/db/write.js';
import { ReportEntity, TaskEventEntity, TaskSummaryEntity } from '../../src/entities/ledger.js';
import { endSilentDeployments } from '../../src/history/intake/silence.js';
import { retainHistory } from '../../src/history/retention/round.js';
import type { Deleted } from '../../src/history/retention/rules.js';
import { systemIds } from '../../src/lib/ids.js';
import { DAY } from '../../src/lib/time.js';
import { FakeClock, START } from '../kit/clock.js';
import { type NewTask, type NewTransaction, taskRow, transactionRow, writeHistory } from '../kit/history-rows.js';
import { describeWithStores, type FreshStore, freshDatabase } from '../kit/stores.js';

const YOUNG = 300;
const OLD = 12;
const TASKS = 100;
/** Rows of an index or a table read for each row deleted, at most: finding it, and deleting it from what it is in. */
const MOST = 15;

function eventOf(task: NewTask, seq: number, receivedAt: number) {
  const { transactionId, id: taskId, status } = task;
  const rest = { taskId, attempt: 1, status, statusBefore: null, statusAfter: status, reason: null, reportedAt: null };
  return { id: systemIds.next('tev'), transactionId, seq, ...rest, receivedAt, reportId: 'r' };
}

function summaryOf({ id: taskId, status }: NewTask, at: number) {
  return { taskId, summary: { value: 1 }, status, decidedAt: at, decidedBy: 'r', createdAt: at };
}

/** Tasks that failed on nodes of a cluster, and one of twenty that succeeded. */
function tasksOf(transaction: NewTransaction): NewTask[] {
  return Array.from({ length: TASKS }, (_, index) =>
    taskRow(transaction, index, { status: index % 20 === 0 ? 'READY' : 'ERROR', nodeId: String(index % 10) }),
  );
}

describeWithStores('the rows that retention reads', ['mysql'], () => {
  let store: FreshStore;
  let db: Database;

  beforeAll(async () => {
    store = await freshDatabase('mysql');
    // One connection: what a session has read is told to that session.
    db = await openDatabase({ url: store.url, poolSize: 1, clock: new FakeClock() }, MIGRATIONS);
    await migrateUp(db);
    const transactions = Array.from({ length: OLD + YOUNG }, (_, index) => {
      const createdAt = START - (index < OLD ? 100 - index : 1) * DAY;
      const status = index % 100 === 50 ? ('RUNNING' as const) : ('ERROR' as const);
      return transactionRow({ clusterId: `cluster_${index % 3}` }, createdAt + index, { status });
    });
    const tasks = transactions.map(tasksOf);
    await writeHistory(db, transactions, tasks.flat());
    const dated = transactions.map((transaction, index) => ({ transaction, own: tasks[index] ?? [] }));
    await db.transaction(async (tx) => {
      for (const { transaction, own } of dated) {
        const { createdAt: at, id: transactionId } = transaction;
        await insertRows(
          tx,
          TaskEventEntity,
          own.map((task, place) => eventOf(task, place + 1, at)),
        );
        await insertRows(
          tx,
          TaskSummaryEntity,
          own.map((task) => summaryOf(task, at)),
        );
        const reports = Array.from({ length: 20 }, (_, place) => ({
          transactionId,
          reportId: `r${place}`,
          receivedAt: at,
        }));
        await insertRows(tx, ReportEntity, reports);
      }
    });
    for (const table of ['tasks', 'transactions', 'task_events', 'task_summaries', 'reports']) {
      await db.reader.rows(`ANALYZE TABLE ${table}`);
    }
  });
  afterAll(async () => {
    await db.close();
    await store.drop();
  });

  /** What the session has read so far: of indexes and rows, and by walks through a whole table. */
  async function reads(): Promise<{ all: number; walked: number }> {
    const rows = await db.reader.rows<{ Variable_name: string; Value: string }>(
      "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler\\_read\\_%' OR Variable_name = 'Handler_delete'",
    );
    const of = new Map(rows.map(({ Variable_name, Value }) => [Variable_name, Number(Value)]));
    return { all: [...of.values()].reduce((sum, n) => sum + n, 0), walked: of.get('Handler_read_rnd_next') ?? 0 };
  }

  async function measured<T>(work: () => Promise<T>): Promise<{ made: T; all: number; walked: number }> {
    const before = await reads();
    const made = await work();
    const after = await reads();
    return { made, all: after.all - before.all, walked: after.walked - before.walked };
  }

  const { signal } = new AbortController();
  const round = (ages: { rows: number; summaries: number; events: number }) =>
    measured(() => retainHistory({ db, ages, belongings: [], activity: async () => {}, onDeleted: () => {} }, signal));
  const count = (deleted: Deleted): number => Object.values(deleted).reduce((sum, rows) => sum + rows, 0);

  it('are few for each row deleted, however many are young', async () => {
    const cases = [
      [{ rows: 0, summaries: 90 * DAY, events: 0 }, 1_000],
      [{ rows: 0, summaries: 0, events: 30 * DAY }, 1_188 + 240],
      [{ rows: 30 * DAY, summaries: 0, events: 0 }, 1_000],
    ] as const;
    for (const [ages, least] of cases) {
      const { made, all, walked } = await round(ages);
      expect([ages, count(made) >= least, made]).toEqual([ages, true, made]);
      expect([ages, all < MOST * count(made), all, count(made)]).toEqual([ages, true, all, count(made)]);
      // Only the tables of one row or none are walked through; SHOW STATUS makes some rows of its own.
      expect([ages, walked < 200, walked]).toEqual([ages, true, walked]);
    }
  });

  it('are next to none in a round that finds nothing', async () => {
    const ages = { rows: 30 * DAY, summaries: 90 * DAY, events: 30 * DAY };
    await round(ages);
    const { made, all } = await round(ages);
    expect(count(made)).toBe(0);
    expect([all < 500, all]).toEqual([true, all]);
  });

  it('are, of a look for silent deployments, those of the open ones', async () => {
    const outbox = { append: async () => {}, ringAfterCommit: () => {} };
    const deps = { db, ids: systemIds, outbox, reportTimeout: 200 * DAY, onFault: () => {} };
    const { made, all, walked } = await measured(() => endSilentDeployments(deps, signal));
    expect(made).toBe(0);
    expect([all < 200, all]).toEqual([true, all]);
    expect([walked < 200, walked]).toEqual([true, walked]);
  });
});
