import { afterAll, beforeAll, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/all.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { migrateUp } from '../../src/db/migrate.js';
import { createHistoryAnalysis, type HistoryAnalysis } from '../../src/history/analysis.js';
import { ADMIN } from '../kit/actors.js';
import { type NewTask, type NewTransaction, taskRow, transactionRow, writeHistory } from '../kit/history-rows.js';
import { describeWithStores, type FreshStore, freshDatabase } from '../kit/stores.js';
import { ctxOf } from '../kit/world.js';

const START = Date.UTC(2026, 0, 1);
const CLUSTER = 'cluster_a';
const NODE = { scope: CLUSTER, nodeId: 'busy' };
const NAMES = 30;
/** Attempts of each task on the node. */
const ATTEMPTS = 1_000;
const LARGE = 5_000;

/** Many attempts of few tasks on one node, and two transactions of many tasks. */
function makeHistory() {
  const of = (index: number) => transactionRow({ clusterId: CLUSTER }, START + index * 60_000);
  const deployments = Array.from({ length: ATTEMPTS }, (_, index) => of(index));
  const sides = [of(ATTEMPTS), of(ATTEMPTS + 1)] as const;
  const attempts = deployments.flatMap((transaction, index) =>
    Array.from({ length: NAMES }, (_, place): NewTask => {
      const status = (index + place) % 17 === 0 ? 'ERROR' : 'READY';
      return taskRow(transaction, place, { nodeId: NODE.nodeId, status });
    }),
  );
  // Of a hundred tasks one differs.
  const compared = sides.flatMap((transaction, side) =>
    Array.from({ length: LARGE }, (_, place): NewTask => {
      const status = side === 1 && place % 100 === 0 ? 'ERROR' : 'READY';
      return taskRow(transaction, place, { nodeId: String(place % 50), status });
    }),
  );
  return { transactions: [...deployments, ...sides], tasks: [...attempts, ...compared], sides };
}

describeWithStores('the rows that the analysis of the ledger reads', ['mysql'], () => {
  let store: FreshStore;
  let db: Database;
  let analysis: HistoryAnalysis;
  let sides: readonly [NewTransaction, NewTransaction];
  const { signal } = new AbortController();

  beforeAll(async () => {
    store = await freshDatabase('mysql');
    // One connection: what a session has read is told to that session.
    db = await openDatabase({ url: store.url, poolSize: 1 }, MIGRATIONS);
    await migrateUp(db);
    const made = makeHistory();
    sides = made.sides;
    await writeHistory(db, made.transactions, made.tasks);
    for (const table of ['tasks', 'transactions']) await db.reader.rows(`ANALYZE TABLE ${table}`);
    analysis = createHistoryAnalysis({ db });
  });
  afterAll(async () => {
    await db.close();
    await store.drop();
  });

  async function handlerReads(): Promise<number> {
    const rows = await db.reader.rows<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler\\_read\\_%'");
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
  }

  /** How many rows something reads. */
  async function readsOf<T>(work: () => Promise<T>): Promise<{ reads: number; result: T }> {
    const idle = -(await handlerReads()) + (await handlerReads());
    const before = await handlerReads();
    const result = await work();
    return { result, reads: (await handlerReads()) - before - idle };
  }

  it.each([
    ['ATTEMPTS', { first: 50 }, NAMES],
    ['ATTEMPTS', { first: 10 }, 10],
    ['ATTEMPTS', { last: 10 }, 10],
    ['SUCCESSES', { first: 50 }, NAMES],
    ['SUCCESSES', { last: 10 }, 10],
  ] as const)('last %s of a node, of %o: by the tasks on the page, not by their attempts', async (of, page, shown) => {
    const { result, reads } = await readsOf(() => analysis.lastTasks(NODE, of, page));
    expect(result.edges).toHaveLength(shown);
    expect(reads).toBeLessThan(40 * NAMES);
    const count = await readsOf(() => result.total());
    expect(count.result).toBe(NAMES);
    expect(count.reads).toBeLessThan(20 * NAMES);
  });

  it('a page of differences: both sides as far as the page needs', async () => {
    const [before, after] = [sides[0].id, sides[1].id];
    const compare = (page: object) => analysis.diff({ before, after }, {}, page, signal);
    const first = await readsOf(() => compare({ first: 2 }));
    expect(first.result.edges).toHaveLength(2);
    expect(first.reads).toBeLessThan(8_000);
    const all = await readsOf(() => compare({ first: 500 }));
    expect(all.result.edges).toHaveLength(LARGE / 100);
    expect(all.reads).toBeLessThan(10 * 2 * LARGE);
  });

  it('statistics: the attempts in the window, a few times each', async () => {
    const from = START + 500 * 60_000;
    const filter = { taskName: 'task-3', clusterIds: [CLUSTER], from, to: from + 200 * 60_000 };
    for (const nodeIds of [null, [NODE.nodeId]]) {
      const { result, reads } = await readsOf(() => analysis.stats(ctxOf(ADMIN), { ...filter, nodeIds }, signal));
      expect(result.figures.attempts).toBe(200);
      expect(reads).toBeLessThan(4 * 200);
    }
  });
});
