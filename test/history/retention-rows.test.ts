import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goOn } from '../../src/history/retention/progress.js';
import { DAY, HOUR } from '../../src/lib/time.js';
import { ADMIN } from '../kit/actors.js';
import { START } from '../kit/clock.js';
import { type NewTask, type NewTransaction, taskRow, transactionRow, writeHistory } from '../kit/history-rows.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';
import { keptPlainly, retain, traces, writeRunRows } from './ageing.js';
import { unique } from './deployments.js';

const AGE = 10 * DAY;

/** Days before now; 10 and more are too old. */
const days = fc.integer({ min: 1, max: 20 });

const generated = fc.array(
  fc.record({
    isRun: fc.boolean(),
    status: fc.constantFrom('READY', 'ERROR', 'LOST', 'RUNNING', 'PENDING' as const),
    madeAgo: days,
    lasted: fc.integer({ min: 0, max: 15 }),
    tasks: fc.array(
      fc.record({
        node: fc.constantFrom('1', '2', ''),
        name: fc.constantFrom('a', 'b'),
        status: fc.constantFrom('READY', 'READY', 'ERROR', 'SKIPPED' as const),
        /** Days after its transaction's beginning that it was reported. */
        late: fc.constantFrom(0, 0, 0, 6),
        startedAgo: days,
      }),
      { maxLength: 5 },
    ),
  }),
  { minLength: 1, maxLength: 8 },
);

function historyOf(
  cluster: string,
  made: typeof generated extends fc.Arbitrary<infer T> ? T : never,
): { transactions: NewTransaction[]; tasks: NewTask[] } {
  const transactions: NewTransaction[] = [];
  const tasks: NewTask[] = [];
  for (const { isRun, status, madeAgo, lasted, tasks: own } of made) {
    const createdAt = START - madeAgo * DAY;
    const isOpen = status === 'RUNNING' || status === 'PENDING';
    const timeEnd = isOpen ? null : Math.min(createdAt + lasted * DAY, START);
    const place = isRun ? { project: cluster } : { clusterId: cluster };
    const transaction = transactionRow(place, createdAt, { status, timeEnd });
    transactions.push(transaction);
    for (const [index, task] of own.entries()) {
      const orderedAt = START - task.startedAgo * DAY;
      const row = { nodeId: task.node, taskName: task.name, status: task.status, orderedAt };
      tasks.push(taskRow(transaction, index, { ...row, createdAt: createdAt + task.late * DAY }));
    }
  }
  return { transactions, tasks };
}

describe('where a walk through the old goes on', () => {
  it('is where it ended, an hour before for instants; and at the beginning, once a day', () => {
    const sweep = { position: 5 * HOUR, startedAt: START };
    const soon = START + DAY - 1;
    expect(goOn(sweep, soon, false)).toEqual(sweep);
    expect(goOn(sweep, soon, true)).toEqual({ ...sweep, position: 4 * HOUR });
    expect(goOn(sweep, START + DAY, false)).toEqual({ position: 0, startedAt: START + DAY });
    expect(goOn(undefined, START, true)).toEqual({ position: 0, startedAt: START });
  });
});

