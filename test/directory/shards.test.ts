import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, MEMBER } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { makeService, makeShard, setState } from './kit.js';

interface Shown {
  id: string;
  slice: number;
  tag: Record<string, string>;
  state: string;
  reason: string | null;
  service: { host: string } | null;
}

const LIST = `query ($filter: ShardFilter, $orderBy: ShardOrder, $first: Int, $after: String) {
  shards(filter: $filter, orderBy: $orderBy, first: $first, after: $after) { totalCount
    pageInfo { hasNextPage endCursor } nodes { id slice tag state reason fence leaseUntil service { host } } } }`;

describe.each(storeKinds())('shards (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  const list = async (variables: object, as = ADMIN) =>
    (
      await world.gql<{
        shards: { totalCount: number; pageInfo: { hasNextPage: boolean; endCursor: string }; nodes: Shown[] };
      }>(LIST, { ...variables }, as)
    ).shards;
  const ids = ({ nodes }: { nodes: Shown[] }) => nodes.map(({ id }) => id);

  it('are owned, free, expired or unassigned, and say why', async () => {
    const service = await makeService(world, { host: 'fits', labels: { s: 'x' } });
    const owned = await makeShard(world, { s: 'x' }, service);
    const free = await makeShard(world, { s: 'x' });
    const expired = await makeShard(world, { s: 'x' }, service, world.clock.now());
    const tagged = async (states?: string[]) => list({ filter: { tag: { s: 'x' }, states } });
    expect((await tagged()).nodes).toMatchObject([
      { id: owned.id, state: 'OWNED', reason: null, service: { host: 'fits' } },
      { id: free.id, state: 'FREE', reason: null, service: null },
      { id: expired.id, state: 'EXPIRED', reason: null, service: { host: 'fits' } },
    ]);
    expect(ids(await tagged(['OWNED']))).toEqual([owned.id]);
    expect(ids(await tagged(['FREE', 'EXPIRED']))).toEqual([free.id, expired.id]);
    expect(ids(await tagged(['UNASSIGNED']))).toEqual([]);
    expect(ids(await tagged([]))).toEqual([]);

    await setState(world, service, 'DRAINING');
    const reason = 'No service with the labels s=x is alive and takes work: fits/engine is being drained.';
    expect((await tagged()).nodes).toMatchObject([
      { id: owned.id, state: 'OWNED', reason: null },
      { id: free.id, state: 'UNASSIGNED', reason },
      { id: expired.id, state: 'UNASSIGNED', reason },
    ]);
    expect(ids(await tagged(['UNASSIGNED']))).toEqual([free.id, expired.id]);
    expect(ids(await tagged(['FREE', 'EXPIRED']))).toEqual([]);
    expect(ids(await list({ filter: { states: ['UNASSIGNED'], tag: {} } }))).toEqual([]);
  });

  it('that no known service fits say so', async () => {
    const shard = await makeShard(world, { zone: 'nowhere', disk: 'fast' });
    const [found] = (await list({ filter: { tag: { disk: 'fast', zone: 'nowhere' } } })).nodes;
    expect(found).toMatchObject({
      id: shard.id,
      reason: 'No service with the labels disk=fast, zone=nowhere is alive and takes work.',
    });
  });

  it('are listed by owner and order, page by page', async () => {
    const service = await makeService(world, { host: 'lists' });
    const shards = [];
    for (const until of [3, 1, 2]) shards.push(await makeShard(world, { p: 'x' }, service, world.clock.now() + until));
    for (const serviceId of [service.id, 'lists/engine']) {
      expect(ids(await list({ filter: { serviceId } }))).toEqual(shards.map(({ id }) => id));
    }
    expect(ids(await list({ filter: { serviceId: 'nobody' } }))).toEqual([]);
    for (const orderBy of [
      { field: 'TAG', direction: 'DESC' },
      { field: 'LEASE_UNTIL', direction: 'ASC' },
    ]) {
      const filter = { tag: { p: 'x' } };
      const whole = ids(await list({ filter, orderBy }));
      const [a, b, c] = shards.map(({ id }) => id);
      expect(whole).toEqual(orderBy.field === 'TAG' ? [c, b, a] : [b, c, a]);
      const first = await list({ filter, orderBy, first: 2 });
      const rest = await list({ filter, orderBy, after: first.pageInfo.endCursor });
      expect([...ids(first), ...ids(rest)]).toEqual(whole);
      expect(first.totalCount).toBe(3);
    }
  });

  it('belong to the operator', async () => {
    await expect(list({}, MEMBER)).rejects.toMatchObject({ extensions: { code: 'FORBIDDEN' } });
  });
});
