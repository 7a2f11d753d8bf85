import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeService, makeShard } from '../directory/kit.js';
import { actor } from '../kit/actors.js';
import { granted, TestAgent } from '../kit/agent.js';
import { backup, makeJob, runNow } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';

/** The heaviest documents that the limits let in: `$first` is the size of the outer page. */
const DOCUMENTS = {
  'jobs with client, runs, revisions, document and next runs': `query ($first: Int) { jobs(first: $first) { totalCount
    nodes { id key document client { key state } clientState whyNot { code } canStop canAbort canRemove
      nextRuns(first: 3) { at } backgroundJob { state service { host } } runs(first: 2) { nodes { id status client { key } } }
      revisions(first: 2) { nodes { revision changes { path } } } } } }`,
  'runs with job and tasks': `query ($first: Int) { runs(first: $first) { totalCount nodes { id state taskCounts { count }
    client { key } clientState job { key status client { key } } tasks(first: 3) { nodes { name status summary } } } } }`,
  'clients with jobs': `query ($first: Int) { clients(first: $first) { totalCount nodes { key state
    jobs(first: 3) { nodes { key status client { key } } } } } }`,
  'due times with job and run': `query ($first: Int) { dueTimes(first: $first) { nodes { at job { key client { key } }
    run { id tasks(first: 2) { nodes { name } } } } } }`,
  'clusters with deployments, tasks and what they belong to': `query ($first: Int) { clusters(first: $first) { totalCount
    nodes { name transactions(first: 2) { totalCount nodes { id name status taskCounts { count }
      ... on Deployment { cluster { name } } tasks(first: 2) { nodes { name cluster { name } } } } }
      taskHistory(first: 2) { nodes { name status transaction { id } } } } } }`,
  'transactions with tasks, record and job': `query ($first: Int) { transactions(first: $first) { totalCount nodes { id
    taskCounts { count } tasks(first: 3, filter: { statuses: [RUNNING, READY] }) { totalCount nodes { name summary } }
    taskEvents(first: 2) { totalCount nodes { seq task { name } } } ... on JobRun { state job { key } } } } }`,
  'tasks of everything with their transactions': `query ($first: Int) { taskHistory(first: $first) { totalCount nodes {
    name summary transaction { id name ... on JobRun { job { key } } } } } }`,
  'services with shards and work': `query ($first: Int) { services(first: $first) { totalCount nodes { host state silent
    shardCount work { kind } shards(first: 2) { totalCount nodes { slice state reason service { host } } } } } }`,
  'shards with services': `query ($first: Int) { shards(first: $first) { totalCount nodes { slice state reason
    service { host shardCount silent } } } }`,
  'background jobs with everything': `query ($first: Int) { backgroundJobs(first: $first) { totalCount nodes { kind state
    reason shard { state } service { host silent shardCount } job { key client { key } } run { id } work { state }
    occurrences(first: 2) { totalCount nodes { outcome lateness service { host } run { id } } } } } }`,
  activity: 'query ($first: Int) { activity(first: $first) { totalCount nodes { action actor subject detail } } }',
  tokens: 'query ($first: Int) { apiTokens(first: $first) { nodes { name role lastUsedAt } } }',
} as const;

