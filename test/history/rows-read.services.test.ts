import { afterAll, beforeAll, expect, it } from 'vitest';
import { MIGRATIONS } from '../../migrations/all.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { migrateUp } from '../../src/db/migrate.js';
import type { Page, PageRequest } from '../../src/db/page.js';
import type { SqlValue } from '../../src/db/sql-value.js';
import type { Reader } from '../../src/db/transaction.js';
import type { TaskStatus } from '../../src/entities/ledger.js';
import { createHistoryService, type HistoryService } from '../../src/history/service.js';
import type { TaskFilter, TaskHistoryFilter } from '../../src/history/task-list.js';
import type { TransactionFilter } from '../../src/history/transaction-list.js';
import { ADMIN, MEMBER } from '../kit/actors.js';
import { type NewTransaction, taskRow, transactionRow, writeHistory } from '../kit/history-rows.js';
import { describeWithStores, type FreshStore, freshDatabase } from '../kit/stores.js';
import { ctxOf } from '../kit/world.js';

const TRANSACTIONS = 900;
const TASKS = 100;
const LARGE = 10_000;
const START = Date.UTC(2026, 0, 1);
const CLUSTERS = ['cluster_a', 'cluster_b', 'cluster_c', 'cluster_d'];
const PAGE = 50;
/** Rows read for each row shown, at most. */
const MOST = 10;

/** One of a hundred failed, some were skipped, few wait. */
function statusOf(index: number): TaskStatus {
  const place = (index * 7_919) % 1_000;
  if (place < 10) return 'ERROR';
  if (place < 40) return 'SKIPPED';
  if (place < 43) return 'PENDING';
  return place < 45 ? 'LOST' : 'READY';
}

/** A busy node has a fifth of all, and one task is rare. */
function tasksOf(transaction: NewTransaction, from: number, count: number) {
  return Array.from({ length: count }, (_, place) => {
    const index = from + place;
    const status = statusOf(index);
    return taskRow(transaction, place, {
      status,
      nodeId: index % 5 === 0 ? 'busy' : String(index % 49),
      taskName: index % 5_003 === 0 ? 'rare' : `task-${place % 100}`,
      timeStart: status === 'PENDING' || status === 'SKIPPED' ? null : transaction.createdAt + place,
    });
  });
}

function makeHistory() {
  const transactions = Array.from({ length: TRANSACTIONS }, (_, index) => {
    const place = index % 10 === 9 ? { project: 'default' } : { clusterId: CLUSTERS[index % 4] ?? '' };
    return transactionRow(place, START + index * 60_000, {
      status: index % 100 === 0 ? 'ERROR' : 'READY',
      externalId: `ext-${index}`,
      name: index % 301 === 0 ? 'rare' : 'deploy',
    });
  });
  const large = transactionRow({ clusterId: 'cluster_a' }, START + TRANSACTIONS * 60_000);
  const tasks = transactions.flatMap((transaction, index) => tasksOf(transaction, index * TASKS, TASKS));
  return {
    transactions: [...transactions, large],
    tasks: [...tasks, ...tasksOf(large, TASKS * TRANSACTIONS, LARGE)],
    large,
  };
}

interface Explained {
  select_type: string;
  table: string | null;
  type: string | null;
  key: string | null;
  Extra: string | null;
}

