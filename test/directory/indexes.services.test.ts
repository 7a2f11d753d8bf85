import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { insertRows } from '../../src/db/write.js';
import { BackgroundJobEntity, type BackgroundJobRow } from '../../src/entities/background-job.js';
import { ServiceEntity, type ServiceRow } from '../../src/entities/service.js';
import { ShardEntity, type ShardRow } from '../../src/entities/shard.js';
import { type BackgroundJobFilter, backgroundJobQueries } from '../../src/scheduler/directory/background-job-list.js';
import { Roster } from '../../src/scheduler/directory/roster.js';
import { type ServiceFilter, serviceQuery } from '../../src/scheduler/directory/service-list.js';
import { type ShardFilter, shardQuery } from '../../src/scheduler/directory/shard-list.js';
import { shardId, tagKey } from '../../src/scheduler/tag.js';
import { ADMIN, actor } from '../kit/actors.js';
import { START } from '../kit/clock.js';
import { expectIndexed, mostRows, planOf } from '../kit/explain.js';
import { describeWithStores } from '../kit/stores.js';
import { createWorld, ctxOf, type World } from '../kit/world.js';

const JOBS = 12_000;
/** Few enough to be read one by one, and more. */
const SHARDS = 900;
const MANY_SHARDS = 6_000;
const SERVICES = 6_000;
const MEMBER = actor('MEMBER', 'project-7');

const tagOf = (index: number): Record<string, string> => (index % 100 === 0 ? { rare: `${index}` } : {});
const idOf = (index: number): string => shardId(tagOf(index), index);
const serviceId = (index: number): string => `service_${String(index).padStart(8, '0')}`;

function serviceRow(index: number): ServiceRow {
  const [host, name] = [`host-${index}`, index % 100 === 0 ? 'rare' : 'engine'];
  const state = index % 100 === 0 ? 'FAILED' : index % 100 === 1 ? 'DRAINING' : 'STOPPED';
  const more = { version: '1', labels: { host, name }, incarnation: 1, startedAt: START, lastSeenAt: START + index };
  return { id: serviceId(index), host, name, state, ...more };
}

function shardRow(index: number): ShardRow {
  const free = index % 100 === 3;
  const owner = { ownerId: serviceId(index), ownerIncarnation: 1, leaseUntil: START + index * 1_000 };
  return {
    ...{ id: idOf(index), tagKey: tagKey(tagOf(index)), tag: tagOf(index), slice: index, fence: 1, batches: 0 },
    ...(free ? { ownerId: null, ownerIncarnation: null, leaseUntil: null } : owner),
    connectionId: null,
  };
}

function jobRow(index: number): BackgroundJobRow {
  const rare = index % 200 === 0;
  return {
    id: `bgjob_${String(index).padStart(8, '0')}`,
    kind: rare ? 'audit' : 'job-run',
    subject: `job_${index}`,
    project: `project-${index % 100}`,
    nextRunAt: START + index * 1_000,
    wakeAt: index % 200 === 1 ? null : START + index * 1_000,
    jobState: {},
    tag: tagOf(index % SHARDS),
    pinnedAt: null,
    shardId: idOf(index % SHARDS),
    generation: 1,
    failCount: index % 200 === 2 ? 3 : 0,
    failReason: null,
    attempts: 0,
    plannedAt: START,
  };
}

const rows = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

