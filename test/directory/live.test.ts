import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { releaseFact, serviceFact, takingFact } from '../../src/scheduler/facts.js';
import { ADMIN, MEMBER } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { makeService, makeShard } from './kit.js';

type Fact = Record<string, unknown> & { cursor: string };

const STATES = `subscription ($filter: ServiceStateFilter, $after: String) {
  fact: serviceStateChanged(filter: $filter, after: $after) {
    cursor at host name state stateBefore incarnation reason removed service { id state } } }`;
const MOVES = `subscription ($filter: ShardMovedFilter, $after: String) {
  fact: shardMoved(filter: $filter, after: $after) {
    cursor at tag slice fence reason why fromName toName from { host } to { host } shard { id state } } }`;

describe.each(storeKinds())('services and shards, live (%s)', (store) => {
  let world: World;
  let end: AbortController;
  beforeAll(async () => {
    world = await createWorld({ store });
    end = new AbortController();
  });
  afterAll(async () => {
    end.abort();
    await world.close();
  });

  const cursor = async (): Promise<string> =>
    (await world.gql<{ serverInfo: { liveCursor: string } }>('{ serverInfo { liveCursor } }')).serverInfo.liveCursor;
  const take = async (document: string, variables: object, count: number): Promise<Fact[]> => {
    const stream = await world.follow<{ fact: Fact }>(document, { ...variables }, ADMIN, end.signal);
    const facts: Fact[] = [];
    for await (const { fact } of stream) {
      facts.push(fact);
      if (facts.length === count) break;
    }
    return facts;
  };

  it('tells of drains and removals, from a cursor on', async () => {
    const after = await cursor();
    const service = await makeService(world, { host: 'live' });
    await makeService(world, { host: 'other' });
    const drain =
      'mutation ($id: ID!, $drain: Boolean!) { serviceDrain(input: { id: $id, drain: $drain }) { __typename } }';
    await world.gql(drain, { id: 'other/engine', drain: true });
    for (const on of [true, false]) await world.gql(drain, { id: service.id, drain: on });
    const filter = { serviceIds: [service.id] };
    const facts = await take(STATES, { after, filter }, 2);
    expect(facts).toMatchObject([
      { host: 'live', state: 'DRAINING', stateBefore: 'ACTIVE', reason: 'drained by admin', removed: false },
      { host: 'live', state: 'ACTIVE', stateBefore: 'DRAINING', service: { id: service.id, state: 'ACTIVE' } },
    ]);
    const [rest] = await take(STATES, { after: facts[0]?.cursor, filter }, 1);
    expect(rest).toEqual(facts[1]);
    const [draining] = await take(STATES, { after, filter: { states: ['DRAINING'], hosts: ['other'] } }, 1);
    expect(draining).toMatchObject({ host: 'other', state: 'DRAINING' });
  });

  it('tells what engines write: who, why, from and to', async () => {
    const after = await cursor();
    const [one, two] = [await makeService(world, { host: 'one' }), await makeService(world, { host: 'two' })];
    const shard = await makeShard(world, { live: 'yes' }, two);
    const elsewhere = await makeShard(world, { live: 'no' }, two);
    const [a, b] = [
      { id: one.id, name: 'one/engine' },
      { id: two.id, name: 'two/engine' },
    ];
    await world.db.transaction((tx) =>
      world.deps.outbox.append(
        tx,
        takingFact(elsewhere, null, b),
        releaseFact(shard, a, 'rebalanced'),
        takingFact(shard, { ...a, restarted: false }, b),
      ),
    );
    await world.db.transaction((tx) =>
      world.deps.outbox.append(tx, serviceFact({ ...one, state: null }, 'ACTIVE', 'it has started')),
    );
    const facts = await take(MOVES, { after, filter: { shardIds: [shard.id] } }, 2);
    const about = { tag: { live: 'yes' }, slice: shard.slice, fence: 7, shard: { id: shard.id, state: 'OWNED' } };
    expect(facts).toMatchObject([
      { ...about, reason: 'RELEASED', why: 'rebalanced', fromName: 'one/engine', toName: null, to: null },
      { ...about, reason: 'TAKEOVER', from: { host: 'one' }, to: { host: 'two' } },
    ]);
    for (const filter of [{ serviceIds: [one.id] }, { tag: { live: 'yes' } }, { reasons: ['RELEASED'] }]) {
      const [first] = await take(MOVES, { after, filter }, 1);
      expect(first).toEqual(facts[0]);
    }
    const [begun] = await take(STATES, { after, filter: { hosts: ['one'] } }, 1);
    expect(begun).toMatchObject({ stateBefore: null, state: 'ACTIVE', reason: 'it has started' });
  });

  it.each([STATES, MOVES])('is for the operator', async (document) => {
    await expect(world.follow(document, {}, MEMBER, end.signal)).rejects.toMatchObject({
      extensions: { code: 'FORBIDDEN' },
    });
  });
});
