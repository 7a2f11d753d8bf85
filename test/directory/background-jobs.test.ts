import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR } from '../../src/lib/time.js';
import { ADMIN, actor, MEMBER, OTHER_MEMBER } from '../kit/actors.js';
import { makeJob } from '../kit/runs.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { makeService, setState } from './kit.js';

interface Shown {
  id: string;
  kind: string;
  subject: string;
  state: string;
  reason: string | null;
  wakeAt: string | null;
  tag: Record<string, string>;
  pinnedAt: string | null;
  generation: number;
  failCount: number;
  service: { host: string } | null;
  shard: { id: string } | null;
  job: { key: string } | null;
  occurrences: { totalCount: number; nodes: { outcome: string; lateness: number; service: { host: string } | null }[] };
}
interface Result {
  __typename: string;
  code?: string;
  path?: string[];
  outcome?: string;
  warning?: string | null;
  backgroundJob?: Shown;
}

const SHOWN = `id kind subject project state reason nextRunAt wakeAt tag pinnedAt generation failCount failReason attempts
  plannedAt service { host } shard { id } job { key } run { id } work { state }
  occurrences(first: 2) { totalCount nodes { scheduledFor outcome lateness firedAt count service { host } run { id } } }`;
const LIST = `query ($filter: BackgroundJobFilter, $orderBy: BackgroundJobOrder, $first: Int, $after: String) {
  backgroundJobs(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { ${SHOWN} } } }`;
const REBIND = `mutation ($input: BackgroundJobRebindInput!) { result: backgroundJobRebind(input: $input) { __typename
  ... on BackgroundJobRebindPayload { outcome warning backgroundJob { ${SHOWN} } }
  ... on UserError { code message path } } }`;
const HOURLY = { schedule: { interval: { every: '1 hour' } }, start: true };

