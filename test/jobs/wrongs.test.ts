import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../src/lib/time.js';
import { ADMIN, MEMBER, OTHER_MEMBER } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { command, jobOf, makeJob, occurrencesOf, openRunsOf, stored, take } from './kit.js';

const iso = (at: number): string => new Date(at).toISOString();

describe.each(storeKinds())('what Freezer gets wrong, on %s', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  it('partial update keeps the plan', async () => {
    const id = await makeJob(world);
    await world.pass(10 * MINUTE);
    const before = await stored(world, id);
    await command(world, 'jobUpdate', { id, description: 'new words' });
    const after = await stored(world, id);
    expect(after).toMatchObject({ description: 'new words', nextRunAt: before.nextRunAt, status: 'SCHEDULED' });
    expect([after.schedule, after.actions, after.clientKey]).toEqual([
      before.schedule,
      before.actions,
      before.clientKey,
    ]);
    const [row] = await world.db.reader.rows<{ at: number }>(
      'SELECT next_run_at AS at FROM background_jobs WHERE subject = ?',
      [id],
    );
    expect(Number(row?.at)).toBe(before.nextRunAt);
  });

  it('an edit while scheduled takes effect', async () => {
    const id = await makeJob(world);
    await command(world, 'jobUpdate', {
      id,
      schedule: { interval: { every: '5 minutes' } },
      actions: [{ freezerAction: { action: 'info' } }],
    });
    await world.pass(5 * MINUTE);
    const { told } = await take(world, id);
    expect(told.instruction.task?.name).toBe('0-info');
  });

  it('a restart neither loses nor doubles a run, and does not move an interval’s phase', async () => {
    const id = await makeJob(world);
    const { schedule } = await stored(world, id);
    const start = world.clock.now();
    // Down for two and a half hours; then two looks at the same instant, as after a restart.
    world.clock.forward(2.5 * HOUR);
    await world.engine.fireDue();
    await world.engine.fireDue();
    expect((await openRunsOf(world, id)).length).toBe(1);
    expect(await occurrencesOf(world, id)).toEqual([
      { outcome: 'MISSED', reason: 'SERVER_DOWN' },
      { outcome: 'WAITING', reason: 'WAITING_FOR_CLIENT' },
    ]);
    const after = await stored(world, id);
    expect(after.nextRunAt).toBe(start + 3 * HOUR);
    await command(world, 'jobUpdate', { id, schedule: { interval: { every: '2 hours' } } });
    await command(world, 'jobStop', { id });
    await command(world, 'jobStart', { id });
    const edited = await stored(world, id);
    expect(edited.schedule.anchor).toBe(schedule.anchor);
    expect(edited.nextRunAt).toBe(start + 4 * HOUR);
  });

  it.each([
    [{ schedule_interval: 'every blue moon' }, 'schedule_interval'],
    [{ schedule_hour: '25' }, 'schedule_hour'],
    [{ schedule_date: '2027-02-30T00:00:00' }, 'schedule_date'],
    [{ schedule_hour: '3', schedule_timezone: 'Mars/Base' }, 'schedule_timezone'],
    [
      { schedule_interval: '1 hours', schedule_start_date: '2030-01-02', schedule_end_date: '2030-01-01' },
      'schedule_end_date',
    ],
  ])('a bad schedule is refused at write: %j', async (schedule, key) => {
    const document = { job_id: 'bad', client_id: 'c', job_schedule: schedule };
    const answer = await command(world, 'jobImport', { document });
    expect(answer).toMatchObject({ code: 'INVALID_INPUT', path: ['job_schedule', key] });
    expect((await world.gql<{ job: unknown }>('{ job(id: "bad") { id } }')).job).toBeNull();
  });

  it('one poison job harms no other', async () => {
    const poison = await makeJob(world, { schedule: { interval: { every: '3 hours' } }, clientId: 'poison' });
    const healthy = await makeJob(world, { schedule: { interval: { every: '3 hours' } }, clientId: 'healthy' });
    await world.db.transaction((tx) => tx.execute("UPDATE jobs SET schedule = '{}' WHERE id = ?", [poison]));
    await world.pass(3 * HOUR);
    expect(await openRunsOf(world, healthy)).toHaveLength(1);
    expect(await openRunsOf(world, poison)).toHaveLength(0);
    expect(world.engine.warnings.join()).toContain('could not be fired');
    const { dueTimes } = await world.gql<{ dueTimes: { nodes: unknown[] } }>(
      'query ($id: ID!) { dueTimes(filter: { jobs: [$id], outcomes: [DUE] }) { nodes { outcome reason } } }',
      { id: poison },
    );
    expect(dueTimes.nodes).toEqual([{ outcome: 'DUE', reason: 'FIRING_FAILED' }]);
    const { jobs } = await world.gql<{ jobs: { nodes: unknown[] } }>(
      `{ jobs(filter: { clientIds: ["poison", "healthy"] }) {
        nodes { id schedule { __typename } canStart nextRuns { at } whyNot { code } } } }`,
    );
    expect(jobs.nodes).toHaveLength(2);
    expect(jobs.nodes).toContainEqual(expect.objectContaining({ id: poison, whyNot: { code: 'FIRING_FAILED' } }));
    await world.db.transaction((tx) => tx.execute('DELETE FROM jobs WHERE id = ?', [poison]));
    await world.db.transaction((tx) => world.deps.planner.unplan(tx, 'job-run', poison));
  });

  it('a one-shot missed while everything was down is visible, not "scheduled" for ever', async () => {
    const at = world.clock.now() + HOUR;
    const id = await makeJob(world, { schedule: { date: { at: iso(at) } } });
    await world.pass(2 * DAY);
    expect(await stored(world, id)).toMatchObject({
      status: 'COMPLETED',
      result: 'MISSED',
      statusReason: 'SERVER_DOWN',
      missedCount: 1,
    });
    const { job } = await world.gql<{ job: { statusReason: string; dueTimes: { nodes: unknown[] } } }>(
      'query ($id: ID!, $from: DateTime) { job(id: $id) { statusReason dueTimes(from: $from) { nodes { at outcome reason message } } } }',
      { id, from: iso(at - DAY) },
    );
    expect(job.statusReason).toBe('No server was there to start it in time.');
    expect(job.dueTimes.nodes).toEqual([
      { at: iso(at), outcome: 'MISSED', reason: 'SERVER_DOWN', message: 'No server was there to start it in time.' },
    ]);
  });

  it('%, quotes and newlines in action values survive', async () => {
    const freezer_action = {
      action: 'exec',
      command: 'date +%Y "a\'b"\n\ttail \\ %(x)s $y – ü 🙂',
      list: ['%', '"'],
    };
    const document = { job_actions: [{ freezer_action }], job_schedule: {}, client_id: 'c' };
    const job = jobOf(await command(world, 'jobImport', { document }));
    expect(job.document).toMatchObject({ job_actions: [{ freezer_action }] });
    await world.pass(0);
    expect((await stored(world, job.id)).actions[0]?.freezerAction).toEqual(freezer_action);
    const { run } = await world.gql<{ run: { actions: unknown[] } }>('query ($id: ID!) { run(id: $id) { actions } }', {
      id: (await openRunsOf(world, job.id))[0]?.id,
    });
    expect(run.actions).toEqual([freezer_action]);
  });

  it.each([
    ['2027-01-15T12:00:00Z', undefined, '2027-01-15T12:00:00.000Z'],
    ['2027-01-15T12:00:00+05:30', undefined, '2027-01-15T06:30:00.000Z'],
    ['2027-01-15T12:00:00', 'Europe/Berlin', '2027-01-15T11:00:00.000Z'],
    ['2027-07-15 12:00:00-0400', 'Europe/Berlin', '2027-07-15T16:00:00.000Z'],
  ])('times with Z and offsets work: %s in %s', async (schedule_date, schedule_timezone, nextRunAt) => {
    const document = {
      client_id: 'c',
      job_schedule: { schedule_date, ...(schedule_timezone ? { schedule_timezone } : {}) },
    };
    const job = jobOf(await command(world, 'jobImport', { document }));
    expect(job).toMatchObject({ status: 'SCHEDULED', nextRunAt });
    expect(job.document).toMatchObject({ job_schedule: { schedule_date } });
  });

  it('one project cannot see, change or capture another’s jobs', async () => {
    const id = await makeJob(world, { key: 'shared-name', description: 'mine' }, MEMBER);
    const before = await stored(world, id);
    const mutations = ['jobStart', 'jobStop', 'jobRunNow', 'jobAbort', 'jobRemove', 'jobUpdate', 'jobRevert'];
    for (const field of mutations) {
      const more = field === 'jobRevert' ? { revision: 1 } : {};
      for (const name of [id, 'shared-name']) {
        const answer = await command(world, field, { id: name, ...more }, OTHER_MEMBER);
        expect(answer).toMatchObject({ code: 'NOT_FOUND', __typename: 'NotFoundError' });
      }
    }
    const see = `query ($id: ID!) { node(id: $id) { id } job(id: $id) { id } byKey: job(id: "shared-name") { id }
      jobs(filter: { keys: ["shared-name"] }) { totalCount nodes { id } }
      dueTimes(filter: { jobs: [$id] }) { nodes { at } } }`;
    expect(await world.gql(see, { id }, OTHER_MEMBER)).toEqual({
      node: null,
      job: null,
      byKey: null,
      jobs: { totalCount: 0, nodes: [] },
      dueTimes: { nodes: [] },
    });
    // Its own job of the same key is another job, and a document cannot name another project or user.
    const own = await makeJob(world, { key: 'shared-name' }, OTHER_MEMBER);
    expect(own).not.toBe(id);
    const capture = { document: { job_id: 'shared-name', client_id: 'c', project: 'default' } };
    expect(await command(world, 'jobImport', capture, OTHER_MEMBER)).toMatchObject({ code: 'FORBIDDEN' });
    const pretend = { document: { client_id: 'c', user_id: MEMBER.userId } };
    expect(await command(world, 'jobImport', pretend, OTHER_MEMBER)).toMatchObject({ code: 'FORBIDDEN' });
    const create = { clientId: 'c', project: 'default' };
    expect(await command(world, 'jobCreate', create, OTHER_MEMBER)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await stored(world, id)).toEqual(before);
    // Who sees every project is asked which one is meant.
    expect(await command(world, 'jobStop', { id: 'shared-name' }, ADMIN)).toMatchObject({ code: 'CONFLICT' });
    const named = await command(world, 'jobStop', { id: 'shared-name', project: 'other' }, ADMIN);
    expect(named).toMatchObject({ outcome: 'ACCEPTED', job: { id: own } });
  });
});
