import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSocket, type Socket } from '../api/socket.js';
import { actor } from '../kit/actors.js';
import { ADMIN_TOKEN, startTestServer, type TestServer } from '../kit/server.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

const READER = actor('READER');
const NODES = ['1', '2', '3'];
const STATUSES = ['running', 'ready', 'error', 'skipped'] as const;

const CHANGED = `subscription ($ids: [ID!], $after: String) {
  taskHistoryChanged(filter: { transactionIds: $ids }, after: $after) {
    cursor tasks { id name nodeId status timeEnd } } }`;
const ROWS = `query ($id: ID!) { node(id: $id) { ... on Deployment { status
  tasks(first: 500) { nodes { id name nodeId status timeEnd } } } } }`;

interface Row {
  id: string;
  name: string;
  status: string;
}
interface Changed {
  cursor: string;
  tasks: Row[];
}

const byId = (rows: Iterable<Row>): Row[] => [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
const SOON = { timeout: 60_000, interval: 5 };

/** A graph with a task that nobody reports of: the end closes its row, and tells that last of all. */
const GRAPH = {
  tasks: [
    { name: 'deploy', nodes: NODES },
    { name: 'never', nodes: ['1'] },
  ],
};

/** What a dashboard shows: each row as it was told last. */
class Dashboard {
  readonly #rows = new Map<string, Row>();
  cursor: string;

  constructor(cursor: string) {
    this.cursor = cursor;
  }

  take({ cursor, tasks }: Changed): void {
    this.cursor = cursor;
    for (const row of tasks) this.#rows.set(row.id, row);
  }

  get rows(): Row[] {
    return byId(this.#rows.values());
  }

  get isOver(): boolean {
    return this.rows.some(({ name, status }) => name === 'never' && status === 'SKIPPED');
  }
}

interface Step {
  readonly kind: 'REPORT' | 'RECONNECT' | 'WAIT';
  readonly events: readonly { node: number; status: number }[];
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom('REPORT', 'REPORT', 'RECONNECT', 'WAIT'),
  events: fc.array(fc.record({ node: fc.nat(NODES.length - 1), status: fc.nat(STATUSES.length - 1) }), {
    minLength: 1,
    maxLength: 5,
  }),
});

const eventsOf = ({ events }: Step) =>
  events.map(({ node, status }) => ({ taskName: 'deploy', nodeId: NODES[node], status: STATUSES[status] }));

describe.each(storeKinds())('dashboards that come and go (%s)', (store) => {
  let world: World;
  let made = 0;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  /** Connects a dashboard; returns how to disconnect it. */
  function connect(dashboard: Dashboard, id: string): () => void {
    const end = new AbortController();
    const read = async (): Promise<void> => {
      const variables = { ids: [id], after: dashboard.cursor };
      const events = await world.follow<{ taskHistoryChanged: Changed }>(CHANGED, variables, READER, end.signal);
      for await (const { taskHistoryChanged } of events) {
        if (!end.signal.aborted) dashboard.take(taskHistoryChanged);
      }
    };
    void read();
    return () => end.abort();
  }

  async function run(steps: readonly Step[]): Promise<void> {
    made += 1;
    const { reports, live } = world.services;
    const ctx = world.context(actor('OPERATOR'));
    const dashboard = new Dashboard(live.now());
    const { transaction } = await reports.start(ctx, { cluster: 'c', externalId: `d-${made}`, graph: GRAPH });
    const { id } = transaction;
    let disconnect = connect(dashboard, id);
    for (const one of steps) {
      if (one.kind === 'WAIT') await nextTurn();
      else if (one.kind === 'RECONNECT') {
        disconnect();
        disconnect = connect(dashboard, id);
      } else {
        made += 1;
        await reports.report(ctx, { transactionId: id, reportId: `r-${made}`, events: eventsOf(one) });
      }
    }
    await reports.end(ctx, { transactionId: id, status: 'READY' });
    await expect.poll(() => dashboard.isOver, SOON).toBe(true);
    disconnect();
    const { node } = await world.gql<{ node: { tasks: { nodes: Row[] } } }>(ROWS, { id }, READER);
    expect(dashboard.rows).toEqual(byId(node.tasks.nodes));
  }

  it('end with the rows of the table', async () => {
    const schedules = fc.array(step, { minLength: 1, maxLength: 30, size: 'max' });
    await fc.assert(fc.asyncProperty(schedules, run), { numRuns: 15 });
  });
});

describe('fifty dashboards of one deployment', () => {
  const COUNT = 50;
  let server: TestServer;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    server = await startTestServer({ flags: { rateLimit: '0' } });
  });
  afterAll(async () => {
    await Promise.all(sockets.map((socket) => socket.end()));
    await server.stop();
  });

  async function data<T>(query: string, variables: Record<string, unknown>): Promise<T> {
    const { body } = await server.post({ query, variables });
    return (body as { data: T }).data;
  }

  /** The number of a metric. */
  async function metric(name: string): Promise<number> {
    const answer = await fetch(`${server.url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } });
    const line = (await answer.text()).split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1));
  }

  const mutation = (name: string, payload: string): string =>
    `mutation ($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) { made: ${name}(input: $input) { ... on ${payload} { transaction { id } } } }`;

  it('share one execution, and end with the rows of the table', async () => {
    const { serverInfo } = await data<{ serverInfo: { liveCursor: string } }>('{ serverInfo { liveCursor } }', {});
    const { made } = await data<{ made: { transaction: { id: string } } }>(
      mutation('transactionStart', 'TransactionStartPayload'),
      { input: { cluster: 'c', externalId: 'shared', graph: GRAPH } },
    );
    const { id } = made.transaction;
    const dashboards = Array.from({ length: COUNT }, () => new Dashboard(serverInfo.liveCursor));
    const read = async (dashboard: Dashboard): Promise<void> => {
      const socket = openSocket(server.endpoint, ADMIN_TOKEN);
      sockets.push(socket);
      for await (const { data: event } of socket.follow(CHANGED, { ids: [id], after: dashboard.cursor })) {
        if (event) dashboard.take(event.taskHistoryChanged as Changed);
        if (dashboard.isOver) return;
      }
    };
    const reading = dashboards.map(read);
    await expect.poll(() => metric('orrery_live_members'), SOON).toBe(COUNT);
    expect(await metric('orrery_live_groups')).toBe(1);
    for (const status of STATUSES) {
      const events = NODES.map((nodeId) => ({ taskName: 'deploy', nodeId, status }));
      const input = { transactionId: id, reportId: status, events };
      await data(mutation('transactionReport', 'TransactionReportPayload'), { input });
    }
    const input = { transactionId: id, status: 'READY' };
    await data(mutation('transactionEnd', 'TransactionEndPayload'), { input });
    await Promise.all(reading);
    const { node } = await data<{ node: { tasks: { nodes: Row[] } } }>(ROWS, { id });
    for (const { rows } of dashboards) expect(rows).toEqual(byId(node.tasks.nodes));
  });
});
