import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TASK_EVENT_STREAM } from '../../src/events/numbered-stream.js';
import { createSequencer } from '../../src/events/sequencer.js';
import { deleteTransaction } from '../../src/history/retention/delete.js';
import { clearRemains } from '../../src/history/retention/remains.js';
import { beginPurge } from '../../src/history/retention/round.js';
import { ADMIN, actor } from '../kit/actors.js';
import { granted, TestAgent } from '../kit/agent.js';
import { backup, makeRun } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';
import { retain, retentionDeps, traces } from './ageing.js';
import { Reporter, unique } from './deployments.js';

interface Tombstone {
  transactionId: string;
  reason: string;
  clearedAt: string | null;
}

interface Deleted {
  __typename: string;
  outcome?: string;
  tombstone?: Tombstone;
  code?: string;
  path?: string[];
}

const TOMBSTONE =
  'transactionId number kind name externalId taskCount deletedAt actor actorId reason clearedAt project cluster { externalId }';
const DELETE = `mutation ($input: TransactionDeleteInput!) { made: transactionDelete(input: $input) { __typename
  ... on UserError { code path } ... on TransactionDeletePayload { outcome tombstone { ${TOMBSTONE} } } } }`;
const TOMBSTONES = `query ($filter: TransactionTombstoneFilter, $first: Int, $after: String) {
  transactionTombstones(filter: $filter, first: $first, after: $after) {
    nodes { ${TOMBSTONE} } totalCount pageInfo { hasNextPage endCursor } } }`;
const ONE = `query ($id: ID!) { transaction(id: $id) { id } node(id: $id) { id } transactionTombstone(id: $id) { reason } }`;

/** The first event that fits. */
async function firstOf<T>(events: AsyncIterable<T>, fits: (event: T) => boolean): Promise<T> {
  for await (const event of events) if (fits(event)) return event;
  throw new Error('The stream has ended.');
}

