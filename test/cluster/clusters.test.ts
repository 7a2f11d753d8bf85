import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, actor } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';

interface Shown {
  id: string;
  externalId: string;
  name: string;
  releaseVersion: string | null;
  keepsHistory: boolean;
  revision: number;
  removedAt: string | null;
}
type Result = { __typename: string; outcome?: string; code?: string; path?: string[]; cluster: Shown };

const SHOWN = 'id externalId name releaseVersion keepsHistory revision createdAt updatedAt removedAt';
const mutation = (name: string): string => `mutation ($input: Cluster${name}Input!) {
  result: cluster${name}(input: $input) { __typename
    ... on Cluster${name}Payload { outcome cluster { ${SHOWN} } } ... on UserError { code path } } }`;
const LIST = `query ($filter: ClusterFilter, $orderBy: ClusterOrder, $first: Int, $after: String) {
  clusters(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { ${SHOWN} } } }`;

describe.each(storeKinds())('clusters (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  let made = 0;
  const unique = (): string => {
    made += 1;
    return `c-${made}`;
  };
  const change = async (name: string, input: object, as = ADMIN): Promise<Result> =>
    (await world.gql<{ result: Result }>(mutation(name), { input }, as)).result;
  const create = async (rest: object = {}): Promise<Shown> =>
    (await change('Create', { externalId: unique(), ...rest })).cluster;
  const find = async (id: string, as = ADMIN): Promise<Shown | null> =>
    (await world.gql<{ cluster: Shown | null }>(`query ($id: ID!) { cluster(id: $id) { ${SHOWN} } }`, { id }, as))
      .cluster;
  const list = async (variables: object, as = ADMIN) =>
    (
      await world.gql<{
        clusters: { totalCount: number; pageInfo: { hasNextPage: boolean; endCursor: string }; nodes: Shown[] };
      }>(LIST, { ...variables }, as)
    ).clusters;

  it('are made, found by either id and by node(id), changed and told of in the activity', async () => {
    const cluster = await create({ name: 'Prod', releaseVersion: 'mitaka-9.0' });
    expect(cluster).toMatchObject({ name: 'Prod', revision: 1, keepsHistory: true, removedAt: null });
    expect(await find(cluster.id)).toEqual(cluster);
    expect(await find(cluster.externalId)).toEqual(cluster);
    const { node } = await world.gql<{ node: object }>(
      `query ($id: ID!) { node(id: $id) { __typename ... on Cluster { ${SHOWN} } } }`,
      { id: cluster.id },
    );
    expect(node).toEqual({ __typename: 'Cluster', ...cluster });

    const given = { id: cluster.externalId, expectedRevision: 1, releaseVersion: '8.0' };
    const changed = await change('Update', given);
    expect(changed).toMatchObject({ outcome: 'UPDATED', cluster: { revision: 2, keepsHistory: false, name: 'Prod' } });
    expect(await change('Update', given)).toMatchObject({ code: 'CONFLICT', path: ['expectedRevision'] });
    expect(await change('Update', { ...given, expectedRevision: 2 })).toMatchObject({
      outcome: 'NOTHING_TO_DO',
      cluster: { revision: 2 },
    });
    const cleared = await change('Update', { id: cluster.id, releaseVersion: null });
    expect(cleared.cluster).toMatchObject({ releaseVersion: null, keepsHistory: true, revision: 3 });
    const { activity } = await world.gql<{ activity: { nodes: object[] } }>(
      'query ($subject: String) { activity(filter: { subject: $subject }) { nodes { action outcome } } }',
      { subject: cluster.id },
    );
    expect(activity.nodes).toEqual(
      ['clusterUpdate', 'clusterUpdate', 'clusterCreate'].map((action) => ({ action, outcome: 'OK' })),
    );
  });

  it('have an external id of their own', async () => {
    const [one, other] = [await create(), await create()];
    expect(await change('Create', { externalId: one.externalId })).toMatchObject({ code: 'CONFLICT' });
    const taken = await change('Update', { id: other.id, externalId: one.externalId });
    expect(taken).toMatchObject({ code: 'CONFLICT', path: ['externalId'] });
    const same = unique();
    const both = await Promise.all([1, 2].map(() => change('Create', { externalId: same })));
    expect(both.map(({ __typename }) => __typename).sort()).toEqual(['ClusterCreatePayload', 'ConflictError']);
    for (const externalId of ['', 'x'.repeat(192), 'cluster_1']) {
      expect(await change('Create', { externalId })).toMatchObject({ code: 'INVALID_INPUT', path: ['externalId'] });
    }
    expect(await change('Update', { id: 'nowhere', name: 'x' })).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('are removed, keep what is known of them, and come back', async () => {
    const cluster = await create({ name: 'Old' });
    const removed = await change('Remove', { id: cluster.id });
    expect(removed).toMatchObject({ outcome: 'REMOVED', cluster: { revision: 2 } });
    expect(await find(cluster.externalId)).toMatchObject({ id: cluster.id, removedAt: expect.any(String) });
    expect(await change('Remove', { id: cluster.id })).toMatchObject({ outcome: 'ALREADY_REMOVED' });
    expect(await change('Update', { id: cluster.id, name: 'x' })).toMatchObject({ code: 'CLUSTER_REMOVED' });
    const filter = { externalIds: [cluster.externalId] };
    expect((await list({ filter })).nodes).toEqual([]);
    expect((await list({ filter: { ...filter, includeRemoved: true } })).nodes).toHaveLength(1);
    const back = await change('Create', { externalId: cluster.externalId, name: 'New' });
    expect(back).toMatchObject({ outcome: 'RESTORED', cluster: { id: cluster.id, name: 'New', removedAt: null } });
    expect((await list({ filter })).nodes).toHaveLength(1);
  });

  it('are listed by filter and order, page by page', async () => {
    const made = [];
    for (const name of ['b', 'a', 'c']) made.push(await create({ name: `list-${name}`, releaseVersion: '9.1' }));
    const filter = { search: 'LIST-'.toLowerCase(), releaseVersions: ['9.1'] };
    const names = ({ nodes }: { nodes: Shown[] }) => nodes.map(({ name }) => name);
    const all = await list({ filter });
    expect(names(all)).toEqual(['list-a', 'list-b', 'list-c']);
    expect(all.totalCount).toBe(3);
    const byAge = { field: 'CREATED_AT', direction: 'DESC' };
    expect(new Set(names(await list({ filter, orderBy: byAge })))).toEqual(new Set(names(all)));
    const first = await list({ filter, first: 2 });
    expect(first.pageInfo.hasNextPage).toBe(true);
    expect(names(await list({ filter, first: 2, after: first.pageInfo.endCursor }))).toEqual(['list-c']);
    expect((await list({ filter: { search: 'l_st-' } })).nodes).toEqual([]);
    expect(made).toHaveLength(3);
  });

  it("are the operator's: others are refused", async () => {
    const cluster = await create();
    for (const as of [actor('OPERATOR'), actor('READER')]) expect(await find(cluster.id, as)).toEqual(cluster);
    const refused = [actor('MEMBER', 'default'), actor('READER', 'default'), actor('AGENT', 'default', 'host')];
    for (const as of refused) {
      await expect(find(cluster.id, as)).rejects.toThrow(/may not use "cluster"/);
      await expect(list({}, as)).rejects.toThrow(/may not use "clusters"/);
      const ids = { ids: [cluster.id] };
      const { nodes } = await world.gql<{ nodes: unknown[] }>(
        'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }',
        ids,
        as,
      );
      expect(nodes).toEqual([null]);
    }
    await expect(change('Remove', { id: cluster.id }, actor('READER'))).rejects.toThrow(/may not use/);
  });

  it('are led to from their deployments and tasks', async () => {
    const input = { cluster: unique(), externalId: 'd', graph: { tasks: [{ name: 't', nodes: ['1'] }] } };
    const { made: started } = await world.gql<{ made: { transaction: object } }>(
      `mutation ($input: TransactionStartInput!) { made: transactionStart(input: $input) {
        ... on TransactionStartPayload { transaction { cluster { externalId }
          tasks { nodes { cluster { externalId } } } } } } }`,
      { input },
    );
    const cluster = { externalId: input.cluster };
    expect(started.transaction).toEqual({ cluster, tasks: { nodes: [{ cluster }] } });
  });
});
