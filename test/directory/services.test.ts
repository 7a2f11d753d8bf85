import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRows } from '../../src/db/write.js';
import { LeaseEntity } from '../../src/entities/lease.js';
import { systemIds } from '../../src/lib/ids.js';
import { ADMIN, actor, MEMBER } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { makeService, makeShard, setState } from './kit.js';

interface Shown {
  id: string;
  host: string;
  state: string;
  silent: boolean;
  labels: Record<string, string>;
  shardCount: number;
  shards: { totalCount: number; nodes: { id: string; slice: number }[] };
  work: { kind: string; subject: string; state: string }[];
  canDrain: boolean;
  canResume: boolean;
  canRemove: boolean;
}
interface Result {
  __typename: string;
  code?: string;
  message?: string;
  path?: string[];
  outcome?: string;
  warning?: { message: string; tags: object[]; shardCount: number } | null;
  service?: Shown;
}

const SHOWN = `id host name version labels incarnation state silent startedAt lastSeenAt shardCount
  shards(first: 2) { totalCount nodes { id slice } } work { kind subject state fence startedAt leaseUntil }
  canDrain canResume canRemove`;
const LIST = `query ($filter: ServiceFilter, $orderBy: ServiceOrder, $first: Int, $after: String) {
  services(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { ${SHOWN} } } }`;
const DRAIN = `mutation ($input: ServiceDrainInput!) { result: serviceDrain(input: $input) { __typename
  ... on ServiceDrainPayload { outcome warning { message tags shardCount } service { ${SHOWN} } }
  ... on UserError { code message path } } }`;
const REMOVE = `mutation ($input: ServiceRemoveInput!) { result: serviceRemove(input: $input) { __typename
  ... on ServiceRemovePayload { service { id host state } } ... on UserError { code message path } } }`;

