import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { Reporter, rowsOf, unique } from './deployments.js';

const DISABLED = { __typename: 'StateError', code: 'HISTORY_DISABLED' };

describe.each(storeKinds())('reports to a cluster older than release 9.0 (%s)', (store) => {
  let world: World;
  let reporter: Reporter;
  beforeAll(async () => {
    world = await createWorld({ store });
    reporter = new Reporter(world);
  });
  afterAll(() => world.close());

  async function changeCluster(name: 'Create' | 'Update', input: object): Promise<void> {
    const mutation = `mutation ($input: Cluster${name}Input!) { cluster${name}(input: $input) {
      ... on Cluster${name}Payload { cluster { id } } } }`;
    await world.gql(mutation, { input });
  }
  const report = (ref: object) =>
    reporter.tell('report', { reportId: unique('r'), events: [{ taskName: 'a', status: 'ready' }], ...ref });
  const end = (ref: object) => reporter.tell('end', { status: 'READY', ...ref });

  it('answer HISTORY_DISABLED, whether the deployment is known or not', async () => {
    const cluster = unique('old');
    await changeCluster('Create', { externalId: cluster, releaseVersion: '8.0' });
    for (const answer of [await report({ cluster, externalId: '1' }), await end({ cluster, externalId: '1' })]) {
      expect(answer).toMatchObject({ ...DISABLED, path: ['cluster'] });
    }
  });

  it('answer so too once a cluster with an open deployment runs it, however that is named', async () => {
    const [cluster, externalId] = [unique('back'), unique('d')];
    const transactionId = await reporter.started({ cluster, externalId });
    await changeCluster('Update', { id: cluster, releaseVersion: 'liberty-8.0' });
    const refs = [{ transactionId }, { externalId }, { cluster, externalId }];
    for (const ref of refs) {
      const path = [Object.keys(ref)[0]];
      expect(await report(ref)).toMatchObject({ ...DISABLED, path });
      expect(await end(ref)).toMatchObject({ ...DISABLED, path });
    }
    expect(await rowsOf(world, transactionId)).toEqual([]);
    await changeCluster('Update', { id: cluster, releaseVersion: 'mitaka-9.0' });
    expect(await report({ transactionId })).toMatchObject({ outcome: 'TAKEN_IN', accepted: 1 });
  });
});