describeWithStores('the indexes of services, shards and background jobs', ['mysql'], () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store: 'mysql' });
    await world.db.transaction(async (tx) => {
      await insertRows(tx, ServiceEntity, rows(SERVICES, serviceRow));
      await insertRows(tx, ShardEntity, rows(SHARDS, shardRow));
      await insertRows(tx, BackgroundJobEntity, rows(JOBS, jobRow));
    });
    await world.db.reader.rows('ANALYZE TABLE services, shards, background_jobs');
  });
  afterAll(() => world.close());

  const unfit = new Map([tagOf(0), tagOf(100)].map((tag) => [tagKey(tag), tag]));
  const roster = new Roster(START + 20_000, [], unfit, 15_000);

  const SERVICE_FILTERS: [string, ServiceFilter][] = [
    ['states', { states: ['FAILED', 'DRAINING'] }],
    ['hosts', { hosts: ['host-7', 'host-8'] }],
    ['names', { names: ['rare'] }],
  ];

  it.each(SERVICE_FILTERS)('services by %s', async (_name, filter) => {
    const query = serviceQuery(world.db.reader, ctxOf(ADMIN), filter);
    for (const order of [
      ['host', 'name'],
      ['lastSeenAt', 'id'],
    ]) {
      const steps = await planOf(query, order);
      expectIndexed(steps);
      expect(mostRows(steps), JSON.stringify(steps)).toBeLessThan(SERVICES / 10);
    }
  });

  const JOB_FILTERS: [string, BackgroundJobFilter][] = [
    ['service', { serviceId: serviceId(7) }],
    ['shard', { shardId: idOf(7) }],
    ['tag', { tag: tagOf(100) }],
    ['kind', { kind: 'audit' }],
    ['subject', { subject: 'job_7' }],
    ['project', { project: 'project-3' }],
    ['dueBefore', { dueBefore: START + 9_000 }],
    ['parked', { states: ['PARKED'] }],
    ['backing off', { states: ['BACKING_OFF'] }],
    ['overdue', { states: ['OVERDUE'] }],
    ['unassigned', { states: ['UNASSIGNED'] }],
  ];
  const cases = JOB_FILTERS.flatMap(([name, filter]) => [
    { name, filter, who: 'the admin', as: ADMIN },
    { name, filter, who: 'a member', as: MEMBER },
  ]);

  it.each(cases)('background jobs: $name, for $who', async ({ filter, as }) => {
    const queries = await backgroundJobQueries(world.db.reader, ctxOf(as), filter, roster);
    let read = 0;
    for (const query of queries.slice(0, 20)) {
      const steps = await planOf(query, ['wakeAt', 'id']);
      expectIndexed(steps);
      read = Math.max(read, mostRows(steps));
    }
    expect(read).toBeLessThan(JOBS / 10);
  });

  it('background jobs of a shard come from an index in their order', async () => {
    for (const filter of [{}, { dueBefore: START }, { states: ['SCHEDULED' as const] }]) {
      const [query] = await backgroundJobQueries(world.db.reader, ctxOf(ADMIN), filter, roster);
      const [step] = query ? await planOf(query, ['wakeAt', 'id']) : [];
      expect(step).toMatchObject({ key: 'ix_background_jobs_due' });
      expect(step?.Extra ?? '').not.toContain('filesort');
    }
  });

  it.each([
    ['services', () => planOf(serviceQuery(world.db.reader, ctxOf(ADMIN), {}), ['host', 'name']), 'ux_services_name'],
    [
      'services heard of',
      () => planOf(serviceQuery(world.db.reader, ctxOf(ADMIN), {}), ['lastSeenAt', 'id']),
      'ix_services_last_seen',
    ],
  ])('%s come from an index in their order', async (_name, plan, key) => {
    const [step] = await plan();
    expect(step?.key, JSON.stringify(step)).toBe(key);
    expect(step?.Extra ?? '').not.toContain('filesort');
  });

  describe('with many shards', () => {
    beforeAll(async () => {
      const more = rows(MANY_SHARDS, shardRow).slice(SHARDS);
      await world.db.transaction((tx) => insertRows(tx, ShardEntity, more));
      await world.db.reader.rows('ANALYZE TABLE shards');
    });

    const SHARD_FILTERS: [string, ShardFilter][] = [
      ['service', { serviceId: serviceId(7) }],
      ['tag', { tag: tagOf(100) }],
      ['free', { states: ['FREE'] }],
      ['expired', { states: ['EXPIRED'] }],
      ['unassigned', { states: ['UNASSIGNED'] }],
    ];

    it.each(SHARD_FILTERS)('shards: %s', async (_name, filter) => {
      const query = shardQuery(world.db.reader, ctxOf(ADMIN), filter, roster);
      for (const order of [
        ['tagKey', 'slice'],
        ['leaseUntil', 'id'],
      ]) {
        const steps = await planOf(query, order);
        expectIndexed(steps);
        expect(mostRows(steps), JSON.stringify(steps)).toBeLessThan(MANY_SHARDS / 10);
      }
    });

    it('shards come from an index in their order', async () => {
      const [step] = await planOf(shardQuery(world.db.reader, ctxOf(ADMIN), {}, null), ['tagKey', 'slice']);
      expect(step?.key, JSON.stringify(step)).toBe('ux_shards_slice');
      expect(step?.Extra ?? '').not.toContain('filesort');
    });

    it('background jobs are found by one query, which reads no table whole', async () => {
      for (const filter of [{ serviceId: serviceId(7) }, { tag: tagOf(100) }, { shardId: idOf(7) }]) {
        const [query, ...others] = await backgroundJobQueries(world.db.reader, ctxOf(ADMIN), filter, roster);
        expect(others).toEqual([]);
        if (query) expectIndexed(await planOf(query, ['wakeAt', 'id']));
      }
    });
  });
});
