import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, actor, MEMBER, OTHER_MEMBER } from '../kit/actors.js';
import { granted, TestAgent } from '../kit/agent.js';
import { makeJob, makeRun } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

const REGISTER = `mutation ($input: ClientRegisterInput!) { answer: clientRegister(input: $input) {
  __typename ... on ClientRegisterPayload { client { id key project hostname version capabilities state } }
  ... on UserError { code path } } }`;
const LIST = `query ($filter: ClientFilter, $orderBy: ClientOrder, $first: Int, $after: String) {
  clients(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    nodes { key state } totalCount pageInfo { endCursor hasNextPage } } }`;

interface Listed {
  nodes: { key: string; state: string }[];
  totalCount: number;
  pageInfo: { endCursor: string | null; hasNextPage: boolean };
}

const registration = (key: string, rest: Record<string, unknown> = {}) => ({
  key,
  hostname: `${key}.example.org`,
  version: '1.2.3',
  capabilities: { tar: '1.34' },
  sessionId: 'session-abc',
  ...rest,
});

describe.each(storeKinds())('a client (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  async function register(input: Record<string, unknown>, as = ADMIN) {
    const { answer } = await world.gql<{ answer: { client: Record<string, unknown>; code: string; path: string[] } }>(
      REGISTER,
      { input },
      as,
    );
    return answer;
  }

  async function list(variables: Record<string, unknown>, as = MEMBER): Promise<Listed> {
    return (await world.gql<{ clients: Listed }>(LIST, variables, as)).clients;
  }

  it('registers itself, and comes back as the same', async () => {
    const first = await register(registration('reg'));
    expect(first.client).toMatchObject({
      key: 'reg',
      project: 'default',
      hostname: 'reg.example.org',
      state: 'ONLINE',
    });
    const again = await register(registration('reg', { version: '2', sessionId: 'session-def' }));
    expect(again.client).toMatchObject({ id: first.client.id, version: '2', capabilities: { tar: '1.34' } });
  });

  it('registers once when two agents do at one instant', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => register(registration('rush'))));
    expect(new Set(answers.map(({ client }) => client.id)).size).toBe(1);
  });

  it("registers under its token's own name and project only", async () => {
    const as = actor('AGENT', 'default', 'own');
    expect(await register(registration('own'), as)).toHaveProperty('client');
    expect(await register(registration('foreign'), as)).toMatchObject({ code: 'FORBIDDEN', path: ['key'] });
    expect(await register(registration('own', { project: 'other' }), as)).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('is refused with every fault named', async () => {
    const bad = await register(registration('no spaces', { sessionId: 'x', hostname: 'h'.repeat(256) }));
    expect(bad).toMatchObject({ code: 'INVALID_INPUT', path: ['key'] });
  });

  it('is listed by key, state, host name and text, in both orders, within its project', async () => {
    await register(registration('list-a'));
    world.clock.forward(61_000);
    await register(registration('list-b'));
    await register(registration('list-other', { project: 'other' }));
    const keys = ['list-a', 'list-b', 'list-other'];
    expect((await list({ filter: { keys } })).nodes).toEqual([
      { key: 'list-b', state: 'ONLINE' },
      { key: 'list-a', state: 'OFFLINE' },
    ]);
    const found = async (filter: Record<string, unknown>) =>
      (await list({ filter: { keys, ...filter } })).nodes.map(({ key }) => key);
    expect(await found({ states: ['ONLINE'] })).toEqual(['list-b']);
    expect(await found({ states: ['OFFLINE'] })).toEqual(['list-a']);
    expect(await found({ states: ['UNKNOWN'] })).toEqual([]);
    expect(await found({ hostnames: ['list-a.example.org'] })).toEqual(['list-a']);
    expect(await found({ search: 'ist-b.exam' })).toEqual(['list-b']);
    expect(await found({ search: '%' })).toEqual([]);
    expect((await list({ filter: { keys } }, ADMIN)).totalCount).toBe(3);
    expect((await list({ filter: { keys } }, OTHER_MEMBER)).nodes.map(({ key }) => key)).toEqual(['list-other']);
    const orderBy = { field: 'LAST_SEEN_AT', direction: 'ASC' };
    const first = await list({ filter: { keys }, orderBy, first: 1 });
    const rest = await list({ filter: { keys }, orderBy, first: 1, after: first.pageInfo.endCursor });
    expect([first, rest].flatMap(({ nodes }) => nodes.map(({ key }) => key))).toEqual(['list-a', 'list-b']);
  });

  it('shows its jobs, and its jobs show it; one that is not registered is UNKNOWN', async () => {
    const jobId = await makeJob(world, 'late');
    const job = 'query ($id: ID!) { job(id: $id) { client { key } clientState } }';
    expect(await world.gql(job, { id: jobId }, MEMBER)).toEqual({ job: { client: null, clientState: 'UNKNOWN' } });
    await new TestAgent(world, 'late').register();
    expect(await world.gql(job, { id: jobId }, MEMBER)).toEqual({
      job: { client: { key: 'late' }, clientState: 'ONLINE' },
    });
    const jobs = 'query ($id: ID!) { client(id: $id) { jobs { nodes { id } } } }';
    expect(await world.gql(jobs, { id: 'late' }, MEMBER)).toEqual({ client: { jobs: { nodes: [{ id: jobId }] } } });
    expect(await world.gql(jobs, { id: 'late' }, OTHER_MEMBER)).toEqual({ client: null });
  });

  it('named without its project is ambiguous where several have one', async () => {
    await register(registration('both'));
    await register(registration('both', { project: 'other' }));
    await expect(world.gql('{ client(id: "both") { id } }')).rejects.toMatchObject({ code: 'CONFLICT' });
    const one = await world.gql('{ client(id: "both", project: "other") { project } }');
    expect(one).toEqual({ client: { project: 'other' } });
  });

  it('is described and removed by people; removed, its agent gets no work until it registers anew', async () => {
    const agent = new TestAgent(world, 'gone');
    await agent.register();
    const update = `mutation ($id: ID!, $d: String!) { clientUpdate(input: { id: $id, description: $d }) {
      ... on ClientUpdatePayload { client { description } } ... on UserError { code } } }`;
    expect(await world.gql(update, { id: 'gone', d: 'In the cellar.' }, MEMBER)).toEqual({
      clientUpdate: { client: { description: 'In the cellar.' } },
    });
    expect(await world.gql(update, { id: 'gone', d: 'x'.repeat(256) }, MEMBER)).toEqual({
      clientUpdate: { code: 'INVALID_INPUT' },
    });
    expect(await world.gql(update, { id: 'gone', d: '' }, OTHER_MEMBER)).toEqual({
      clientUpdate: { code: 'NOT_FOUND' },
    });
    const remove = `mutation ($id: ID!) { clientRemove(input: { id: $id }) {
      ... on ClientRemovePayload { client { key removed state } } ... on UserError { code } } }`;
    expect(await world.gql(remove, { id: 'gone' }, MEMBER)).toEqual({
      clientRemove: { client: { key: 'gone', removed: true, state: 'UNKNOWN' } },
    });
    expect(await world.gql(remove, { id: 'gone' }, MEMBER)).toEqual({ clientRemove: { code: 'NOT_FOUND' } });
    const { runId } = await makeRun(world, 'gone');
    expect(await agent.claim(runId)).toMatchObject({ code: 'NOT_FOUND' });
    await agent.register();
    expect(granted(await agent.claim(runId)).fence).toBe(1);
  });

  it('asks a fixed number of statements, however many clients or jobs are shown', async () => {
    for (const key of ['n1', 'n2', 'n3']) {
      await register(registration(key));
      await makeJob(world, key);
    }
    const count = async (document: string, first: number): Promise<number> => {
      const before = world.statements.length;
      await world.gql(document, { first }, MEMBER);
      return world.statements.slice(before).filter((sql) => /^SELECT/.test(sql) && !/events|stream_heads/.test(sql))
        .length;
    };
    const clients = 'query ($first: Int) { clients(first: $first) { nodes { key state } } }';
    const jobs = 'query ($first: Int) { jobs(first: $first) { nodes { client { state } clientState } } }';
    expect(await count(clients, 3)).toBe(await count(clients, 1));
    expect(await count(jobs, 3)).toBe(await count(jobs, 1));
  });
});
