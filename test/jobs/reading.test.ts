import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JOB_STALE_KIND } from '../../src/jobs/stale.js';
import { DAY, HOUR, MINUTE } from '../../src/lib/time.js';
import { actor, MEMBER } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { command, makeJob, take } from './kit.js';

const READER = actor('MEMBER', 'reading');

describe.each(storeKinds())('reading jobs on %s', (store) => {
  let world: World;
  const jobs: Record<string, string> = {};
  beforeAll(async () => {
    world = await createWorld({ store });
    const make = async (key: string, input: Record<string, unknown> = {}) => {
      world.clock.forward(1_000);
      jobs[key] = await makeJob(world, { key, ...input }, READER);
    };
    await make('daily', { schedule: { cron: { hour: 3 } }, description: '100% of the _home_' });
    await make('hourly', { clientId: 'other-client', actions: [{ freezerAction: { action: 'info' } }] });
    await make('stopped', { start: false, staleAfter: 60 });
    await make('once', { schedule: { date: { at: '2030-01-01T00:00:00Z' } }, actionDefaults: { action: 'exec' } });
    await make('gone');
    await command(world, 'jobRemove', { id: jobs.gone }, READER);
    await makeJob(world, { key: 'foreign' }, MEMBER);
    await world.pass(HOUR);
    const { agent, told } = await take(world, jobs.hourly ?? '');
    await agent.ended(told, { outcome: 'FAILED', exitCode: 2 });
  });
  afterAll(() => world.close());

  const keysOf = async (filter: unknown, orderBy?: unknown): Promise<string[]> => {
    const { jobs: page } = await world.gql<{ jobs: { nodes: { key: string }[] } }>(
      'query ($filter: JobFilter, $orderBy: JobOrder) { jobs(filter: $filter, orderBy: $orderBy) { nodes { key } } }',
      { filter, orderBy },
      READER,
    );
    return page.nodes.map((job) => job.key);
  };

  it('lists what is read apart as a single job shows it', async () => {
    const fields = 'key actions { freezerAction effective } actionDefaults document';
    const { jobs: page } = await world.gql<{ jobs: { nodes: { key: string }[] } }>(
      `{ jobs { nodes { ${fields} } } }`,
      {},
      READER,
    );
    expect(page.nodes).toHaveLength(4);
    for (const node of page.nodes) {
      const { job } = await world.gql<{ job: unknown }>(
        `query ($id: ID!) { job(id: $id) { ${fields} } }`,
        { id: node.key },
        READER,
      );
      expect(node).toEqual(job);
    }
  });

  it.each<[unknown, string[]]>([
    [{}, ['once', 'stopped', 'hourly', 'daily']],
    [{ keys: ['daily', 'gone', 'foreign'] }, ['daily']],
    [{ keys: [] }, []],
    [{ clientIds: ['other-client'] }, ['hourly']],
    [{ statuses: ['STOPPED'] }, ['stopped']],
    [{ statuses: ['REMOVED'] }, ['gone']],
    [{ statuses: ['REMOVED', 'SCHEDULED'] }, ['gone', 'once', 'hourly', 'daily']],
    [{ results: ['FAIL'] }, ['hourly']],
    [{ actions: ['INFO'] }, ['hourly']],
    [{ actions: ['BACKUP', 'INFO'] }, ['once', 'stopped', 'hourly', 'daily']],
    [{ scheduleKinds: ['CRON', 'DATE'] }, ['once', 'daily']],
    [{ search: 'OUR' }, ['hourly']],
    [{ search: 'our' }, ['hourly']],
    [{ search: '100% of the _' }, ['daily']],
    [{ search: '%' }, ['daily']],
    [{ search: 'other-cl' }, ['hourly']],
    [{ nextRunBefore: '2026-11-22T00:00:00Z' }, ['hourly']],
    [{ nextRunAfter: '2029-12-31T00:00:00Z' }, ['once']],
    [{ stale: true }, ['stopped']],
    [{ stale: false }, ['once', 'hourly', 'daily']],
    [{ projects: ['elsewhere'] }, []],
    [{ search: 'o', statuses: ['SCHEDULED'], scheduleKinds: ['INTERVAL'] }, ['hourly']],
  ])('jobs(filter: %j)', async (filter, keys) => {
    expect(await keysOf(filter)).toEqual(keys);
  });

  it('orders by the next run, jobs without a plan first, and pages to and fro', async () => {
    const orderBy = { field: 'NEXT_RUN_AT', direction: 'ASC' };
    expect(await keysOf({}, orderBy)).toEqual(['stopped', 'hourly', 'daily', 'once']);
    const page = `query ($first: Int, $last: Int, $after: String, $before: String, $orderBy: JobOrder) {
      jobs(first: $first, last: $last, after: $after, before: $before, orderBy: $orderBy) {
        totalCount edges { cursor node { key } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
    interface Page {
      jobs: {
        totalCount: number;
        edges: { node: { key: string } }[];
        pageInfo: { hasNextPage: boolean; startCursor: string; endCursor: string };
      };
    }
    const ask = async (variables: Record<string, unknown>) =>
      (await world.gql<Page>(page, { orderBy, ...variables }, READER)).jobs;
    const first = await ask({ first: 3 });
    expect([first.totalCount, first.pageInfo.hasNextPage]).toEqual([4, true]);
    const second = await ask({ first: 3, after: first.pageInfo.endCursor });
    expect(second.edges.map((edge) => edge.node.key)).toEqual(['once']);
    const back = await ask({ last: 2, before: second.pageInfo.startCursor });
    expect(back.edges.map((edge) => edge.node.key)).toEqual(['hourly', 'daily']);
    for (const wrong of [{ first: 0 }, { first: 501 }, { after: 'x' }, { first: 1, last: 1 }]) {
      await expect(ask(wrong)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
    const other = { after: first.pageInfo.endCursor, orderBy: { field: 'TIME_CREATED', direction: 'ASC' } };
    await expect(ask(other)).rejects.toMatchObject({ code: 'INVALID_INPUT', inputPath: ['after'] });
  });

  it('sends as many statements for ten jobs as for one: no N+1', async () => {
    const document = `query ($first: Int) { jobs(first: $first) { nodes { id key document canAbort canStart stale successRate
      whyNot { code } actions { effective } nextRuns(first: 2) { at } schedule { timezone } } } }`;
    const many = actor('MEMBER', 'many');
    for (let index = 0; index < 10; index += 1) await makeJob(world, {}, many);
    const count = async (first: number): Promise<number> => {
      world.statements.length = 0;
      await world.gql(document, { first }, many);
      return world.statements.filter((sql) => /^SELECT .* FROM .(jobs|job_runs|background_jobs)\b/s.test(sql)).length;
    };
    expect(await count(10)).toBe(await count(1));
  });

  it('shows the run that is under way, and the one that waits', async () => {
    const owner = actor('MEMBER', 'open');
    const id = await makeJob(world, { clientId: 'open', overlap: 'BUFFER_ONE' }, owner);
    await command(world, 'jobRunNow', { id }, owner);
    const document = 'query ($id: ID!) { job(id: $id) { currentRun { state } waitingRun { state } } }';
    const show = async () => (await world.gql<{ job: unknown }>(document, { id }, owner)).job;
    expect(await show()).toEqual({ currentRun: null, waitingRun: { state: 'WAITING' } });
    await take(world, id);
    await command(world, 'jobRunNow', { id }, owner);
    expect(await show()).toEqual({ currentRun: { state: 'RUNNING' }, waitingRun: { state: 'BUFFERED' } });
  });

  it('a failing job is told apart: consecutive failures, success rate, last success', async () => {
    const { job } = await world.gql<{ job: unknown }>(
      'query ($id: ID!) { job(id: $id) { consecutiveFailures successRate lastSuccessAt failureCount successCount } }',
      { id: jobs.hourly },
    );
    expect(job).toEqual({
      consecutiveFailures: 1,
      successRate: 0,
      lastSuccessAt: null,
      failureCount: 1,
      successCount: 0,
    });
  });

  it('why not: each job has one reason', async () => {
    const { jobs: page } = await world.gql<{ jobs: { nodes: { key: string; whyNot: { code: string } }[] } }>(
      '{ jobs(filter: { statuses: [STOPPED, SCHEDULED, REMOVED] }) { nodes { key whyNot { code } } } }',
      {},
      READER,
    );
    const reasons = Object.fromEntries(page.nodes.map(({ key, whyNot }) => [key, whyNot.code]));
    expect(reasons).toEqual({
      daily: 'NOT_DUE',
      hourly: 'NOT_DUE',
      stopped: 'JOB_STOPPED',
      once: 'NOT_DUE',
      gone: 'JOB_REMOVED',
    });
  });

  it('dueTimes lists past and coming ones over all jobs, in order, page by page', async () => {
    const lister = actor('MEMBER', 'due');
    const id = await makeJob(
      world,
      { key: 'a', schedule: { interval: { every: '10 minutes' } }, clientId: 'due' },
      lister,
    );
    await makeJob(world, { key: 'b', schedule: { interval: { every: '15 minutes' } }, clientId: 'due-2' }, lister);
    const start = world.clock.now();
    await world.pass(35 * MINUTE);
    const document = `query ($first: Int, $after: String, $from: DateTime, $to: DateTime, $filter: DueTimeFilter) {
      dueTimes(first: $first, after: $after, from: $from, to: $to, filter: $filter) { totalCount
        nodes { at until count outcome reason job { key } run { state } lateness }
        pageInfo { hasNextPage endCursor } } }`;
    interface Node {
      at: string;
      count: number;
      outcome: string;
      job: { key: string };
    }
    interface Due {
      dueTimes: { totalCount: number; nodes: Node[]; pageInfo: { hasNextPage: boolean; endCursor: string } };
    }
    const window = { from: new Date(start).toISOString(), to: new Date(start + HOUR).toISOString() };
    const ask = async (variables: Record<string, unknown>) =>
      (await world.gql<Due>(document, { ...window, ...variables }, lister)).dueTimes;
    const show = ({ at, outcome, count, job }: Node): string =>
      `${(Date.parse(at) - start) / MINUTE} ${job.key} ${outcome}${count > 1 ? ` x${count}` : ''}`;
    const all = await ask({});
    expect(all.nodes.map(show)).toEqual([
      '10 a MISSED x2',
      '15 b MISSED',
      '30 a WAITING',
      '30 b WAITING',
      '40 a COMING',
      '45 b COMING',
      '50 a COMING',
      '60 a COMING',
      '60 b COMING',
    ]);
    expect(all.totalCount).toBe(9);
    const paged: string[] = [];
    for (let after: string | undefined, more = true; more; ) {
      const page = await ask({ first: 2, after });
      paged.push(...page.nodes.map(show));
      after = page.pageInfo.endCursor;
      more = page.pageInfo.hasNextPage;
    }
    expect(paged).toEqual(all.nodes.map(show));
    const only = await ask({ filter: { jobs: ['b'], outcomes: ['WAITING', 'COMING'] } });
    expect(only.nodes.map(show)).toEqual(['30 b WAITING', '45 b COMING', '60 b COMING']);
    expect((await ask({ filter: { clientIds: ['due-2'], outcomes: ['MISSED'] } })).nodes).toHaveLength(1);
    await expect(world.gql('{ dueTimes(last: 2) { nodes { at } } }', {}, lister)).rejects.toMatchObject({
      inputPath: ['last'],
    });
    const { job } = await world.gql<{ job: { dueTimes: { nodes: Node[] } } }>(
      'query ($id: ID!) { job(id: $id) { dueTimes(outcomes: [COMING], first: 1) { nodes { at outcome count job { key } } } } }',
      { id },
      lister,
    );
    expect(job.dueTimes.nodes.map(show)).toEqual(['40 a COMING']);
  });

  it('jobStatusChanged tells what happened, filtered, to those who may see it, and resumes by cursor', async () => {
    const watcher = actor('MEMBER', 'live');
    const document = `subscription ($filter: JobStatusFilter, $after: String) {
      jobStatusChanged(filter: $filter, after: $after) { cursor key status statusBefore event result job { key } } }`;
    interface Event {
      jobStatusChanged: { cursor: string; key: string; status: string; statusBefore: string | null };
    }
    const ending = new AbortController();
    const events = await world.follow<Event>(document, { filter: { clientIds: ['seen'] } }, watcher, ending.signal);
    const iterator = events[Symbol.asyncIterator]();
    const next = iterator.next();
    await makeJob(world, { key: 'hidden', clientId: 'seen' }, MEMBER);
    await makeJob(world, { key: 'unwanted', clientId: 'unseen' }, watcher);
    const id = await makeJob(world, { key: 'wanted', clientId: 'seen' }, watcher);
    const first = await next;
    expect(first.value?.jobStatusChanged).toMatchObject({ key: 'wanted', status: 'SCHEDULED', statusBefore: null });
    ending.abort();
    await command(world, 'jobStop', { id }, watcher);
    const again = new AbortController();
    const after = first.value?.jobStatusChanged.cursor;
    const resumed = await world.follow<Event>(document, { after }, watcher, again.signal);
    for await (const { jobStatusChanged } of resumed) {
      expect(jobStatusChanged).toMatchObject({ key: 'wanted', status: 'STOPPED', statusBefore: 'SCHEDULED' });
      break;
    }
    again.abort();
  });

  it('tells once that a job has become stale', async () => {
    const project = 'stale';
    const owner = actor('MEMBER', project);
    await world.db.transaction(async (tx) =>
      world.deps.planner.plan(tx, JOB_STALE_KIND, { subject: 'jobs', project: null, nextRunAt: await tx.now() }),
    );
    const told = () =>
      world.db.reader.rows<{ subject: string }>("SELECT subject FROM events WHERE topic = 'jobStale' AND project = ?", [
        project,
      ]);
    const id = await makeJob(world, { staleAfter: 600, start: false }, owner);
    await world.pass(9 * MINUTE);
    expect(await told()).toEqual([]);
    for (let minute = 0; minute < 3; minute += 1) await world.pass(MINUTE);
    expect(await told()).toEqual([{ subject: id }]);
    const edited = await makeJob(world, { staleAfter: DAY / 1_000, start: false }, owner);
    await world.pass(HOUR);
    await command(world, 'jobUpdate', { id: edited, staleAfter: 60 }, owner);
    await world.pass(MINUTE);
    expect(await told()).toEqual([{ subject: id }, { subject: edited }]);
  });
});
