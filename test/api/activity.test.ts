import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, actor } from '../kit/actors.js';
import { makeJob } from '../kit/runs.js';
import { createWorld, type World } from '../kit/world.js';

let world: World;
beforeAll(async () => {
  world = await createWorld({ store: 'sqlite' });
  await makeJob(world, 'web1');
  await makeJob(world, 'web1');
});
afterAll(() => world.close());

const LIST = `query ($filter: ActivityFilter, $orderBy: ActivityOrder) {
  activity(filter: $filter, orderBy: $orderBy, first: 10) { nodes { action at id } } }`;

describe('the activity', () => {
  it('is ordered by field and direction, as every list', async () => {
    const ids = async (direction?: string): Promise<string[]> => {
      const orderBy = direction && { field: 'AT', direction };
      const { activity } = await world.gql<{ activity: { nodes: { id: string }[] } }>(LIST, { orderBy }, ADMIN);
      return activity.nodes.map(({ id }) => id);
    };
    const newest = await ids();
    expect(newest.length).toBeGreaterThan(1);
    expect(await ids('DESC')).toEqual(newest);
    expect(await ids('ASC')).toEqual(newest.toReversed());
  });

  it('refuses a mutation that does not exist, and names the one that was meant', async () => {
    const refused = world.gql(LIST, { filter: { action: 'jobCrate' } }, ADMIN);
    await expect(refused).rejects.toThrow('filter.action: "jobCrate" is no mutation; is it "jobCreate"?');
    await expect(world.gql(LIST, { filter: { action: 'foo' } }, ADMIN)).rejects.toThrow('"foo" is no mutation.');
  });

  it('refuses to follow one that does not exist', async () => {
    const follow = world.follow(
      'subscription { activityRecorded(filter: { actions: ["jobCrate"] }) { cursor } }',
      {},
      ADMIN,
      new AbortController().signal,
    );
    await expect(follow).rejects.toThrow('"jobCrate" is no mutation; is it "jobCreate"?');
  });
});

describe('what was refused', () => {
  const MEMBER = actor('MEMBER', 'default');
  const STOP = 'mutation ($input: JobStopInput!) { jobStop(input: $input) { __typename } }';
  const FOUND = `query ($filter: ActivityFilter) {
    activity(filter: $filter) { nodes { action actorId subject project outcome detail at } } }`;

  const found = async (filter: object, as = ADMIN): Promise<unknown[]> =>
    (await world.gql<{ activity: { nodes: unknown[] } }>(FOUND, { filter }, as)).activity.nodes;

  it('is kept with who tried, what it named, and its code; nothing else of the input', async () => {
    const before = world.clock.now();
    world.clock.forward(1_000);
    await world.gql(STOP, { input: { id: 'job_nothing', reason: 'a secret' } }, MEMBER);
    const create = 'mutation ($input: ApiTokenCreateInput!) { apiTokenCreate(input: $input) { __typename } }';
    await world.gql(create, { input: { name: 'a secret', role: 'ADMIN' } }, MEMBER);
    const mine = { actorId: MEMBER.id, project: 'default' };
    expect(await found({ doneAfter: new Date(before) })).toEqual([
      expect.objectContaining({
        ...mine,
        action: 'apiTokenCreate',
        subject: null,
        outcome: 'INVALID_INPUT',
        detail: { path: ['role'] },
      }),
      expect.objectContaining({
        ...mine,
        action: 'jobStop',
        subject: 'job_nothing',
        outcome: 'NOT_FOUND',
        detail: { path: ['id'] },
      }),
    ]);
    expect(await found({ outcome: 'NOT_FOUND' }, MEMBER)).toHaveLength(1);
    expect(await found({ outcome: 'NOT_FOUND' }, actor('MEMBER', 'other'))).toEqual([]);
    expect(await found({ doneBefore: new Date(before), outcome: 'NOT_FOUND' })).toEqual([]);
    expect(await found({ doneAfter: new Date(world.clock.now()) })).toEqual([]);
  });

  it('is refused as an outcome that no command has, by its name', async () => {
    await expect(found({ outcome: 'FORBIDEN' })).rejects.toThrow(
      'filter.outcome: no command ends with "FORBIDEN"; is it "FORBIDDEN"?',
    );
  });

  it('is told to who follows, by its outcome', async () => {
    const end = new AbortController();
    const id = await makeJob(world, 'web1');
    const { serverInfo } = await world.gql<{ serverInfo: { liveCursor: string } }>('{ serverInfo { liveCursor } }');
    const variables = { after: serverInfo.liveCursor, filter: { subjects: [id], outcomes: ['NOT_FOUND'] } };
    const follow = `subscription ($filter: ActivityRecordedFilter, $after: String) {
      activityRecorded(filter: $filter, after: $after) { activity { action subject outcome } } }`;
    const facts = await world.follow(follow, variables, ADMIN, end.signal);
    await world.gql(STOP, { input: { id } }, MEMBER);
    await world.gql(STOP, { input: { id } }, actor('MEMBER', 'other'));
    for await (const fact of facts) {
      expect(fact).toEqual({
        activityRecorded: { activity: { action: 'jobStop', subject: id, outcome: 'NOT_FOUND' } },
      });
      break;
    }
    end.abort();
  });

  it('is kept where the role alone forbids it', async () => {
    const { errors } = await world.execute(
      'mutation { jobStop(input: { id: "job_none" }) { __typename } }',
      {},
      actor('READER'),
    );
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(await found({ outcome: 'FORBIDDEN' })).toHaveLength(1);
  });
});

describe('the tokens', () => {
  it('are ordered by field and direction, as every list', async () => {
    const query = 'query ($orderBy: ApiTokenOrder) { apiTokens(orderBy: $orderBy) { nodes { id } } }';
    const orderBy = { field: 'CREATED_AT', direction: 'ASC' };
    expect(await world.gql(query, { orderBy }, ADMIN)).toMatchObject({ apiTokens: { nodes: expect.any(Array) } });
  });
});