describeWithStores('the rows that lists of the ledger read', ['mysql'], () => {
  let store: FreshStore;
  let db: Database;
  let history: HistoryService;
  let large: NewTransaction;
  /** The statements of the page that is measured. */
  let sent: { sql: string; values: readonly SqlValue[] }[] = [];

  beforeAll(async () => {
    store = await freshDatabase('mysql');
    // One connection: what a session has read is told to that session.
    db = await openDatabase({ url: store.url, poolSize: 1 }, MIGRATIONS);
    await migrateUp(db);
    const made = makeHistory();
    large = made.large;
    await writeHistory(db, made.transactions, made.tasks);
    for (const table of ['tasks', 'transactions']) await db.reader.rows(`ANALYZE TABLE ${table}`);
    const { reader } = db;
    const told: Reader = {
      manager: reader.manager,
      rows(sql, values = []) {
        sent.push({ sql, values });
        return reader.rows(sql, values);
      },
      prepared(sql, values) {
        sent.push({ sql, values });
        return reader.prepared(sql, values);
      },
    };
    history = createHistoryService({ db: Object.assign(Object.create(db), { reader: told }) });
  });
  afterAll(async () => {
    await db.close();
    await store.drop();
  });

  async function handlerReads(): Promise<number> {
    const rows = await db.reader.rows<{ Value: string }>("SHOW SESSION STATUS LIKE 'Handler\\_read\\_%'");
    return rows.reduce((sum, { Value }) => sum + Number(Value), 0);
  }

  async function explain(): Promise<void> {
    for (const { sql, values } of sent) {
      for (const { key, type, Extra, table } of await db.reader.rows<Explained>(`EXPLAIN ${sql}`, values)) {
        // What rows are looked up by their numbers: in a small table all are read as quickly.
        if (type === null || table?.startsWith('<') || sql.includes('number IN (')) continue;
        // Without a condition, the index is read from its end.
        const types = sql.includes('WHERE') ? /^(ref|range|const|eq_ref)$/ : /^(index|range)$/;
        expect([sql, key, type]).toEqual([sql, expect.any(String), expect.stringMatching(types)]);
        // Of an external id there is one row in a cluster: those are sorted.
        const bad = key === 'ix_transactions_external_id' ? /temporary/ : /filesort|temporary/;
        expect([sql, Extra ?? '']).toEqual([sql, expect.not.stringMatching(bad)]);
      }
    }
  }

  /** Reads pages of a list and holds each against the rule: some, one of them large, and one that ends at a cursor. */
  async function measure(name: string, read: (request: PageRequest) => Promise<Page<unknown>>): Promise<void> {
    const hold = async (request: PageRequest, number: number | string): Promise<Page<unknown>> => {
      const idle = -(await handlerReads()) + (await handlerReads());
      sent = [];
      const before = await handlerReads();
      const page = await read(request);
      const reads = (await handlerReads()) - before - idle;
      const shown = page.edges.length;
      // A page that is not full has looked into each range, and found its end.
      const ends = page.hasNextPage ? 0 : 3 * sent.reduce((sum, { sql }) => sum + sql.split('SELECT').length, 0);
      const most = MOST * shown + ends;
      expect({ name, number, shown, reads }).toEqual({ name, number, shown, reads: Math.min(reads, most) });
      await explain();
      return page;
    };
    let after: string | null = null;
    for (let number = 1; number <= 12; number += 1) {
      const page: Page<unknown> = await hold({ first: number % 11 === 2 ? 500 : PAGE, after }, number);
      const third = page.edges[2]?.cursor;
      if (number < 3 && third) await hold({ first: PAGE, after, before: third }, `${number}, up to its third`);
      after = page.edges.at(-1)?.cursor ?? null;
      if (!page.hasNextPage) return;
    }
  }

  const middle = { startedAfter: START + 200 * 60_000, startedBefore: START + 700 * 60_000 };
  const within: [string, TaskFilter][] = [
    ['none', {}],
    ['statuses', { statuses: ['ERROR'] }],
    ['two statuses', { statuses: ['ERROR', 'READY'] }],
    ['nodes', { nodes: ['busy'] }],
    ['two nodes', { nodes: ['busy', '7'] }],
    ['nodes and statuses', { nodes: ['busy', '7'], statuses: ['ERROR'] }],
    ['names', { taskNames: ['rare'] }],
    ['names and statuses', { taskNames: ['task-3'], statuses: ['READY'] }],
    ['nodes and names', { nodes: ['busy'], taskNames: ['task-5'] }],
    ['nodes, names and statuses', { nodes: ['busy'], taskNames: ['task-5'], statuses: ['READY'] }],
  ];
  const across: [string, TaskHistoryFilter][] = [
    ['none', {}],
    ['statuses', { statuses: ['ERROR'] }],
    ['nodeIds', { nodeIds: ['busy'] }],
    ['two nodes', { nodeIds: ['busy', '7'] }],
    ['nodeIds and statuses', { nodeIds: ['busy'], statuses: ['ERROR'] }],
    ['taskNames', { taskNames: ['rare'] }],
    ['taskNames and statuses', { taskNames: ['task-5'], statuses: ['ERROR'] }],
    ['nodeIds and taskNames', { nodeIds: ['busy'], taskNames: ['task-5'] }],
    ['nodeIds, taskNames and statuses', { nodeIds: ['busy'], taskNames: ['task-5'], statuses: ['READY'] }],
    ['times', middle],
    ['statuses and times', { statuses: ['ERROR'], ...middle }],
    ['nodeIds and times', { nodeIds: ['busy'], ...middle }],
    ['nodeIds, statuses and times', { nodeIds: ['busy'], statuses: ['ERROR'], ...middle }],
    ['taskNames and times', { taskNames: ['task-5'], ...middle }],
  ];

  it.each(within)('of one transaction, by %s', async (name, filter) => {
    await measure(`tasks by ${name}`, (request) => history.tasks(large.id, request, filter));
  });

  it.each(across)('of a cluster, by %s', async (name, filter) => {
    await measure(`cluster by ${name}`, (request) =>
      history.taskHistory(ctxOf(ADMIN), { clusterIds: ['cluster_a'], ...filter }, null, request),
    );
  });

  it.each(across)("of a member's project, by %s", async (name, filter) => {
    await measure(`project by ${name}`, (request) => history.taskHistory(ctxOf(MEMBER), filter, null, request));
  });

  it.each(across)('of everything, by %s', async (name, filter) => {
    await measure(`all by ${name}`, (request) => history.taskHistory(ctxOf(ADMIN), filter, null, request));
  });

  it.each([
    ['none', {}],
    ['kinds', { kinds: ['JOB_RUN'] }],
    ['statuses', { statuses: ['ERROR'] }],
    ['names', { names: ['rare'] }],
    ['names and statuses', { names: ['deploy'], statuses: ['ERROR'] }],
    ['external ids', { externalIds: ['ext-17', 'ext-18'] }],
    ['clusters', { clusterIds: ['cluster_a', 'cluster_b'] }],
    ['clusters and statuses', { clusterIds: ['cluster_a'], statuses: ['ERROR'] }],
    ['times', { createdAfter: middle.startedAfter, createdBefore: middle.startedBefore }],
  ] satisfies [string, TransactionFilter][])('of transactions, by %s', async (name, filter) => {
    await measure(`transactions by ${name}`, (request) => history.list(ctxOf(ADMIN), filter, 'DESC', request));
  });
});
