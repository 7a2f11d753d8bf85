import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/lib/time.js';
import { actor } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { makeJob, take } from './kit.js';

interface Node {
  at: string;
  until: string | null;
  count: number;
  outcome: string;
  reason: string | null;
  lateness: number | null;
  startedAt: string | null;
  job: { key: string };
}

interface Due {
  totalCount: number;
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
}

const NODES = 'nodes { at until count outcome reason lateness startedAt job { key } }';
const DOCUMENT = `query ($filter: DueTimeFilter, $from: DateTime, $to: DateTime, $first: Int, $after: String) {
  dueTimes(filter: $filter, from: $from, to: $to, first: $first, after: $after) {
    totalCount ${NODES} pageInfo { hasNextPage endCursor } } }`;
const OF_JOB = `query ($id: ID!, $from: DateTime, $to: DateTime) { job(id: $id) {
  dueTimes(from: $from, to: $to, outcomes: [MISSED]) { ${NODES} } } }`;

const iso = (at: number): string => new Date(at).toISOString();

describe.each(storeKinds())('due against ran on %s', (store) => {
  let world: World;
  let owners = 0;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  /** A project of its own, and what it asks: the other tests' jobs are not in the lists. */
  const project = () => {
    owners += 1;
    const owner = actor('MEMBER', `due-${owners}`);
    const ask = async (variables: Record<string, unknown> = {}): Promise<Due> =>
      (await world.gql<{ dueTimes: Due }>(DOCUMENT, variables, owner)).dueTimes;
    return { owner, ask };
  };

  it('a stretch of missed ones that began before the window is in it, on every page once', async () => {
    const { owner, ask } = project();
    const hourly = await makeJob(world, { key: 'hourly', clientId: 'c' }, owner);
    await makeJob(world, { key: 'half', clientId: 'c', schedule: { interval: { every: '30 minutes' } } }, owner);
    const start = world.clock.now();
    await world.pass(60 * HOUR);
    const show = ({ at, until, count, outcome, job }: Node): string =>
      `${(Date.parse(at) - start) / HOUR}-${until === null ? '' : (Date.parse(until) - start) / HOUR} ${job.key} ${outcome} ${count}`;
    const missed = ['0.5-59.5 half MISSED 119', '1-59 hourly MISSED 59'];
    const before = { to: iso(world.clock.now()) };
    expect((await ask(before)).nodes.map(show)).toEqual([
      ...missed,
      expect.stringMatching('60- h.* WAITING 1'),
      expect.stringMatching('60- h.* WAITING 1'),
    ]);
    for (const from of [start, start + HOUR, start + 30 * HOUR, start + 59 * HOUR]) {
      const answer = await ask({ ...before, from: iso(from), filter: { outcomes: ['MISSED'] } });
      expect(answer.nodes.map(show)).toEqual(missed);
      expect(answer.totalCount).toBe(2);
    }
    // Behind the end of the one, within the other; behind both; and before either.
    const late = await ask({ ...before, from: iso(start + 59 * HOUR + 1), filter: { outcomes: ['MISSED'] } });
    expect(late.nodes.map(show)).toEqual(missed.slice(0, 1));
    expect((await ask({ from: iso(start + 59.5 * HOUR + 1), filter: { outcomes: ['MISSED'] } })).nodes).toEqual([]);
    expect((await ask({ from: iso(start - DAY), to: iso(start) })).nodes).toEqual([]);
    expect((await ask({ ...before, filter: { jobs: ['hourly'], outcomes: ['MISSED', 'RAN'] } })).nodes).toHaveLength(1);
    expect((await ask({ ...before, filter: { outcomes: ['WAITING'] } })).nodes).toHaveLength(2);

    const all = (await ask(before)).nodes.map(show);
    const paged: string[] = [];
    for (let after: string | undefined, more = true; more; ) {
      const page = await ask({ ...before, first: 1, after });
      expect(page.totalCount).toBe(4);
      paged.push(...page.nodes.map(show));
      after = page.pageInfo.endCursor;
      more = page.pageInfo.hasNextPage;
    }
    expect(paged).toEqual(all);
    const window = { id: hourly, from: iso(start + 30 * HOUR), to: iso(start + 31 * HOUR) };
    const { job } = await world.gql<{ job: { dueTimes: Due } }>(OF_JOB, window, owner);
    expect(job.dueTimes.nodes.map(show)).toEqual(missed.slice(1));
  });

  it('a stretch of a hundred thousand is told to its end, and counted', async () => {
    const { owner, ask } = project();
    const every = { interval: { every: '1 seconds' } };
    await makeJob(world, { clientId: 'c', schedule: every, catchup: 'NONE', catchupWindow: 0 }, owner);
    const start = world.clock.now();
    await world.pass(30 * HOUR);
    const { nodes } = await ask({ from: iso(start), to: iso(world.clock.now()) });
    const until = iso(start + 30 * HOUR - SECOND);
    expect(nodes).toMatchObject([
      { at: iso(start + SECOND), until, count: (30 * HOUR) / SECOND - 1, outcome: 'MISSED', reason: 'SERVER_DOWN' },
      { at: iso(start + 30 * HOUR), outcome: 'WAITING' },
    ]);
  });

  it('a run counts by when it began: LATE when its client took it over a minute later', async () => {
    const { owner, ask } = project();
    const instant = world.clock.now() + HOUR;
    const jobs: Record<string, string> = {};
    for (const key of ['prompt', 'late']) jobs[key] = await makeJob(world, { key, clientId: `${key}-client` }, owner);
    await world.pass(HOUR);
    const window = { from: iso(instant), to: iso(instant) };
    const shown = async () =>
      (await ask(window)).nodes.map(({ at: _at, until: _until, count: _count, ...node }) => node);
    world.clock.forward(MINUTE);
    await take(world, jobs.prompt ?? '');
    world.clock.forward(5 * SECOND);
    await take(world, jobs.late ?? '');
    const prompt = { outcome: 'RAN', reason: null, lateness: MINUTE, startedAt: iso(instant + MINUTE) };
    const lateness = 65 * SECOND;
    const late = { outcome: 'LATE', reason: 'CLIENT_LATE', lateness, startedAt: iso(instant + lateness) };
    expect((await shown()).sort((a, b) => (a.lateness ?? 0) - (b.lateness ?? 0))).toEqual([
      { ...prompt, job: { key: 'prompt' } },
      { ...late, job: { key: 'late' } },
    ]);
    const only = async (outcome: string): Promise<string[]> =>
      (await ask({ ...window, filter: { outcomes: [outcome] } })).nodes.map(({ job }) => job.key);
    expect([await only('RAN'), await only('LATE')]).toEqual([['prompt'], ['late']]);
  });

  it('says why a run began late: no server, or the run before it', async () => {
    const { owner, ask } = project();
    const every = { interval: { every: '10 minutes' } };
    const down = await makeJob(world, { key: 'down', clientId: 'down-client', schedule: every }, owner);
    await world.pass(10 * MINUTE + 3 * MINUTE);
    await take(world, down);
    const key = 'held';
    const held = await makeJob(world, { key, clientId: 'held-client', schedule: every, overlap: 'BUFFER_ONE' }, owner);
    const start = world.clock.now();
    await world.pass(10 * MINUTE);
    const { agent, told } = await take(world, held);
    await world.db.transaction((tx) => tx.execute('UPDATE job_runs SET lease_until = ?', [world.clock.now() + DAY]));
    await world.pass(10 * MINUTE);
    world.clock.forward(2 * MINUTE);
    await agent.ended(told, { outcome: 'SUCCEEDED', exitCode: 0 });
    await take(world, held);
    const { nodes } = await ask({ filter: { outcomes: ['LATE'] } });
    expect(nodes.map(({ job, at, reason, lateness }) => [job.key, Date.parse(at) - start, reason, lateness])).toEqual([
      ['down', -3 * MINUTE, 'SERVER_DOWN', 3 * MINUTE],
      ['held', 20 * MINUTE, 'HELD_UP', 2 * MINUTE],
    ]);
  });
});
