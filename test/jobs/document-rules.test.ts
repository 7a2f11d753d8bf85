import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN, MEMBER } from '../kit/actors.js';
import { storeKinds } from '../kit/stores.js';
import { createWorld, type World } from '../kit/world.js';
import { command, jobOf } from './kit.js';

type Json = Record<string, unknown>;

const action = (more: Json = {}, freezer: Json = {}): Json => ({
  job_actions: [{ freezer_action: { action: 'backup', ...freezer }, ...more }],
});

describe.each(storeKinds())('the rules of a document, on %s', (store) => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld({ store });
  });
  afterAll(() => world.close());

  const bring = (document: Json, input: Json = {}) =>
    command(world, 'jobImport', { document: { client_id: 'client-1', ...document }, ...input });

  it.each<[string, Json, string[]]>([
    ['a key of the job', { job_colour: 'red' }, ['job_colour']],
    ['a key of an action', action({ colour: 1 }), ['job_actions', '0', 'colour']],
    ['a key of the schedule', { job_schedule: { schedule_hours: 3 } }, ['job_schedule', 'schedule_hours']],
    ['a key of our own settings', { orrery: { overlaps: 'SKIP' } }, ['orrery', 'overlaps']],
    ['a bad job_id', { job_id: 'a b' }, ['job_id']],
    ['a job_id that is too long', { job_id: 'a'.repeat(65) }, ['job_id']],
    ['a bad client_id', { client_id: 'a/b' }, ['client_id']],
    ['a description that is too long', { description: 'x'.repeat(256) }, ['description']],
    ['a description that is no text', { description: 1 }, ['description']],
    ['actions that are no list', { job_actions: {} }, ['job_actions']],
    ['an action that is no object', { job_actions: ['backup'] }, ['job_actions', '0']],
    ['an action without a freezer_action', { job_actions: [{}] }, ['job_actions', '0', 'freezer_action']],
    ['an unknown action', action({}, { action: 'dance' }), ['job_actions', '0', 'freezer_action', 'action']],
    ['job_action beside job_actions', { ...action(), job_action: {} }, ['job_action']],
    ['too many retries', action({ max_retries: 101 }), ['job_actions', '0', 'max_retries']],
    ['negative retries', action({ retries: -1 }), ['job_actions', '0', 'max_retries']],
    ['half a retry', action({ max_retries: 0.5 }), ['job_actions', '0', 'max_retries']],
    ['two spellings that differ', action({ max_retries: 1, retries: 2 }), ['job_actions', '0', 'retries']],
    ['no time at all', action({ timeout: 0 }), ['job_actions', '0', 'timeout']],
    ['mandatory that is a text', action({ mandatory: 'yes' }), ['job_actions', '0', 'mandatory']],
    ['an unknown status', { job_schedule: { status: 'sleeping' } }, ['job_schedule', 'status']],
    ['an unknown event', { job_schedule: { event: 'dance' } }, ['job_schedule', 'event']],
    ['an unknown overlap', { orrery: { overlap: 'maybe' } }, ['orrery', 'overlap']],
    ['a negative window', { orrery: { catchup_window: -1 } }, ['orrery', 'catchup_window']],
    ['a time in milliseconds', { job_schedule: { time_started: 1_433_262_000_000 } }, ['job_schedule', 'time_started']],
    ['one in microseconds', { job_schedule: { time_ended: 1_433_262_000_000_000 } }, ['job_schedule', 'time_ended']],
    ['a time before 1970', { job_schedule: { time_created: -2 } }, ['job_schedule', 'time_created']],
    ['half a character', { description: '\ud800' }, ['description']],
    [
      'a secret that is none',
      action({}, { password: { secret: 'vault:x' } }),
      ['job_actions', '0', 'freezer_action', 'password', 'secret'],
    ],
    ['a job that is no object', { job: 3 }, ['job']],
    ['keys beside "job"', { job: {}, other: 1 }, ['client_id']],
  ])('refuses %s by its place', async (_what, document, path) => {
    expect(await bring(document)).toMatchObject({ code: 'INVALID_INPUT', path });
  });

  it('keeps what is nested as deep as it may be, and refuses what is nested deeper', async () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    const deep = (levels: number) => bring(action({}, { deep: nested(levels) }));
    expect(await deep(23)).not.toHaveProperty('code');
    expect(await deep(24)).toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('takes the times of an earlier life in seconds, up to the year 9999, and none as 0 or -1', async () => {
    const job_schedule = { status: 'stop', time_created: 253_402_300_799, time_started: -1, time_ended: 0 };
    const { job } = await bring({ job_schedule });
    expect(job?.timeCreated).toBe('9999-12-31T23:59:59.000Z');
    expect(job?.document).toMatchObject({ job_schedule: { time_created: 253_402_300_799, time_started: 0 } });
    const { issues } = await bring({ job_schedule: { time_started: 1_433_262_000_000 } });
    expect(issues?.[0]?.message).toContain('epoch seconds');
  });

  it('shows a job whose stored times no DateTime can tell, and the jobs beside it', async () => {
    const { id } = jobOf(await bring({ job_id: 'micro', job_schedule: { status: 'stop' } }));
    await bring({ job_id: 'beside', job_schedule: { status: 'stop' } });
    const times = [1_433_262_000_000_000_000, 1_433_262_000_000_000];
    await world.db.transaction((tx) =>
      tx.execute('UPDATE jobs SET time_created = ?, time_started = ? WHERE id = ?', [...times, id]),
    );
    const { jobs } = await world.gql<{ jobs: { nodes: Json[] } }>(
      '{ jobs(filter: { keys: ["micro", "beside"] }) { nodes { key timeCreated timeStarted document } } }',
    );
    const [timeCreated, timeStarted] = ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'];
    expect(jobs.nodes).toMatchObject([{ key: 'micro', timeCreated, timeStarted }, { key: 'beside' }]);
    const again = await command(world, 'jobImport', { document: jobs.nodes[0]?.document, project: 'again' });
    expect(jobOf(again).timeCreated).toBe('9999-12-31T23:59:59.000Z');
  });

  it('tells every fault at once', async () => {
    const answer = await bring({ job_id: ' ', colour: 1, job_schedule: { schedule_hour: '99', schedule_minute: 'x' } });
    expect(answer.issues?.map((issue) => issue.path.join('.'))).toEqual([
      'colour',
      'job_schedule.schedule_hour',
      'job_schedule.schedule_minute',
      'job_id',
    ]);
  });

  it('takes the aliases, and a number where cron has text', async () => {
    const document = { ...action({ retries: 2, max_retry_interval: 5 }), job_schedule: { schedule_hour: 3 } };
    const job = jobOf(await bring(document));
    const { job: shown } = await world.gql<{ job: { actions: unknown[]; schedule: unknown } }>(
      `query ($id: ID!) { job(id: $id) { actions { maxRetries maxRetriesInterval mandatory timeout }
        schedule { __typename ... on CronSchedule { fields { hour } } } } }`,
      { id: job.id },
    );
    expect(shown.actions).toEqual([{ maxRetries: 2, maxRetriesInterval: 5, mandatory: false, timeout: null }]);
    expect(shown.schedule).toEqual({ __typename: 'CronSchedule', fields: { hour: '3' } });
    expect(job.document).toMatchObject(document);
  });

  it('takes the action from the defaults', async () => {
    const document = { action_defaults: { action: 'backup' }, job_actions: [{ freezer_action: { mode: 'fs' } }] };
    expect(jobOf(await bring(document)).status).toBe('SCHEDULED');
  });

  it('keeps our own settings under "orrery"', async () => {
    const orrery = { overlap: 'ALLOW_ALL', catchup: 'NONE', catchup_window: 60, stale_after: 90 };
    const job = jobOf(await bring({ orrery }));
    expect(job.document).toMatchObject({ orrery });
  });

  it.each([
    [{ status: 'stop' }, {}, 'STOPPED'],
    [{ status: 'completed' }, {}, 'COMPLETED'],
    [{ status: 'stop', event: 'start' }, {}, 'SCHEDULED'],
    [{ status: 'running' }, {}, 'SCHEDULED'],
    [{}, {}, 'SCHEDULED'],
    [{ event: 'start' }, { start: false }, 'STOPPED'],
    [{ schedule_date: '2015-06-02T16:20:00' }, {}, 'COMPLETED'],
  ])('begins as %j with %j says: %s', async (job_schedule, input, status) => {
    expect(jobOf(await bring({ job_schedule }, input)).status).toBe(status);
  });

  it('warns of several kinds of schedule: date goes before interval before cron', async () => {
    const job_schedule = { schedule_date: '2030-01-01T00:00:00', schedule_interval: '1 days', schedule_hour: '3' };
    const { warnings, job } = await bring({ job_schedule });
    expect(job?.nextRunAt).toBe('2030-01-01T00:00:00.000Z');
    expect(warnings).toEqual([
      'schedule_interval: is ignored, because schedule_date goes before it.',
      'schedule_hour: is ignored, because schedule_date goes before it.',
    ]);
  });

  it.each([
    [{ event: 'abort', status: 'running' }, ['event: "abort"']],
    [{ event: 'remove' }, ['event: "remove"']],
    [{ status: 'removed' }, ['status: "removed"']],
    [{ status: 'aborting' }, ['status: "aborting"']],
    [{ status: 'aborting', event: 'stop' }, []],
    [{ status: 'running', event: 'start' }, []],
  ])('warns of a command or a status that is dropped: %j', async (control, named) => {
    const { warnings } = await bring({ job_schedule: { schedule_interval: '1 days', ...control } });
    expect(warnings).toEqual(named.map((name) => `job_schedule.${name} is not carried out by an import.`));
  });

  it('warns of a secret that is written out, and not of a reference', async () => {
    const freezer = { mysql: { password: 'pa55' }, token: { secret: 'env:TOKEN' }, encrypt_pass_file: '/key' };
    const { warnings } = await bring(action({}, freezer));
    expect(warnings).toEqual([
      expect.stringContaining('job_actions.0.freezer_action.mysql.password: looks like a secret'),
    ]);
  });

  it('names the client in the input when the document has none, and refuses a job without one', async () => {
    const document = { job_schedule: {} };
    expect(await command(world, 'jobImport', { document })).toMatchObject({
      code: 'INVALID_INPUT',
      path: ['clientId'],
    });
    expect(jobOf(await command(world, 'jobImport', { document, clientId: 'here' })).status).toBe('SCHEDULED');
    expect(await command(world, 'jobImport', { document, clientId: 'a b' })).toMatchObject({ path: ['clientId'] });
  });

  it('keeps a document’s user for an admin, and refuses another one for a member', async () => {
    const document = { user_id: 'somebody', client_id: 'c' };
    const kept = jobOf(await command(world, 'jobImport', { document }, ADMIN));
    expect(kept.document).toMatchObject({ user_id: 'somebody' });
    expect(await command(world, 'jobImport', { document }, MEMBER)).toMatchObject({ code: 'FORBIDDEN' });
    const own = jobOf(await command(world, 'jobImport', { document: { client_id: 'c' } }, MEMBER));
    expect(own.document).toMatchObject({ user_id: MEMBER.userId });
    const whole = { ...document, user_id: 'u'.repeat(64) };
    expect(jobOf(await command(world, 'jobImport', { document: whole })).document).toMatchObject(whole);
    const cut = { ...document, user_id: 'u'.repeat(65) };
    expect(await command(world, 'jobImport', { document: cut })).toMatchObject({
      code: 'INVALID_INPUT',
      path: ['user_id'],
      message: 'user_id: has 65 characters; at most 64 are kept.',
    });
  });

  it('keeps what fits of the long name of the caller, who may import the export again', async () => {
    const token = { ...MEMBER, userId: `${'t'.repeat(64)}-nightly` };
    const made = await command(world, 'jobCreate', { clientId: 'c', schedule: { none: {} } }, token);
    expect(jobOf(made).document).toMatchObject({ job: { user_id: 't'.repeat(64) } });
    await command(world, 'jobRemove', { id: jobOf(made).id }, token);
    const again = await command(world, 'jobImport', { document: jobOf(made).document }, token);
    expect(jobOf(again).key).toBe(jobOf(made).key);
  });

  it('refuses a job_id that is taken in the project, and takes it again once that job is removed', async () => {
    const document = { job_id: 'twice', client_id: 'c' };
    const first = jobOf(await command(world, 'jobImport', { document }));
    expect(await command(world, 'jobImport', { document })).toMatchObject({ code: 'CONFLICT' });
    expect(jobOf(await command(world, 'jobImport', { document, project: 'elsewhere' })).key).toBe('twice');
    await command(world, 'jobRemove', { id: first.id });
    const second = jobOf(await command(world, 'jobImport', { document }));
    const { job } = await world.gql<{ job: { id: string } }>('{ job(id: "twice", project: "default") { id } }');
    expect(job.id).toBe(second.id);
  });

  it('exports a job that was made field by field so that it imports again as the same', async () => {
    const made = jobOf(
      await command(world, 'jobCreate', {
        clientId: 'c',
        description: 'typed',
        actions: [{ freezerAction: { action: 'backup', mode: 'fs' }, maxRetries: 2, timeout: 60 }],
        actionDefaults: { storage: 'local' },
        schedule: { cron: { hour: '3', minute: 30, timezone: 'Europe/Berlin' } },
        overlap: 'BUFFER_ONE',
        staleAfter: 86_400,
      }),
    );
    expect(made.document).toEqual({
      job: {
        description: 'typed',
        action_defaults: { storage: 'local' },
        job_actions: [
          {
            freezer_action: { action: 'backup', mode: 'fs' },
            mandatory: false,
            max_retries: 2,
            max_retries_interval: 60,
            timeout: 60,
          },
        ],
        job_schedule: {
          schedule_hour: '3',
          schedule_minute: '30',
          schedule_timezone: 'Europe/Berlin',
          time_created: world.clock.now() / 1_000,
          time_started: 0,
          time_ended: 0,
          status: 'scheduled',
          event: '',
          result: '',
        },
        orrery: { overlap: 'BUFFER_ONE', stale_after: 86_400 },
        job_id: made.key,
        client_id: 'c',
        user_id: 'admin',
      },
    });
    const again = jobOf(await command(world, 'jobImport', { document: made.document, project: 'copy' }));
    expect(again.document).toEqual(made.document);
  });

  it('keeps the spelling of what an update does not touch', async () => {
    const document = {
      client_id: 'c',
      job_actions: [{ freezer_action: { action: 'backup' }, max_retry_interval: 9 }],
      job_schedule: { schedule_day: 'mon, wed', schedule_hour: '03' },
    };
    const job = jobOf(await command(world, 'jobImport', { document }));
    const renamed = jobOf(await command(world, 'jobUpdate', { id: job.id, description: 'new', clientId: 'd' }));
    expect(renamed.document).toMatchObject({ ...document, client_id: 'd', description: 'new' });
    const moved = jobOf(await command(world, 'jobUpdate', { id: job.id, schedule: { interval: { every: '1d' } } }));
    const { job_schedule, job_actions } = moved.document as { job_schedule: Json; job_actions: unknown };
    expect(job_actions).toEqual(document.job_actions);
    expect(job_schedule).toMatchObject({ schedule_interval: '1 days' });
    expect(job_schedule).not.toHaveProperty('schedule_day');
  });
});
