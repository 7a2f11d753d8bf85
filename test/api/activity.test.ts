import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN } from '../kit/actors.js';
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

describe('the tokens', () => {
  it('are ordered by field and direction, as every list', async () => {
    const query = 'query ($orderBy: ApiTokenOrder) { apiTokens(orderBy: $orderBy) { nodes { id } } }';
    const orderBy = { field: 'CREATED_AT', direction: 'ASC' };
    expect(await world.gql(query, { orderBy }, ADMIN)).toMatchObject({ apiTokens: { nodes: expect.any(Array) } });
  });
});
