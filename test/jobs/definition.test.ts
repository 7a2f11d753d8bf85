import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../src/lib/time.js';
import { MEMBER } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { command, jobOf, makeJob, stored, take } from './kit.js';

const iso = (at: number): string => new Date(at).toISOString();

describe.each(storeKinds())('definitions on %s', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  it('expectedRevision: another one is a CONFLICT, and nothing is written', async () => {
    const id = await makeJob(world);
    expect(jobOf(await command(world, 'jobUpdate', { id, description: 'a', expectedRevision: 1 })).revision).toBe(2);
    const answer = await command(world, 'jobUpdate', { id, description: 'b', expectedRevision: 1 });
    expect(answer).toMatchObject({ code: 'CONFLICT', path: ['expectedRevision'] });
    expect(await stored(world, id)).toMatchObject({ description: 'a', revision: 2 });
  });

  it('an update that changes nothing makes no revision', async () => {
    const id = await makeJob(world, { description: 'a' });
    const answer = await command(world, 'jobUpdate', {
      id,
      description: 'a',
      schedule: { interval: { every: '60m' } },
    });
    expect([answer.outcome, answer.job?.revision]).toEqual(['ACCEPTED', 2]);
    const same = await command(world, 'jobUpdate', { id, description: 'a' });
    expect([same.outcome, same.job?.revision]).toEqual(['NOTHING_TO_DO', 2]);
  });

  it('two edits at once: both are kept, one after the other', async () => {
    const id = await makeJob(world);
    await Promise.all([
      command(world, 'jobUpdate', { id, description: 'one' }),
      command(world, 'jobUpdate', { id, overlap: 'ALLOW_ALL' }),
    ]);
    expect(await stored(world, id)).toMatchObject({ description: 'one', overlap: 'ALLOW_ALL', revision: 3 });
  });

  it('a schedule with nothing ahead is refused by jobCreate and jobUpdate', async () => {
    const schedule = { date: { at: '2015-06-02T16:20:00Z' } };
    const message = expect.stringContaining('no due time ahead');
    const created = await command(world, 'jobCreate', { clientId: 'c', schedule });
    expect(created).toMatchObject({ code: 'INVALID_INPUT', path: ['schedule'], message });
    const id = await makeJob(world);
    expect(await command(world, 'jobUpdate', { id, schedule })).toMatchObject({ path: ['schedule'], message });
  });

  it('typed dates without an offset are read in the zone of the schedule, those with one are kept', async () => {
    const timezone = 'Europe/Berlin';
    const due = async (at: string) => {
      const id = await makeJob(world, { schedule: { date: { at, timezone } } });
      return (await stored(world, id)).nextRunAt;
    };
    expect(await due('2030-06-02T16:20:00')).toBe(Date.parse('2030-06-02T14:20:00Z'));
    expect(await due('2030-06-02T16:20:00-05:00')).toBe(Date.parse('2030-06-02T21:20:00Z'));
    const spans = [
      { interval: { every: '1d', start: '2030-06-02T16:20:00', timezone } },
      { cron: { minute: 20, start: '2030-06-02T16:20:00', end: '2030-06-03', timezone } },
    ];
    for (const schedule of spans) {
      const id = await makeJob(world, { schedule });
      expect((await stored(world, id)).nextRunAt).toBe(Date.parse('2030-06-02T14:20:00Z'));
    }
  });

  it('a typed date that is none is refused by the name of its key', async () => {
    const schedule = { interval: { every: '1d', start: '2030-02-31', end: 'soon' } };
    const answer = await command(world, 'jobCreate', { clientId: 'c', schedule });
    expect(answer.issues).toEqual([
      { path: ['schedule', 'interval', 'start'], message: expect.stringContaining('start: "2030-02-31" is not in') },
      { path: ['schedule', 'interval', 'end'], message: expect.stringContaining('end: "soon" is not a date') },
    ]);
  });

  it('keeps revisions with who, when and why, and their differences with secrets masked', async () => {
    const id = await makeJob(world, { reason: 'first', key: 'kept' });
    world.clock.forward(HOUR);
    await command(world, 'jobUpdate', {
      id,
      reason: 'new password',
      actions: [{ freezerAction: { action: 'backup', password: 'pa55', token: { secret: 'env:T' } } }],
    });
    await command(world, 'jobUpdate', { id, actions: [{ freezerAction: { action: 'backup', password: 'other' } }] });
    const { job } = await world.gql<{ job: { revisions: { nodes: unknown[]; totalCount: number }; diff: unknown } }>(
      `query ($id: ID!) { job(id: $id) { diff(from: 1)  { path kind before after }
        revisions(first: 2) { totalCount nodes { revision actor reason at changes { path kind before after } } } } }`,
      { id },
    );
    const place = ['actions', '0', 'freezerAction'];
    expect(job.revisions.totalCount).toBe(3);
    expect(job.revisions.nodes).toEqual([
      {
        revision: 3,
        actor: 'admin',
        reason: null,
        at: iso(world.clock.now()),
        changes: [
          { path: [...place, 'password'], kind: 'CHANGED', before: '********', after: '********' },
          { path: [...place, 'token'], kind: 'REMOVED', before: { secret: 'env:T' }, after: null },
        ],
      },
      {
        revision: 2,
        actor: 'admin',
        reason: 'new password',
        at: iso(world.clock.now()),
        changes: [
          { path: [...place, 'mode'], kind: 'REMOVED', before: 'fs', after: null },
          { path: [...place, 'password'], kind: 'ADDED', before: null, after: '********' },
          { path: [...place, 'token'], kind: 'ADDED', before: null, after: { secret: 'env:T' } },
        ],
      },
    ]);
    expect(job.diff).toHaveLength(2);
    const { activity } = await world.gql<{ activity: { nodes: unknown[] } }>(
      'query { activity(first: 1) { nodes { action detail } } }',
    );
    expect(activity.nodes).toMatchObject([
      { action: 'jobUpdate', detail: { revision: 3, changes: [{ before: '********' }, { kind: 'REMOVED' }] } },
    ]);
  });

  it('jobRevert makes an earlier state the next one, its plan included', async () => {
    const id = await makeJob(world, { description: 'good' });
    const before = await stored(world, id);
    await command(world, 'jobUpdate', { id, description: 'bad', schedule: { interval: { every: '1 minute' } } });
    const answer = await command(world, 'jobRevert', { id, revision: 1, expectedRevision: 2 });
    expect([answer.outcome, answer.job?.revision]).toEqual(['ACCEPTED', 3]);
    const after = await stored(world, id);
    expect(after).toMatchObject({ description: 'good', schedule: before.schedule, nextRunAt: before.nextRunAt });
    expect(await command(world, 'jobRevert', { id, revision: 9 })).toMatchObject({
      code: 'NOT_FOUND',
      path: ['revision'],
      message: expect.stringMatching(/^There is no revision "9" of job ".+"\.$/),
    });
    expect((await command(world, 'jobRevert', { id, revision: 3 })).outcome).toBe('NOTHING_TO_DO');
  });

  it('jobPreview writes nothing, and tells what the change would come to', async () => {
    const id = await makeJob(world, { schedule: { interval: { every: '1 hour' } } });
    const before = await stored(world, id);
    world.statements.length = 0;
    const { jobPreview } = await world.gql<{ jobPreview: Record<string, unknown> }>(
      `query ($input: JobPreviewInput!) { jobPreview(input: $input, first: 2) { errors { path } warnings status
        actions { effective } before { at } after { at local effect } clockChanges { at } changes { path } } }`,
      {
        input: {
          id,
          actionDefaults: { password: 'pa55' },
          schedule: { cron: { month: 3, day: 28, hour: 2, minute: 30, timezone: 'Europe/Berlin' } },
        },
      },
    );
    expect(jobPreview).toMatchObject({
      errors: [],
      warnings: [expect.stringContaining('actionDefaults.password: looks like a secret')],
      status: 'SCHEDULED',
      actions: [{ effective: { action: 'backup', mode: 'fs', password: 'pa55' } }],
      before: [{ at: iso(world.clock.now() + HOUR) }, { at: iso(world.clock.now() + 2 * HOUR) }],
      after: [{ at: '2027-03-28T01:00:00.000Z', local: '2027-03-28T03:00:00+02:00', effect: 'MOVED' }, {}],
      changes: [{ path: ['actionDefaults', 'password'] }, { path: ['schedule', 'kind'] }, {}, {}, {}, {}],
    });
    // The event log gives earlier facts their positions meanwhile.
    const writes = /^\s*(INSERT|UPDATE|DELETE)(?! (events|stream_heads|JSON_TABLE.* STRAIGHT_JOIN events) )/i;
    expect(world.statements.filter((sql) => writes.test(sql))).toEqual([]);
    expect(await stored(world, id)).toEqual(before);
  });

  it('jobPreview answers faults as data, of a new job and of a document', async () => {
    const document = `query ($input: JobPreviewInput!) { jobPreview(input: $input) { errors { path } status after { at } } }`;
    const errorsOf = async (input: Record<string, unknown>) =>
      (await world.gql<{ jobPreview: { errors: unknown } }>(document, { input }, MEMBER)).jobPreview;
    expect(await errorsOf({ clientId: 'c', schedule: { cron: { hour: '99' } } })).toEqual({
      errors: [{ path: ['schedule', 'cron', 'hour'] }],
      status: null,
      after: [],
    });
    expect(await errorsOf({ document: { colour: 1 }, clientId: 'c' })).toMatchObject({
      errors: [{ path: ['colour'] }],
    });
    expect(await errorsOf({ clientId: 'c', project: 'other' })).toMatchObject({ errors: [{ path: ['project'] }] });
    await makeJob(world, { key: 'taken' }, MEMBER);
    expect(await errorsOf({ clientId: 'c', key: 'taken' })).toMatchObject({ errors: [{ path: ['key'] }] });
    expect(await errorsOf({ document: { job_schedule: {} }, clientId: 'c' })).toMatchObject({
      errors: [],
      status: 'SCHEDULED',
      after: [{ at: iso(world.clock.now()) }],
    });
  });

  it('jobPreview shows no due times that the change would not bring', async () => {
    const document = `query ($input: JobPreviewInput!) { jobPreview(input: $input, first: 1) {
      errors { path } warnings status before { at } after { at } } }`;
    const ask = async (input: Record<string, unknown>) =>
      (await world.gql<{ jobPreview: Record<string, unknown> }>(document, { input })).jobPreview;
    const nothing = { errors: [], before: [], after: [] };
    const warnings = [expect.stringContaining('nothing is planned while the job is STOPPED')];
    const schedule = { interval: { every: '12 hours' } };
    const stopped = await makeJob(world, { start: false });
    expect(await ask({ id: stopped, schedule })).toMatchObject({ ...nothing, status: 'STOPPED', warnings });
    expect(await ask({ clientId: 'c', schedule, start: false })).toMatchObject({ ...nothing, warnings });
    const job_schedule = { status: 'stop', schedule_interval: '1 days' };
    expect(await ask({ clientId: 'c', document: { job_schedule } })).toMatchObject({ ...nothing, warnings });
    const due = [{ at: iso(world.clock.now() + 90 * MINUTE) }];
    const planned = await makeJob(world, { schedule: { interval: { every: '90 minutes' } } });
    world.clock.forward(MINUTE);
    const same = { warnings: [], before: due, after: due };
    expect(await ask({ id: planned, description: 'other' })).toMatchObject(same);
    expect(await ask({ id: planned, schedule })).toMatchObject({ before: due, after: [expect.anything()] });
    // Its only run is under way or over: nothing more comes of it.
    const once = await makeJob(world, { schedule: { none: {} } });
    await world.pass(0);
    expect(await ask({ id: once, description: 'other' })).toMatchObject(nothing);
  });

  it('jobPreview refuses what an import does not look at', async () => {
    const document =
      'query ($input: JobPreviewInput!) { jobPreview(input: $input) { errors { path message } status } }';
    const ask = async (input: Record<string, unknown>) =>
      (await world.gql<{ jobPreview: Record<string, unknown> }>(document, { input })).jobPreview;
    const id = await makeJob(world);
    const errors = [{ path: ['document'], message: expect.stringContaining('new job') }];
    expect(await ask({ id, document: { bogus: 1 } })).toEqual({ errors, status: null });
    const beside = { clientId: 'c', document: {}, schedule: { none: {} }, overlap: 'SKIP' };
    expect(await ask(beside)).toMatchObject({ errors: [{ path: ['schedule'] }, { path: ['overlap'] }] });
  });

  it('a new schedule of a job that is not planned comes with a warning, and starting it is the way on', async () => {
    const whyNot = async (id: string) =>
      (await world.gql<{ job: { whyNot: unknown } }>('query ($id: ID!) { job(id: $id) { whyNot { code } } }', { id }))
        .job.whyNot;
    const id = await makeJob(world, { schedule: { date: { at: iso(world.clock.now() + HOUR) } } });
    await world.pass(HOUR);
    const { agent, told } = await take(world, id);
    await agent.ended(told, { outcome: 'SUCCEEDED', exitCode: 0 });
    expect(await whyNot(id)).toEqual({ code: 'SCHEDULE_EXHAUSTED' });
    const daily = { interval: { every: '1 day' } };
    const changed = await command(world, 'jobUpdate', { id, schedule: daily });
    expect(changed).toMatchObject({ outcome: 'ACCEPTED', job: { status: 'COMPLETED', nextRunAt: null } });
    expect(changed.warnings).toEqual(['schedule: nothing is planned while the job is COMPLETED; start it to plan it.']);
    expect(await whyNot(id)).toEqual({ code: 'JOB_COMPLETED' });
    expect((await command(world, 'jobUpdate', { id, description: 'only this' })).warnings).toEqual([]);
    await command(world, 'jobStart', { id });
    expect(await whyNot(id)).toEqual({ code: 'NOT_DUE' });

    const stopped = await makeJob(world, { start: false });
    expect((await command(world, 'jobUpdate', { id: stopped, schedule: daily })).warnings).toHaveLength(1);
    const back = await command(world, 'jobRevert', { id: stopped, revision: 1 });
    expect(back.warnings).toEqual([expect.stringContaining('STOPPED')]);
    const job_schedule = { status: 'completed', schedule_interval: '1 days' };
    const imported = await command(world, 'jobImport', { document: { client_id: 'c', job_schedule } });
    expect(await whyNot(imported.job?.id ?? '')).toEqual({ code: 'JOB_COMPLETED' });
  });

  it('warns of a catch-up of everything that the overlap policy does not let happen', async () => {
    const base = { clientId: 'c', schedule: { interval: { every: '1 hour' } }, catchup: 'ALL' };
    const warning =
      'catchup: ALL runs every missed due time with overlap ALLOW_ALL only; with SKIP, only the first gets a run.';
    expect((await command(world, 'jobCreate', base)).warnings).toEqual([warning]);
    expect((await command(world, 'jobCreate', { ...base, overlap: 'ALLOW_ALL' })).warnings).toEqual([]);
    const document = { client_id: 'c', job_schedule: { schedule_interval: '1 hours' }, orrery: { catchup: 'all' } };
    expect((await command(world, 'jobImport', { document })).warnings).toEqual([`orrery.${warning}`]);
  });

  it('schedulePreview shows the next due times, or what is wrong', async () => {
    const ask = async (schedule: unknown) =>
      (
        await world.gql<{ schedulePreview: unknown }>(
          `query ($schedule: ScheduleInput!) { schedulePreview(schedule: $schedule, first: 3) {
            errors { path message } fires { at local } clockChanges { at offsetBefore offsetAfter } } }`,
          { schedule },
        )
      ).schedulePreview;
    const at = world.clock.now();
    expect(await ask({ interval: { every: '2h30m' } })).toMatchObject({
      errors: [],
      fires: [{ at: iso(at + 2.5 * HOUR) }, { at: iso(at + 5 * HOUR) }, { at: iso(at + 7.5 * HOUR) }],
    });
    expect(await ask({ date: { at: '2001-01-01T00:00:00Z' } })).toMatchObject({
      errors: [{ path: ['schedule'] }],
      fires: [],
    });
    expect(await ask({ cron: { day: 'mon' } })).toMatchObject({ errors: [{ path: ['schedule', 'cron', 'day'] }] });
    const two = await world.execute(
      'query ($schedule: ScheduleInput!) { schedulePreview(schedule: $schedule) { errors { path } } }',
      { schedule: { none: {}, cron: { hour: 1 } } },
    );
    expect(two.errors?.[0]?.message).toContain('Exactly one key');
  });
});