describe.each(storeKinds())('background jobs (%s)', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  const list = async (variables: object, as = ADMIN) =>
    (
      await world.gql<{
        backgroundJobs: { totalCount: number; pageInfo: { hasNextPage: boolean; endCursor: string }; nodes: Shown[] };
      }>(LIST, { ...variables }, as)
    ).backgroundJobs;
  const find = async (id: string, as = ADMIN): Promise<Shown | null> =>
    (
      await world.gql<{ backgroundJob: Shown | null }>(
        `query ($id: ID!) { backgroundJob(id: $id) { ${SHOWN} } }`,
        { id },
        as,
      )
    ).backgroundJob;
  const rebind = async (input: object, as = ADMIN): Promise<Result> =>
    (await world.gql<{ result: Result }>(REBIND, { input }, as)).result;
  const write = (set: string, subject: string) =>
    world.db.transaction((tx) => tx.execute(`UPDATE background_jobs SET ${set} WHERE subject = ?`, [subject]));
  /** A job that is due every hour, and its background job. */
  const planned = async (as = MEMBER): Promise<Shown> => {
    const subject = await makeJob(world, 'host', undefined, HOURLY, as);
    const found = await find(`job-run/${subject}`);
    if (!found) throw new Error('It was not planned.');
    return found;
  };

  it('are shown with their service through their shard, their job and what came of their instants', async () => {
    const { id, subject } = await planned();
    await world.pass(HOUR);
    await world.pass(HOUR + 7);
    const shown = await find(id);
    expect(shown).toMatchObject({
      ...{ kind: 'job-run', subject, project: 'default', state: 'SCHEDULED', reason: null, tag: {}, pinnedAt: null },
      ...{ failCount: 0, failReason: null, service: { host: 'test' }, shard: { id: expect.any(String) }, work: null },
      job: { key: expect.any(String) },
      run: null,
    });
    expect(shown?.occurrences).toMatchObject({
      totalCount: 2,
      nodes: [
        { lateness: 7, count: 1, service: { host: 'test' } },
        { lateness: 0, service: { host: 'test' } },
      ],
    });
    expect(await find(`job-run/${subject}`)).toEqual(shown);
    const { node } = await world.gql<{ node: object }>(
      `query ($id: ID!) { node(id: $id) { __typename ... on BackgroundJob { ${SHOWN} } } }`,
      { id },
    );
    expect(node).toEqual({ __typename: 'BackgroundJob', ...shown });
    const { job } = await world.gql<{ job: object }>(
      'query ($id: ID!) { job(id: $id) { backgroundJob { id state service { host } } } }',
      { id: subject },
    );
    expect(job).toEqual({ backgroundJob: { id, state: 'SCHEDULED', service: { host: 'test' } } });
    for (const name of ['job-run/nothing', 'job-run', '/', 'bgjob_0198']) expect(await find(name)).toBeNull();
  });

  it('are scheduled, overdue, backing off, unassigned or parked', async () => {
    const { subject } = await planned();
    const state = async () => {
      const { nodes } = await list({ filter: { subject, kind: 'job-run' } });
      const [found] = nodes;
      for (const each of ['SCHEDULED', 'OVERDUE', 'BACKING_OFF', 'UNASSIGNED', 'PARKED']) {
        const { totalCount } = await list({ filter: { subject, kind: 'job-run', states: [each] } });
        expect([each, totalCount]).toEqual([each, each === found?.state ? 1 : 0]);
      }
      return found;
    };
    expect(await state()).toMatchObject({ state: 'SCHEDULED', reason: null });
    const now = world.clock.now();
    await write(`wake_at = ${now - 999}`, subject);
    expect(await state()).toMatchObject({ state: 'SCHEDULED' });
    await write(`wake_at = ${now - 1_000}`, subject);
    expect(await state()).toMatchObject({ state: 'OVERDUE', reason: expect.stringContaining('owner') });
    await write(`wake_at = ${now + 5_000}, fail_count = 2, fail_reason = 'it broke'`, subject);
    expect(await state()).toMatchObject({ state: 'BACKING_OFF', reason: 'it broke', failCount: 2 });
    await rebind({ id: `job-run/${subject}`, tag: { zone: 'nowhere' } });
    const unassigned = await state();
    expect(unassigned).toMatchObject({ state: 'UNASSIGNED', service: null });
    expect(unassigned?.reason).toBe('No service with the labels zone=nowhere is alive and takes work.');
    await write("wake_at = NULL, fail_reason = 'it ended the server'", subject);
    expect(await state()).toMatchObject({ state: 'PARKED', reason: 'it ended the server', wakeAt: null });
  });

  it('are listed by service, shard, tag, kind, subject, project and time, page by page', async () => {
    const made: Shown[] = [];
    for (let count = 0; count < 3; count += 1) made.push(await planned(OTHER_MEMBER));
    const ids = ({ nodes }: { nodes: Shown[] }) => nodes.map(({ id }) => id);
    const own = { project: 'other', kind: 'job-run' };
    expect(ids(await list({ filter: own })).sort()).toEqual(made.map(({ id }) => id).sort());
    const service = await makeService(world, { host: 'owner' });
    const [one] = made;
    if (!one) throw new Error('None was made.');
    const bound = (await rebind({ id: one.id, serviceId: 'owner/engine' })).backgroundJob;
    const { id: shardId = '' } = bound?.shard ?? {};
    const owned = 'UPDATE shards SET owner_id = ?, owner_incarnation = 1, lease_until = 9e15 WHERE id = ?';
    await world.db.transaction((tx) => tx.execute(owned, [service.id, shardId]));
    const tag = { name: 'engine', host: 'owner' };
    for (const filter of [{ serviceId: service.id }, { serviceId: 'owner/engine' }, { shardId }, { tag }]) {
      expect([filter, ids(await list({ filter }))]).toEqual([filter, [one.id]]);
    }
    expect(ids(await list({ filter: { ...own, tag: {} } }))).toHaveLength(2);
    expect(ids(await list({ filter: { serviceId: 'nobody' } }))).toEqual([]);
    expect(ids(await list({ filter: { subject: one.subject, kind: 'job-run' } }))).toEqual([one.id]);
    const due = new Date(world.clock.now() + HOUR + 1).toISOString();
    expect(ids(await list({ filter: { ...own, dueBefore: due } }))).toHaveLength(3);
    expect(ids(await list({ filter: { ...own, dueBefore: new Date(world.clock.now()).toISOString() } }))).toEqual([]);
    await write('wake_at = NULL', made[2]?.subject ?? '');
    for (const direction of ['ASC', 'DESC']) {
      const orderBy = { field: 'WAKE_AT', direction };
      const whole = ids(await list({ filter: own, orderBy }));
      expect(whole.at(direction === 'ASC' ? 0 : -1)).toBe(made[2]?.id);
      const first = await list({ filter: own, orderBy, first: 2 });
      const rest = await list({ filter: own, orderBy, after: first.pageInfo.endCursor });
      expect([...ids(first), ...ids(rest)]).toEqual(whole);
      expect(first.totalCount).toBe(3);
    }
    await expect(list({ filter: { tag: { a: {} } } })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('are pinned to a service or labels, tried again at once, and given back to their kind', async () => {
    const before = await planned();
    const service = await makeService(world, { host: 'pin', labels: { zone: 'eu' } });
    const pinned = await rebind({ id: before.id, serviceId: 'pin/engine', reason: 'near its data' });
    expect(pinned).toMatchObject({ outcome: 'REBOUND', warning: null });
    expect(pinned.backgroundJob).toMatchObject({
      ...{ tag: { host: 'pin', name: 'engine' }, pinnedAt: expect.any(String), generation: before.generation + 1 },
      ...{ wakeAt: before.wakeAt, service: null, state: 'SCHEDULED' },
    });
    expect(await rebind({ id: before.id, serviceId: service.id })).toMatchObject({ outcome: 'NOTHING_TO_DO' });
    const tagged = await rebind({ id: `job-run/${before.subject}`, tag: { zone: 'eu' } });
    expect(tagged).toMatchObject({ outcome: 'REBOUND', warning: null, backgroundJob: { tag: { zone: 'eu' } } });

    // A change of the job moves its instant, and leaves the pin alone.
    const plan = { subject: before.subject, project: 'default', nextRunAt: world.clock.now() + 1, tag: { zone: 'us' } };
    await world.db.transaction((tx) => world.engine.planner.plan(tx, 'job-run', plan));
    expect(await find(before.id)).toMatchObject({
      tag: { zone: 'eu' },
      wakeAt: new Date(plan.nextRunAt).toISOString(),
    });

    await write("wake_at = NULL, attempts = 3, fail_reason = 'it ended the server'", before.subject);
    const again = await rebind({ id: before.id, tag: { zone: 'eu' } });
    expect(again).toMatchObject({ outcome: 'REBOUND', backgroundJob: { state: 'SCHEDULED', reason: null } });

    await setState(world, service, 'FAILED');
    const nobody = await rebind({ id: before.id, serviceId: service.id });
    expect(nobody).toMatchObject({
      warning: expect.stringContaining('pin/engine has failed'),
      backgroundJob: { state: 'UNASSIGNED' },
    });
    const free = await rebind({ id: before.id });
    expect(free).toMatchObject({ outcome: 'REBOUND', warning: null, backgroundJob: { tag: {}, pinnedAt: null } });
    expect(free.backgroundJob).toMatchObject({ service: { host: 'test' }, state: 'SCHEDULED' });
    expect(await rebind({ id: before.id })).toMatchObject({ outcome: 'NOTHING_TO_DO' });

    const { activity } = await world.gql<{ activity: { nodes: object[] } }>(
      'query ($subject: String) { activity(filter: { subject: $subject }) { nodes { action project detail } } }',
      { subject: before.id },
    );
    expect(activity.nodes).toHaveLength(5);
    expect(activity.nodes.at(-1)).toEqual({
      action: 'backgroundJobRebind',
      project: 'default',
      detail: {
        ...{ kind: 'job-run', subject: before.subject, tag: { host: 'pin', name: 'engine' } },
        ...{ pinned: true, reason: 'near its data' },
      },
    });
  });

  it('are not bound to what is no tag, or to a service that is not there', async () => {
    const { id } = await planned();
    const refused: [object, object][] = [
      [{ serviceId: 'nobody/engine' }, { code: 'NOT_FOUND', path: ['serviceId'] }],
      [
        { serviceId: 'test/engine', tag: {} },
        { code: 'INVALID_INPUT', path: ['tag'] },
      ],
      [{ tag: { zone: 1 } }, { code: 'INVALID_INPUT', path: ['tag', 'zone'] }],
      [{ tag: { zone: '' } }, { code: 'INVALID_INPUT', path: ['tag', 'zone'] }],
      [{ tag: { 'no name': 'x' } }, { code: 'INVALID_INPUT', path: ['tag', 'no name'] }],
      [{ reason: 'x'.repeat(256) }, { code: 'INVALID_INPUT', path: ['reason'] }],
    ];
    for (const [input, error] of refused) expect(await rebind({ id, ...input })).toMatchObject(error);
    expect(await rebind({ id: 'job-run/nothing' })).toMatchObject({ code: 'NOT_FOUND', path: ['id'] });
  });

  it('are found by where the long work stands that they began', async () => {
    const { id, subject } = await planned();
    const found = async (workStates: string[]) =>
      (await list({ filter: { workStates, project: 'default' } })).nodes.map((job) => job.id);
    expect(await found(['PARKED', 'WAITING', 'RUNNING'])).toEqual([]);
    await world.db.execute(
      `INSERT INTO leases (id, kind, subject, tag, state, fence, attempts, fail_count, writes, created_at)
        VALUES ('lease_parked', 'job-run', ?, '{}', 'PARKED', 3, 3, 0, 0, 0)`,
      [subject],
    );
    expect(await found(['PARKED'])).toEqual([id]);
    expect(await found(['WAITING'])).toEqual([]);
    expect(await found([])).toEqual([]);
    await world.db.execute('DELETE FROM leases');
  });

  it('of a project are seen by its members, who are told of no services and bind nothing', async () => {
    const { id, subject } = await planned(OTHER_MEMBER);
    const reader = actor('READER', 'other');
    for (const as of [OTHER_MEMBER, reader]) {
      expect(await find(id, as)).toMatchObject({ id, shard: null, service: null });
      expect((await list({ filter: { subject } }, as)).nodes.map(({ id }) => id)).toContain(id);
    }
    const agent = actor('AGENT', 'other', 'host');
    for (const as of [MEMBER, agent]) {
      expect(await world.gql('query ($id: ID!) { node(id: $id) { id } }', { id }, as)).toEqual({ node: null });
    }
    expect(await find(id, MEMBER)).toBeNull();
    expect((await list({ filter: { subject } }, MEMBER)).nodes).toEqual([]);
    await expect(find(id, agent)).rejects.toMatchObject({ extensions: { code: 'FORBIDDEN' } });
    for (const as of [OTHER_MEMBER, actor('READER')]) {
      await expect(rebind({ id }, as)).rejects.toMatchObject({ extensions: { code: 'FORBIDDEN' } });
    }
    await rebind({ id, serviceId: 'test/engine' }, actor('OPERATOR'));
    const [engine] = await world.db.reader.rows<{ id: string }>("SELECT id FROM services WHERE host = 'test'");
    await setState(world, { id: engine?.id ?? '' }, 'STOPPED');
    const told = await find(id, OTHER_MEMBER);
    expect(told?.reason).toBe('No service with the labels host=test, name=engine is alive and takes work.');
    expect((await find(id))?.reason).toMatch(/: test\/engine has stopped\.$/);
    await setState(world, { id: engine?.id ?? '' }, 'ACTIVE');
  });
});