describe.each(storeKinds())('retention of rows (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  async function idsIn(table: 'transactions' | 'tasks', scopes: readonly string[]): Promise<Set<string>> {
    const rows = await world.db.reader.rows<{ id: string }>(`SELECT id FROM ${table} WHERE scope IN (?, ?)`, scopes);
    return new Set(rows.map(({ id }) => id));
  }

  it('leaves what a plain reckoning leaves: what is young, open or a last success', async () => {
    await fc.assert(
      fc.asyncProperty(generated, async (made) => {
        const cluster = unique('cluster');
        const { transactions, tasks } = historyOf(cluster, made);
        await writeHistory(world.db, transactions, tasks);
        for (const row of transactions) if (row.kind === 'JOB_RUN') await writeRunRows(world, row);
        const deleted = await retain(world, { rows: AGE });
        const kept = keptPlainly(transactions, tasks, START - AGE);
        const scopes = [cluster, `project/${cluster}`];
        expect(await idsIn('transactions', scopes)).toEqual(kept.transactions);
        expect(await idsIn('tasks', scopes)).toEqual(kept.tasks);
        expect(deleted.tasks).toBe(tasks.length - kept.tasks.size);
        expect(deleted.transactions).toBe(transactions.length - kept.transactions.size);
        for (const { id, kind } of transactions) {
          if (!kept.transactions.has(id)) expect(await traces(world, id)).toEqual({});
          else if (kind === 'JOB_RUN') expect(await traces(world, id)).toMatchObject({ job_runs: 1, run_output: 3 });
        }
        expect(await retain(world, { rows: AGE })).toMatchObject({ tasks: 0, transactions: 0 });
      }),
      { numRuns: store === 'sqlite' ? 40 : 12 },
    );
  });

  it('deletes a large transaction in small batches, and its last successes stay', async () => {
    const clusterId = unique('cluster');
    const old = transactionRow({ clusterId }, START - 20 * DAY);
    const tasks = Array.from({ length: 1_300 }, (_, index) => taskRow(old, index, { taskName: `t${index % 1_200}` }));
    await writeHistory(world.db, [old], tasks);
    const from = world.statements.length;
    await retain(world, { rows: AGE });
    expect(await traces(world, old.id)).toMatchObject({ transactions: 1, tasks: 1_200 });
    const later = transactionRow({ clusterId }, START - DAY);
    await writeHistory(
      world.db,
      [later],
      tasks.map((task, index) => taskRow(later, index, { taskName: task.taskName })),
    );
    world.clock.forward(DAY);
    await retain(world, { rows: AGE });
    expect(await traces(world, old.id)).toEqual({});
    const deletions = world.statements.slice(from).filter((sql) => sql.startsWith('DELETE'));
    for (const sql of deletions) expect(sql.split('?').length - 1).toBeLessThanOrEqual(500);
    expect(deletions.filter((sql) => sql.includes('FROM tasks')).length).toBeGreaterThanOrEqual(4);
  });

  it('looks again, a day later, at what was open or a last success', async () => {
    const clusterId = unique('cluster');
    const now = world.clock.now();
    const open = transactionRow({ clusterId }, now - 20 * DAY, { status: 'RUNNING', timeEnd: null });
    await writeHistory(world.db, [open], [taskRow(open, 1, { status: 'ERROR' })]);
    await retain(world, { rows: AGE });
    expect(await traces(world, open.id)).toEqual({ transactions: 1, tasks: 1 });
    await world.db.transaction((tx) =>
      tx.execute("UPDATE transactions SET status = 'READY', time_end = ? WHERE id = ?", [now - 19 * DAY, open.id]),
    );
    world.clock.forward(DAY + HOUR);
    await retain(world, { rows: AGE });
    expect(await traces(world, open.id)).toEqual({});
  });

  it('counts, once rows are gone, what ran, and lists what is kept', async () => {
    const clusterId = unique('cluster');
    const old = transactionRow({ clusterId }, world.clock.now() - 20 * DAY);
    await writeHistory(world.db, [old], [taskRow(old, 1), taskRow(old, 2, { status: 'ERROR' })]);
    const columns = 'transaction_id, pending, running, ready, error, skipped, lost, stopped';
    await world.db.transaction((tx) =>
      tx.execute(`INSERT INTO transaction_counts (${columns}) VALUES (?, 0, 0, 1, 1, 0, 0, 0)`, [old.id]),
    );
    await retain(world, { rows: AGE });
    const { transaction } = await world.gql<{ transaction: object }>(
      'query ($id: ID!) { transaction(id: $id) { taskCounts { status count } tasks { nodes { name status } } } }',
      { id: old.id },
    );
    expect(transaction).toEqual({
      taskCounts: [
        { status: 'ERROR', count: 1 },
        { status: 'READY', count: 1 },
      ],
      tasks: { nodes: [{ name: 'task-1', status: 'READY' }] },
    });
  });

  it('is never done where rows are kept for ever', async () => {
    const old = transactionRow({ clusterId: unique('cluster') }, START - 3_650 * DAY);
    await writeHistory(world.db, [old], [taskRow(old, 1, { status: 'ERROR' })]);
    expect(await retain(world, {})).toMatchObject({ tasks: 0, transactions: 0 });
    expect((await world.services.history.find(ctxOf(ADMIN), old.id))?.id).toBe(old.id);
  });
});