describe.each(storeKinds())('the statements of a document (%s)', (store) => {
  let world: World;
  const ids: string[] = [];
  const admin = actor('ADMIN');
  beforeAll(async () => {
    world = await createWorld({ store });
    for (let number = 0; number < 12; number += 1) {
      const agent = new TestAgent(world, `host-${number}`);
      await agent.register();
      const schedule = { interval: { every: '1 hour' } };
      const jobId = await makeJob(world, `host-${number}`, [backup()], { schedule, start: true });
      const runId = await runNow(world, jobId);
      const told = await agent.started(granted(await agent.claim(runId)));
      await agent.append(told, [{ sequence: 1, text: 'a line\n' }]);
      if (number % 2 === 0) await agent.ended(told, { outcome: 'SUCCEEDED', summary: { number } });
      await world.gql('mutation ($id: ID!) { jobUpdate(input: { id: $id, description: "new" }) { __typename } }', {
        id: jobId,
      });
      ids.push(jobId, runId);
      const graph = { tasks: [{ name: 'install', nodes: ['1'] }] };
      const start = { cluster: `cluster ${number}`, externalId: 'first', graph };
      await world.services.reports.start(ctxOf(admin), start);
      const service = await makeService(world);
      for (let shard = 0; shard < 3; shard += 1) await makeShard(world, { host: service.host }, service);
    }
  });
  afterAll(() => world.close());

  /** The statements that a document of this many rows takes. */
  async function statementsOf(document: string, variables: Record<string, unknown>): Promise<string[]> {
    const before = world.statements.length;
    await world.gql(document, variables, admin);
    // The log of facts numbers those of the setup while the first documents are read.
    return world.statements.slice(before).filter((sql) => /^SELECT\b/.test(sql) && !/\bevents\b/.test(sql));
  }

  it.each(Object.entries(DOCUMENTS))('%s do not grow with the page', async (_name, document) => {
    const few = await statementsOf(document, { first: 2 });
    const many = await statementsOf(document, { first: 10 });
    // One more or less where reads that go on together meet at another moment; each row by itself would be eight more.
    expect(many.length, many.join('\n')).toBeLessThan(few.length + 4);
    expect(many.length).toBeLessThanOrEqual(20);
  });

  it('nodes of several types do not grow with the ids', async () => {
    const document = `query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Job { client { key } }
      ... on JobRun { job { key } } } }`;
    const few = await statementsOf(document, { ids: ids.slice(0, 4) });
    const many = await statementsOf(document, { ids: ids.slice(0, 20) });
    expect(many.length, many.join('\n')).toBeLessThan(few.length + 4);
  });

  interface Runs {
    totalCount: number;
    edges: { cursor: string; node: { id: string } }[];
    pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean };
  }

  it('pages of many lists read together are the pages of each', async () => {
    const jobId = ids[0] ?? '';
    const other = ids[2] ?? '';
    for (const id of [jobId, jobId, other]) {
      await world.gql('mutation ($id: ID!) { jobRunNow(input: { id: $id }) { __typename } }', { id });
      await world.gql('mutation ($id: ID!) { jobAbort(input: { id: $id }) { __typename } }', { id });
    }
    const document = `query ($ids: [ID!]!, $first: Int, $last: Int, $after: String, $direction: OrderDirection!) {
      nodes(ids: $ids) { ... on Job { runs(first: $first, last: $last, after: $after,
        orderBy: { field: STARTED_AT, direction: $direction }) {
        totalCount edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage } } } } }`;
    const ask = async (which: string[], rest: Record<string, unknown>) =>
      (await world.gql<{ nodes: { runs: Runs }[] }>(document, { ids: which, ...rest }, admin)).nodes.map(
        ({ runs }) => runs,
      );
    for (const direction of ['ASC', 'DESC']) {
      const whole = await ask([jobId, other], { first: 500, direction });
      const head = await ask([jobId, other], { first: 1, direction });
      const tail = await ask([jobId, other], { last: 1, direction });
      for (const [index, { edges, totalCount, pageInfo }] of whole.entries()) {
        expect(totalCount).toBe(edges.length);
        expect(pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: false });
        const more = edges.length > 1;
        expect(head[index]).toEqual({
          totalCount,
          edges: edges.slice(0, 1),
          pageInfo: { hasNextPage: more, hasPreviousPage: false },
        });
        expect(tail[index]).toEqual({
          totalCount,
          edges: edges.slice(-1),
          pageInfo: { hasNextPage: false, hasPreviousPage: more },
        });
      }
      const [rest] = await ask([jobId], { first: 500, after: head[0]?.edges[0]?.cursor, direction });
      expect(rest?.edges).toEqual(whole[0]?.edges.slice(1));
    }
  });

  it('a total is counted only when asked for', async () => {
    const statements = await statementsOf('{ jobs(first: 2) { nodes { key } pageInfo { hasNextPage } } }', {});
    expect(statements.filter((sql) => /COUNT\(/i.test(sql))).toEqual([]);
    expect(statements).toHaveLength(1);
  });
});