describe.each(storeKinds())('transactionDelete (%s)', (store) => {
  let world: World;
  let reporter: Reporter;
  beforeAll(async () => {
    world = await createWorld({ store });
    reporter = new Reporter(world);
  });
  afterAll(() => world.close());

  async function erase(id: string | number, reason = 'a test', as = ADMIN): Promise<Deleted> {
    const { made } = await world.gql<{ made: Deleted }>(DELETE, { input: { id: String(id), reason } }, as);
    await world.services.retention.settled();
    return made;
  }

  /** A deployment that is over, with tasks, summaries, reports and numbered events. */
  async function ended(cluster = 'lab', nodes = 3): Promise<string> {
    const id = await reporter.started({ cluster, settings: { a: 1 } });
    const events = Array.from({ length: nodes }, (_, node) => {
      return { taskName: 'deploy', nodeId: String(node), status: 'ready', summary: { node } };
    });
    await reporter.report(id, events);
    await reporter.tell('end', { transactionId: id, status: 'READY' });
    await reporter.report(id, [{ taskName: 'late', nodeId: '1', status: 'ready' }]);
    await createSequencer(world.db, TASK_EVENT_STREAM).run();
    return id;
  }

  it('leaves nothing but a tombstone, which says who, when, why and how much', async () => {
    const id = await ended();
    const { id: _, number, externalId, name } = (await world.services.history.find(ctxOf(ADMIN), id)) ?? { number: 0 };
    const now = new Date(world.clock.now()).toISOString();
    const done = await erase(id, 'it names a customer');
    expect(done).toEqual({
      __typename: 'TransactionDeletePayload',
      outcome: 'DELETED',
      tombstone: {
        ...{ transactionId: id, number, kind: 'DEPLOYMENT', name, externalId, taskCount: 4, deletedAt: now },
        ...{ actor: 'admin', actorId: 'admin', reason: 'it names a customer', clearedAt: null },
        ...{ project: null, cluster: { externalId: 'lab' } },
      },
    });
    expect(await traces(world, id)).toEqual({});
    const [summaries] = await world.db.reader.rows<{ n: number }>(
      'SELECT COUNT(*) AS n FROM task_summaries WHERE task_id NOT IN (SELECT id FROM tasks)',
    );
    expect(Number(summaries?.n)).toBe(0);
    expect(await world.gql(ONE, { id })).toEqual({
      transaction: null,
      node: null,
      transactionTombstone: { reason: 'it names a customer' },
    });
    expect(await world.gql('query ($id: ID!) { transactionTombstone(id: $id) { clearedAt } }', { id: number })).toEqual(
      {
        transactionTombstone: { clearedAt: now },
      },
    );
    const { nodes } = await activityOf(id);
    expect(nodes[0]).toMatchObject({ action: 'transactionDelete', actor: 'admin', detail: { tasks: 4, name } });
  });

  async function activityOf(subject: string): Promise<{ nodes: object[] }> {
    const query = 'query ($filter: ActivityFilter) { activity(filter: $filter) { nodes { action actor detail } } }';
    return (await world.gql<{ activity: { nodes: object[] } }>(query, { filter: { subject } })).activity;
  }

  it('done twice changes nothing more', async () => {
    const id = await ended();
    await erase(id, 'first');
    const again = await erase(id, 'second');
    expect(again).toMatchObject({ outcome: 'ALREADY_DELETED', tombstone: { transactionId: id, reason: 'first' } });
    const [row] = await world.db.reader.rows<{ number: number }>(
      'SELECT number FROM transaction_tombstones WHERE id = ?',
      [id],
    );
    expect(await erase(row?.number ?? 0)).toMatchObject({ outcome: 'ALREADY_DELETED' });
  });

  it('refuses what is open, what is not there, and a reason that says nothing', async () => {
    const open = await reporter.started();
    expect(await erase(open)).toMatchObject({ code: 'TRANSACTION_OPEN', path: ['id'] });
    expect(await traces(world, open)).toMatchObject({ transactions: 1 });
    expect(await erase('deploy_nobody')).toMatchObject({ code: 'NOT_FOUND' });
    expect(await erase(open, '  ')).toMatchObject({ code: 'INVALID_INPUT', path: ['reason'] });
    expect(await erase(open, 'x'.repeat(256))).toMatchObject({ code: 'INVALID_INPUT', path: ['reason'] });
  });

  it('is for admins only, and of a project for those of its own', async () => {
    const id = await ended();
    for (const as of [actor('OPERATOR'), actor('MEMBER', 'default'), actor('READER')]) {
      await expect(erase(id, 'no', as)).rejects.toThrow('may not use');
    }
    expect(await erase(id, 'no', actor('ADMIN', 'default'))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await traces(world, id)).toMatchObject({ transactions: 1 });
    await erase(id);
    const seen = await world.gql<{ transactionTombstone: unknown }>(
      'query ($id: ID!) { transactionTombstone(id: $id) { reason } }',
      { id },
      actor('ADMIN', 'default'),
    );
    expect(seen.transactionTombstone).toBeNull();
  });

  it('tells who follows, and ends the streams of its record', async () => {
    const id = await ended();
    const ending = new AbortController();
    const changes = await world.follow<{ transactionChanged: { deleted: boolean } }>(
      `subscription ($id: [ID!]) { transactionChanged(filter: { transactionIds: $id }) {
        status statusBefore deleted transaction { id } } }`,
      { id: [id] },
      ADMIN,
      ending.signal,
    );
    await erase(id);
    const last = await firstOf(changes, ({ transactionChanged }) => transactionChanged.deleted);
    expect(last.transactionChanged).toEqual({
      ...{ status: 'READY', statusBefore: 'READY', deleted: true, transaction: null },
    });
    ending.abort();
  });

  it("deletes a job's run with its assignment and output, and tells of it", async () => {
    const agent = new TestAgent(world, 'host');
    await agent.register();
    const { runId } = await makeRun(world, 'host', [backup()]);
    const claimed = granted(await agent.claim(runId));
    await agent.carryOut(await agent.started(claimed));
    expect(await traces(world, runId)).toMatchObject({ job_runs: 1, transactions: 1 });
    const ending = new AbortController();
    const follow = (document: string) =>
      world.follow<Record<string, { deleted: boolean }>>(document, { id: [runId] }, ADMIN, ending.signal);
    const runs = await follow(
      'subscription ($id: [ID!]) { runChanged(filter: { runIds: $id }) { deleted run { id } } }',
    );
    const ofProject = actor('ADMIN', 'default');
    expect(await erase(runId, 'done', actor('ADMIN', 'other'))).toMatchObject({ code: 'NOT_FOUND' });
    expect(await erase(runId, 'done', ofProject)).toMatchObject({
      outcome: 'DELETED',
      tombstone: { project: 'default', cluster: null },
    });
    const last = await firstOf(runs, ({ runChanged }) => runChanged?.deleted === true);
    expect(last.runChanged).toEqual({ deleted: true, run: null });
    ending.abort();
    expect(await traces(world, runId)).toEqual({});
    expect(await world.gql('query ($id: ID!) { run(id: $id) { id } }', { id: runId })).toEqual({ run: null });
    const { runs: list } = await world.gql<{ runs: { nodes: { id: string }[] } }>('{ runs { nodes { id } } }');
    expect(list.nodes.map(({ id }) => id)).not.toContain(runId);
  });

  it('goes in small batches, and whoever is killed in the middle is followed by the next round', async () => {
    const id = await ended('lab', 900);
    const killed = new AbortController();
    const sizes: number[] = [];
    const deps = retentionDeps(world, {}, (kind, rows) => {
      sizes.push(rows);
      if (kind === 'tasks') killed.abort();
    });
    // A server that dies right after its commit, and one that dies after the first batch.
    await deleteTransaction(deps, ctxOf(ADMIN), { id, reason: 'a crash' });
    expect(await traces(world, id)).toMatchObject({ tasks: 901, transaction_remains: 1 });
    await clearRemains(beginPurge(deps, killed.signal).purge);
    expect(await traces(world, id)).toMatchObject({ tasks: 401, transaction_remains: 1 });
    expect(await world.gql(ONE, { id })).toMatchObject({
      transaction: null,
      transactionTombstone: { reason: 'a crash' },
    });
    expect(await erase(id)).toMatchObject({ outcome: 'ALREADY_DELETED', tombstone: { clearedAt: null } });
    await retain(world, {});
    await createSequencer(world.db, TASK_EVENT_STREAM).run();
    expect(await traces(world, id)).toEqual({});
    expect(Math.max(...sizes)).toBeLessThanOrEqual(500);
  });

  it('leaves no counts when its last events are numbered meanwhile', async () => {
    const id = await ended();
    const deps = retentionDeps(world, {});
    await deleteTransaction(deps, ctxOf(ADMIN), { id, reason: 'a race' });
    expect(await traces(world, id)).not.toHaveProperty('transaction_counts');
    // One that was committed before, and has no number yet.
    await world.db.transaction((tx) => {
      const columns = 'id, transaction_id, seq, task_id, attempt, status, status_after, received_at, report_id';
      const values = [unique('tev'), id, null, 'task_x', 1, 'READY', 'READY', world.clock.now(), 'r'];
      return tx.execute(`INSERT INTO task_events (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, values);
    });
    await createSequencer(world.db, TASK_EVENT_STREAM).run();
    expect(await traces(world, id)).toMatchObject({ transaction_counts: 1 });
    await retain(world, {});
    expect(await traces(world, id)).toEqual({});
  });

  it('lists tombstones by pages, the latest first, of a cluster or a project', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const id = await ended('paged');
      world.clock.forward(1_000);
      await erase(id, `reason ${count}`);
      ids.unshift(id);
    }
    const [row] = await world.db.reader.rows<{ scope: string }>(
      'SELECT scope FROM transaction_tombstones WHERE id = ?',
      [ids[0] ?? ''],
    );
    interface Listed {
      transactionTombstones: { nodes: Tombstone[]; totalCount: number; pageInfo: { endCursor: string } };
    }
    const filter = { clusterId: row?.scope };
    const first = await world.gql<Listed>(TOMBSTONES, { filter, first: 2 });
    const { endCursor: after } = first.transactionTombstones.pageInfo;
    const second = await world.gql<Listed>(TOMBSTONES, { filter, first: 2, after });
    const listed = [first, second].flatMap(({ transactionTombstones }) => transactionTombstones.nodes);
    expect(listed.map(({ transactionId }) => transactionId)).toEqual(ids);
    expect(first.transactionTombstones.totalCount).toBe(3);
    const ofProject = await world.gql<Listed>(TOMBSTONES, { filter: { project: 'nothing' } });
    expect(ofProject.transactionTombstones.nodes).toEqual([]);
  });
});
