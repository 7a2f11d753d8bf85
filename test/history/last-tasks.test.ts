import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NewTask, taskRow, transactionRow, writeHistory } from '../kit/history-rows.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

const START = Date.UTC(2026, 0, 1);
const CLUSTER = 'cluster_last';
const ATTEMPTS = 8;

describe.each(storeKinds())('the last tasks of a node (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
    const transactions = Array.from({ length: ATTEMPTS }, (_, index) =>
      transactionRow({ clusterId: CLUSTER }, START + index * 60_000),
    );
    const tasks = transactions.flatMap((transaction) =>
      ['few', 'many'].flatMap((nodeId) =>
        Array.from({ length: nodeId === 'few' ? 3 : 20 }, (_, place): NewTask => {
          return taskRow(transaction, place, { nodeId, status: 'READY' });
        }),
      ),
    );
    await writeHistory(world.db, transactions, tasks);
  });
  afterAll(() => world.close());

  /** How many statements a page of a node takes. */
  async function statementsOf(nodeId: string, of: 'ATTEMPTS' | 'SUCCESSES', page: object): Promise<number> {
    const before = world.statements.length;
    const { edges } = await world.services.analysis.lastTasks({ scope: CLUSTER, nodeId }, of, page);
    expect(edges.length).toBeGreaterThan(0);
    // The world's own work goes on meanwhile: the numbering of events.
    return world.statements.slice(before).filter((sql) => /\btasks\b/.test(sql)).length;
  }

  it.each(['ATTEMPTS', 'SUCCESSES'] as const)('take as many statements for any number of %s', async (of) => {
    // The names of a page, the newest row of each, the rows. A server finds each name by a statement of its own, one
    // place of the index each: in one statement MariaDB reads every attempt.
    const names = (count: number): number => (store === 'sqlite' ? 1 : count);
    expect(await statementsOf('few', of, { first: 50 })).toBe(names(3 + 1) + 2);
    expect(await statementsOf('many', of, { first: 50 })).toBe(names(20 + 1) + 2);
    expect(await statementsOf('many', of, { first: 5 })).toBe(names(5 + 1) + 2);
    expect(await statementsOf('many', of, { last: 5 })).toBe(names(5 + 1) + 2);
  });
});