describe.each(storeKinds())('services (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  const list = async (variables: object, as = ADMIN) =>
    (
      await world.gql<{
        services: { totalCount: number; pageInfo: { hasNextPage: boolean; endCursor: string }; nodes: Shown[] };
      }>(LIST, { ...variables }, as)
    ).services;
  const find = async (id: string, as = ADMIN): Promise<Shown | null> =>
    (await world.gql<{ service: Shown | null }>(`query ($id: ID!) { service(id: $id) { ${SHOWN} } }`, { id }, as))
      .service;
  const change = async (document: string, input: object, as = ADMIN): Promise<Result> =>
    (await world.gql<{ result: Result }>(document, { input }, as)).result;
  /** What was carried out: refused commands have their rows too. */
  const activityOf = async (subject: string) => {
    const { activity } = await world.gql<{
      activity: { nodes: { action: string; detail: object; outcome: string }[] };
    }>('query ($subject: String) { activity(filter: { subject: $subject }) { nodes { action detail outcome } } }', {
      subject,
    });
    return activity.nodes.flatMap(({ outcome, ...row }) => (outcome === 'OK' ? row : []));
  };
  const factsOf = async (topic: string, subject: string): Promise<Record<string, unknown>[]> => {
    const sql = 'SELECT payload FROM events WHERE topic = ? AND subject = ? ORDER BY at, id';
    const rows = await world.db.reader.rows<{ payload: string | object }>(sql, [topic, subject]);
    return rows.map(({ payload }) => (typeof payload === 'string' ? JSON.parse(payload) : payload));
  };

  it('are shown with what they own and do, by id, host/name, name and node(id)', async () => {
    const service = await makeService(world, { host: 'show', name: 'one', labels: { zone: 'eu' } });
    const shards = [];
    for (let count = 0; count < 3; count += 1) shards.push(await makeShard(world, { host: 'show' }, service));
    const at = await world.db.now();
    const lease = { kind: 'audit', tag: {}, incarnation: 1, fence: 3, wakeAt: null, createdAt: at, attempts: 1 };
    const more = { failCount: 0, reason: null, writes: 0, state: 'RUNNING' as const, leaseUntil: at + 15_000 };
    await world.db.transaction((tx) =>
      insertRows(tx, LeaseEntity, [
        { id: systemIds.next('lease'), subject: 'second', startedAt: at + 1, serviceId: service.id, ...lease, ...more },
        { id: systemIds.next('lease'), subject: 'first', startedAt: at, serviceId: service.id, ...lease, ...more },
      ]),
    );
    const shown = await find(service.id);
    expect(shown).toMatchObject({
      ...{ host: 'show', name: 'one', version: '1.2.3', incarnation: 1, state: 'ACTIVE', silent: false },
      labels: { host: 'show', name: 'one', zone: 'eu' },
      shardCount: 3,
      shards: { totalCount: 3, nodes: shards.slice(0, 2).map(({ id, slice }) => ({ id, slice })) },
      work: ['first', 'second'].map((subject) => ({ kind: 'audit', subject, state: 'RUNNING', fence: 3 })),
      ...{ canDrain: true, canResume: false, canRemove: false },
    });
    expect(await find('show/one')).toEqual(shown);
    expect(await find('one')).toEqual(shown);
    const { node } = await world.gql<{ node: object }>(
      `query ($id: ID!) { node(id: $id) { __typename ... on Service { ${SHOWN} } } }`,
      { id: service.id },
    );
    expect(node).toEqual({ __typename: 'Service', ...shown });
    for (const name of ['show/two', 'two', '/', 'show/', 'service_0198']) expect(await find(name)).toBeNull();
  });

  it('of one name on several hosts are told apart by the host', async () => {
    for (const host of ['twin-a', 'twin-b']) await makeService(world, { host, name: 'twin' });
    await expect(find('twin')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('twin-b/twin'),
    });
    expect(await find('twin-a/twin')).toMatchObject({ host: 'twin-a' });
  });

  it('are listed by filter and order, page by page', async () => {
    const labels = { list: 'yes', 'disk/kind': 'fast "quoted"' };
    for (const host of ['l-b', 'l-a', 'l-c']) await makeService(world, { host, labels });
    await makeService(world, { host: 'l-d', state: 'FAILED', labels: { list: 'yes' } });
    const hosts = ({ nodes }: { nodes: Shown[] }) => nodes.map(({ host }) => host);
    expect(hosts(await list({ filter: { labels: { list: 'yes' } } }))).toEqual(['l-a', 'l-b', 'l-c', 'l-d']);
    expect(hosts(await list({ filter: { labels } }))).toEqual(['l-a', 'l-b', 'l-c']);
    expect(hosts(await list({ filter: { labels: { list: 'no' } } }))).toEqual([]);
    expect(hosts(await list({ filter: { states: ['FAILED'], labels: { list: 'yes' } } }))).toEqual(['l-d']);
    expect(hosts(await list({ filter: { hosts: ['l-a', 'l-d'], names: ['engine'] } }))).toEqual(['l-a', 'l-d']);
    expect(hosts(await list({ filter: { names: ['l-a'] } }))).toEqual([]);
    const filter = { labels: { list: 'yes' } };
    for (const field of ['NAME', 'LAST_SEEN_AT']) {
      const orderBy = { field, direction: 'DESC' };
      const whole = await list({ filter, orderBy });
      const first = await list({ filter, orderBy, first: 3 });
      expect([first.totalCount, first.pageInfo.hasNextPage]).toEqual([4, true]);
      const rest = await list({ filter, orderBy, after: first.pageInfo.endCursor });
      expect([...hosts(first), ...hosts(rest)]).toEqual(hosts(whole));
    }
    await expect(list({ filter: { labels: { 'a"b': 'x' } } })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    await expect(list({ filter: { labels: { a: 1 } } })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('that say nothing for the time of a lease are silent', async () => {
    const heard = world.clock.now();
    const service = await makeService(world, { lastSeenAt: heard - 101 * 365 * 86_400_000 });
    expect(await find(service.id)).toMatchObject({ state: 'ACTIVE', silent: true });
    await setState(world, service, 'STOPPED');
    expect(await find(service.id)).toMatchObject({ state: 'STOPPED', silent: false, canRemove: true });
  });

  it('are drained and take work again, which is told and recorded once', async () => {
    const service = await makeService(world, { host: 'drained' });
    const drained = await change(DRAIN, { id: 'drained/engine', reason: 'upgrade' });
    expect(drained).toMatchObject({ outcome: 'DRAINING', warning: null });
    expect(drained.service).toMatchObject({ state: 'DRAINING', canDrain: false, canResume: true });
    expect(await change(DRAIN, { id: service.id, drain: true })).toMatchObject({ outcome: 'NOTHING_TO_DO' });
    const resumed = await change(DRAIN, { id: service.id, drain: false });
    expect(resumed).toMatchObject({ outcome: 'RESUMED', service: { state: 'ACTIVE' } });
    expect(await change(DRAIN, { id: service.id, drain: false })).toMatchObject({ outcome: 'NOTHING_TO_DO' });
    const about = { service: 'drained/engine' };
    expect(await activityOf(service.id)).toEqual([
      { action: 'serviceDrain', detail: { ...about, drain: false } },
      { action: 'serviceDrain', detail: { ...about, drain: true, reason: 'upgrade' } },
    ]);
    expect(await factsOf('serviceStateChanged', service.id)).toEqual([
      { host: 'drained', name: 'engine', state: 'DRAINING', stateBefore: 'ACTIVE', incarnation: 1, reason: 'upgrade' },
      expect.objectContaining({ state: 'ACTIVE', stateBefore: 'DRAINING', reason: 'resumed by admin' }),
    ]);
  });

  it('tell what nobody owns once the last that fits is drained', async () => {
    const [one, other] = [await makeService(world, { labels: { gpu: 'yes' } }), await makeService(world)];
    await makeShard(world, { gpu: 'yes' });
    const drained = await change(DRAIN, { id: one.id });
    expect(drained.warning).toEqual({
      message: expect.stringContaining('the last service that takes what is tagged gpu=yes'),
      tags: [{ gpu: 'yes' }],
      shardCount: 1,
    });
    expect((await change(DRAIN, { id: one.id })).warning).toMatchObject({ shardCount: 1 });
    expect((await change(DRAIN, { id: other.id })).warning).toBeNull();
  });

  it.each(['STOPPED', 'FAILED'] as const)('that are %s cannot be drained', async (state) => {
    const service = await makeService(world, { state });
    for (const drain of [true, false]) {
      const refused = await change(DRAIN, { id: service.id, drain });
      expect(refused).toMatchObject({ __typename: 'StateError', code: 'SERVICE_NOT_RUNNING', path: ['id'] });
    }
    expect(await activityOf(service.id)).toEqual([]);
  });

  it('are removed once they are gone, and let go of what they left', async () => {
    const service = await makeService(world, { host: 'removed' });
    expect(await change(REMOVE, { id: service.id })).toMatchObject({ code: 'SERVICE_RUNNING', path: ['id'] });
    await setState(world, service, 'FAILED');
    const shard = await makeShard(world, { host: 'removed' }, service);
    expect(await change(REMOVE, { id: service.id })).toMatchObject({
      code: 'SERVICE_RUNNING',
      message: expect.stringContaining('leases on 1 shards'),
    });
    await world.db.transaction((tx) => tx.execute('UPDATE shards SET lease_until = 1 WHERE id = ?', [shard.id]));
    const removed = await change(REMOVE, { id: 'removed/engine', reason: 'the host is gone' });
    expect(removed).toMatchObject({ __typename: 'ServiceRemovePayload', service: { id: service.id, state: 'FAILED' } });
    expect(await find(service.id)).toBeNull();
    expect(await change(REMOVE, { id: service.id })).toMatchObject({ code: 'NOT_FOUND' });
    expect(await factsOf('shardMoved', shard.id)).toEqual([
      {
        ...{ tag: { host: 'removed' }, slice: shard.slice, fence: 7, reason: 'RELEASED', why: 'its owner was removed' },
        ...{ from: service.id, fromName: 'removed/engine', to: null, toName: null },
      },
    ]);
    expect(await factsOf('serviceStateChanged', service.id)).toEqual([
      expect.objectContaining({ state: 'FAILED', removed: true, reason: 'the host is gone' }),
    ]);
    expect(await activityOf(service.id)).toMatchObject([{ action: 'serviceRemove' }]);
  });

  it('belong to the operator', async () => {
    const service = await makeService(world);
    const readers = [actor('OPERATOR'), actor('READER')];
    for (const as of readers) expect(await find(service.id, as)).toMatchObject({ id: service.id });
    for (const as of [MEMBER, actor('READER', 'default'), actor('AGENT', 'default', 'x')]) {
      await expect(find(service.id, as)).rejects.toMatchObject({ extensions: { code: 'FORBIDDEN' } });
      const document = 'query ($id: ID!) { node(id: $id) { id } }';
      expect(await world.gql(document, { id: service.id }, as)).toEqual({ node: null });
    }
    for (const as of [MEMBER, actor('READER')]) {
      for (const document of [DRAIN, REMOVE]) {
        await expect(change(document, { id: service.id }, as)).rejects.toMatchObject({
          extensions: { code: 'FORBIDDEN' },
        });
      }
    }
    expect(await change(DRAIN, { id: service.id }, actor('OPERATOR'))).toMatchObject({ outcome: 'DRAINING' });
  });
});
