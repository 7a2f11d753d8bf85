import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../kit/server.js';
import { storeKinds } from '../kit/stores.js';

describe.each(storeKinds())('the ends of the history on a server (%s)', (store) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ store, flags: { historyRowsRetention: '400d', rateLimit: '0' } });
  });
  afterAll(() => server.stop());

  async function ask<T>(query: string, variables: object = {}): Promise<T> {
    const { body } = await server.post({ query, variables });
    return (body as { data: T }).data;
  }

  /** Asks until the answer is there. */
  async function until<T>(question: () => Promise<T | null>): Promise<T> {
    for (;;) {
      const answer = await question();
      if (answer !== null) return answer;
    }
  }

  it('tells of a round soon after the start, and how long what is kept', async () => {
    interface Answer {
      serverInfo: { historyRetention: { lastRun: string | null; rowsAge: number; eventsAge: number } };
    }
    const done = await until(async () => {
      const { serverInfo } = await ask<Answer>('{ serverInfo { historyRetention { lastRun rowsAge eventsAge } } }');
      return serverInfo.historyRetention.lastRun === null ? null : serverInfo.historyRetention;
    });
    expect(done).toMatchObject({ rowsAge: 400 * 86_400, eventsAge: 30 * 86_400 });
  });

  it('clears what an admin deleted beside the work, and counts it', async () => {
    const tasks = [{ name: 'a', nodes: Array.from({ length: 600 }, (_, node) => String(node)) }];
    const { made } = await ask<{ made: { transaction: { id: string } } }>(
      `mutation ($graph: DeploymentGraphInput) { made: transactionStart(input: { cluster: "c", externalId: "d", graph: $graph }) {
        ... on TransactionStartPayload { transaction { id } } } }`,
      { graph: { tasks } },
    );
    const { id } = made.transaction;
    const deleted = await ask<{ gone: { outcome: string; tombstone: { taskCount: number } } }>(
      `mutation ($id: ID!) { transactionEnd(input: { transactionId: $id, status: ERROR }) { __typename }
        gone: transactionDelete(input: { id: $id, reason: "a test" }) {
          ... on TransactionDeletePayload { outcome tombstone { taskCount } } } }`,
      { id },
    );
    expect(deleted.gone).toEqual({ outcome: 'DELETED', tombstone: { taskCount: 600 } });
    await until(async () => {
      const query = 'query ($id: ID!) { transactionTombstone(id: $id) { clearedAt } }';
      return (await ask<{ transactionTombstone: { clearedAt: string | null } }>(query, { id })).transactionTombstone
        .clearedAt;
    });
    const metrics = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    const text = await metrics.text();
    expect(text).toContain('orrery_history_deleted_total{kind="transactions"} 1');
    expect(text).toContain('orrery_history_deleted_total{kind="tasks"} 600');
    expect(text).toMatch(/orrery_history_deleted_total\{kind="events"\} 1200/);
  });
});
