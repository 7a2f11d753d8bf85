import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MEMBER } from '../kit/actors.js';
import { granted, TestAgent } from '../kit/agent.js';
import { backup, makeJob, makeRun, runNow } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

const LIST = `query ($filter: RunFilter, $orderBy: RunOrder, $first: Int, $after: String) {
  runs(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount nodes { id } pageInfo { hasNextPage endCursor } } }`;

interface Listed {
  totalCount: number;
  nodes: { id: string }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

describe.each(storeKinds())('the list of runs (%s)', (store) => {
  let world: World;
  const runs: Record<'success' | 'failed' | 'aborted' | 'running' | 'waiting', string> = {
    success: '',
    failed: '',
    aborted: '',
    running: '',
    waiting: '',
  };
  let jobId: string;
  let startedAt: string;

  beforeAll(async () => {
    world = await createWorld({ store });
    const agent = new TestAgent(world, 'one');
    await agent.register();
    jobId = await makeJob(world, 'one', [backup()], { key: 'the-job', overlap: 'ALLOW_ALL' });
    runs.success = await runNow(world, jobId);
    await agent.carryOut(granted(await agent.claim(runs.success)));
    world.clock.forward(1_000);
    startedAt = new Date(world.clock.now()).toISOString();
    world.clock.forward(1_000);
    runs.failed = await runNow(world, jobId);
    await agent.carryOut(granted(await agent.claim(runs.failed)), 'FAILED');
    const aborted = await makeRun(world, 'two');
    runs.aborted = aborted.runId;
    await world.gql('mutation ($id: ID!) { jobAbort(input: { id: $id }) { ... on UserError { message } } }', {
      id: aborted.jobId,
    });
    world.clock.forward(1_000);
    runs.running = await runNow(world, jobId);
    await agent.started(granted(await agent.claim(runs.running)));
    runs.waiting = (await makeRun(world, 'three')).runId;
  });
  afterAll(() => world.close());

  async function list(variables: Record<string, unknown>): Promise<Listed> {
    return (await world.gql<{ runs: Listed }>(LIST, variables, MEMBER)).runs;
  }

  const named = (listed: Listed): string[] =>
    listed.nodes.map(({ id }) => Object.entries(runs).find(([, run]) => run === id)?.[0] ?? id);

  it('is narrowed by each filter and by several', async () => {
    const cases: [Record<string, unknown>, string[]][] = [
      [{}, ['waiting', 'running', 'aborted', 'failed', 'success']],
      [{ jobIds: [jobId] }, ['running', 'failed', 'success']],
      [{ jobKeys: ['the-job', 'none'] }, ['running', 'failed', 'success']],
      [{ clientIds: ['two', 'three'] }, ['waiting', 'aborted']],
      [{ statuses: ['READY', 'STOPPED'] }, ['aborted', 'success']],
      [{ states: ['WAITING', 'RUNNING'] }, ['waiting', 'running']],
      [{ results: ['FAIL', 'ABORTED'] }, ['aborted', 'failed']],
      [{ triggers: ['MANUAL'] }, ['waiting', 'running', 'aborted', 'failed', 'success']],
      [{ triggers: ['SCHEDULE'] }, []],
      [{ startedAfter: startedAt }, ['running', 'failed']],
      [{ startedBefore: startedAt }, ['success']],
      [{ jobIds: [] }, []],
      [{ states: ['ENDED'], results: ['SUCCESS'], clientIds: ['one'], startedBefore: startedAt }, ['success']],
      [{ statuses: ['READY'], results: ['FAIL'] }, []],
    ];
    for (const [filter, expected] of cases) {
      const listed = await list({ filter });
      expect([filter, named(listed)]).toEqual([filter, expected]);
      expect(listed.totalCount).toBe(expected.length);
    }
  });

  it('is ordered and paged by keyset, in any order', async () => {
    for (const [orderBy, expected] of [
      [{ field: 'CREATED_AT', direction: 'ASC' }, ['success', 'failed', 'aborted', 'running', 'waiting']],
      [{ field: 'STARTED_AT', direction: 'DESC' }, ['running', 'failed', 'success', 'waiting', 'aborted']],
    ] as const) {
      const seen: string[] = [];
      let after: string | null = null;
      for (let more = true; more; ) {
        const page: Listed = await list({ orderBy, first: 2, after });
        seen.push(...named(page));
        more = page.pageInfo.hasNextPage;
        after = page.pageInfo.endCursor;
      }
      expect(seen).toEqual(expected);
    }
    const { pageInfo } = await list({ first: 1 });
    await expect(
      list({ orderBy: { field: 'STARTED_AT', direction: 'ASC' }, after: pageInfo.endCursor }),
    ).rejects.toThrow(/belongs to another list/);
  });

  it('asks a fixed number of statements, however many runs it shows', async () => {
    const document = `query ($first: Int) { runs(first: $first) { nodes { id status job { key } client { hostname }
      clientState tasks(first: 10) { nodes { name summary transaction { id } } } } } }`;
    const count = async (first: number): Promise<number> => {
      const before = world.statements.length;
      await world.gql(document, { first }, MEMBER);
      return world.statements.slice(before).filter((sql) => /^SELECT/.test(sql) && !/events|stream_heads/.test(sql))
        .length;
    };
    await count(1);
    expect(await count(5)).toBe(await count(2));
    expect(await count(5)).toBeLessThanOrEqual(9);
  });
});
