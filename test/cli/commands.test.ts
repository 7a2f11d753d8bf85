import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSdk } from '@orrery/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SdkAgent } from '../kit/sdk-agent.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { type Answer, orrery } from './console.js';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  [server, folder] = await Promise.all([startTestServer(), mkdtemp(join(tmpdir(), 'orrery-cli-'))]);
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = (...args: string[]): Promise<Answer> => orrery(args, server);
const json = async <T>(...args: string[]): Promise<T> => JSON.parse((await run(...args, '-o', 'json')).out) as T;

interface ShownJob {
  key: string;
  status: string;
  revision: number;
  clientKey: string;
  schedule: Record<string, unknown>;
  actions: { freezerAction: Record<string, unknown> }[];
}

describe('job create', () => {
  it('makes a backup job with no JSON', async () => {
    const made = await run('job', 'create', '--backup', '/srv/docs', '--every', '1d', '--client', 'web1');
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toMatch(/^key +docs$/m);
    expect(made.out).toMatch(/^schedule +every 1 days$/m);
    const job = await json<ShownJob>('job', 'show', 'docs');
    expect(job).toMatchObject({ key: 'docs', status: 'SCHEDULED', clientKey: 'web1' });
    expect(job.actions[0]?.freezerAction).toMatchObject({ action: 'backup', mode: 'fs', storage: 'local' });
  });

  it('takes the next free key where nobody says one, and refuses a taken one that is said', async () => {
    const args = ['job', 'create', '--backup', '/srv/twice', '--every', '1d', '--client', 'web1'];
    await run(...args);
    expect((await run(...args)).out).toMatch(/^key +twice-2$/m);
    expect(await run(...args, '--key', 'twice')).toMatchObject({ code: 3, err: expect.stringContaining('twice') });
  });

  it('takes this host, or the only client, when nobody says one', async () => {
    await new SdkAgent(createSdk(server.client()), 'only1').register();
    await run('job', 'create', '--backup', '/srv/only', '--every', '1d');
    expect(await json<ShownJob>('job', 'show', 'only')).toMatchObject({ clientKey: 'only1' });
  });

  it('names every fault of the input', async () => {
    const { code, err } = await run('job', 'create', '--backup', '/x', '--cron', 'minute=99 hour=77', '--client', '!');
    expect(code).toBe(3);
    expect(err).toContain('faults:');
    expect(err).toMatch(/clientId: /);
    expect(err).toMatch(/schedule\.cron\.minute: "99" is out of range/);
    expect(err).toMatch(/schedule\.cron\.hour: "77" is out of range/);
  });

  it('sends nothing when the command line is wrong', async () => {
    expect((await run('job', 'create', '--every', '1d')).code).toBe(2);
    expect((await run('job', 'create', '--backup', '/x', '--every', '1d', '--at', '2h')).code).toBe(2);
    expect((await run('job', 'lis')).err).toContain('Did you mean');
    const unchanged = await run('job', 'update', 'docs', '--reason', 'none');
    expect(unchanged).toMatchObject({ code: 2, err: expect.stringContaining('nothing to change') });
    const many = await run('job', 'next', 'docs', '-n', '501');
    expect(many).toMatchObject({ code: 2, err: expect.stringContaining('at most 500') });
  });
});

describe('job import and export', () => {
  it('give a document back', async () => {
    const document = {
      job: {
        job_actions: [{ freezer_action: { action: 'backup', mode: 'fs', src_file: '/srv', container: '/b' } }],
        job_schedule: { schedule_interval: '2 days' },
        job_id: 'imported',
        client_id: 'web1',
        description: 'daily',
      },
    };
    const file = join(folder, 'job.json');
    await writeFile(file, JSON.stringify(document));
    expect((await run('job', 'import', file)).code).toBe(0);
    const { job } = JSON.parse((await run('job', 'export', 'imported')).out) as typeof document;
    expect(job).toMatchObject(document.job);
    expect((await run('job', 'export', 'imported', '--as', 'yaml')).out).toContain('schedule_interval: 2 days');
  });

  it('say which file is missing or broken', async () => {
    expect(await run('job', 'import', join(folder, 'none.json'))).toMatchObject({ code: 2 });
    const file = join(folder, 'broken.json');
    await writeFile(file, '{"job": ');
    expect(await run('job', 'import', file)).toMatchObject({ code: 2, err: expect.stringContaining('line 1') });
  });
});

describe('the life of a job', () => {
  it('goes through its commands', async () => {
    await run('job', 'create', '--backup', '/srv/life', '--every', '1d', '--client', 'web1');
    expect((await run('job', 'stop', 'life', '--reason', 'maintenance')).out).toMatch(/^status +STOPPED$/m);
    expect((await run('job', 'stop', 'life')).out).toMatch(/^outcome +NOTHING_TO_DO$/m);
    expect((await run('job', 'start', 'life')).out).toMatch(/^status +SCHEDULED$/m);
    expect((await run('job', 'run', 'life')).out).toMatch(/^state +WAITING$/m);
    const beside = await run('job', 'run', 'life');
    expect(beside.code).toBe(3);
    expect(beside.err).toMatch(
      /No run was made: run (\d+) of life waits for the client web1 \(unknown\).*run watch \1/,
    );
    expect((await run('job', 'abort', 'life')).code).toBe(0);
    expect((await run('job', 'remove', 'life')).out).toMatch(/^status +REMOVED$/m);
    expect((await run('job', 'list', '--search', 'life')).out).not.toContain('life');
  });

  it('says when the run that waits already counts for a second one', async () => {
    await run(
      'job',
      'create',
      '--backup',
      '/srv/queue',
      '--every',
      '1d',
      '--client',
      'web1',
      '--overlap',
      'buffer-one',
    );
    await run('job', 'run', 'queue');
    const second = await json<{ run: { number: number } }>('job', 'run', 'queue');
    const third = await run('job', 'run', 'queue');
    expect(third).toMatchObject({ code: 0, out: expect.stringMatching(/^outcome +ALREADY_REQUESTED$/m) });
    expect(third.err).toContain(`No new run was made: run ${second.run.number} of queue waits for the run before it`);
  });

  it('warns of a secret written out in what is to hold for one run', async () => {
    await run('job', 'create', '--backup', '/srv/loose', '--every', '1d', '--client', 'web1');
    const { code, err } = await run('job', 'run', 'loose', '--override', 'password=hunter2');
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(/^Warning: overrides\.password: looks like/) });
  });

  it('can get another action', async () => {
    await run('job', 'create', '--backup', '/srv/old', '--every', '1d', '--client', 'web1', '--key', 'other');
    expect((await run('job', 'update', 'other', '--exec', 'df -h', '--retries', '2')).code).toBe(0);
    const { actions } = await json<ShownJob>('job', 'show', 'other');
    expect(actions).toMatchObject([{ freezerAction: { action: 'exec', command: 'df -h' }, maxRetries: 2 }]);
    const both = await run('job', 'update', 'other', '--backup', '/srv', '--set', 'max_level=2');
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('do not go with a new one') });
    const lost = await run('job', 'update', 'other', '--every', '2d', '--to', '/mnt');
    expect(lost).toMatchObject({ code: 2, err: expect.stringContaining('--to says something of an action') });
  });

  it('is not restored where nothing was backed up', async () => {
    await run('job', 'create', '--backup', '/srv/none', '--every', '1d', '--client', 'web1');
    for (const more of [[], ['--date', '2d']]) {
      const refused = await run('job', 'restore', 'none', '--to', '/tmp/none', ...more);
      expect(refused).toMatchObject({ code: 3, err: expect.stringContaining('no successful backup') });
    }
    expect((await run('job', 'list', '--search', 'restore-none')).out).toBe('');
  });

  it('has revisions, differences and ways back', async () => {
    const made = await json<ShownJob>('job', 'create', '--backup', '/srv/rev', '--every', '1d', '--client', 'web1');
    await run('job', 'update', 'rev', '--every', '12h', '--set', 'max_level=7');
    expect((await run('job', 'diff', 'rev', '1')).out).toMatch(/max_level: .*7$/m);
    expect(await run('job', 'update', 'rev', '--every', '1h', '--expected-revision', '1')).toMatchObject({ code: 3 });
    expect((await run('job', 'revert', 'rev', '1')).code).toBe(0);
    const job = await json<ShownJob>('job', 'show', 'rev');
    expect(job).toMatchObject({ revision: 3, schedule: { every: '1 days' } });
    expect(job.actions).toEqual(made.actions);
    const revisions = await json<{ revision: number }[]>('job', 'revisions', 'rev');
    expect(revisions.map(({ revision }) => revision)).toEqual([3, 2, 1]);
  });

  it('can be seen before it is saved, and ahead', async () => {
    const preview = await run(
      'job',
      'preview',
      '--backup',
      '/x',
      '--cron',
      '25 3 * * *',
      '--timezone',
      'Europe/Berlin',
    );
    expect(preview).toMatchObject({ code: 0, out: expect.stringContaining('T03:25:00+0') });
    expect(await run('job', 'preview', '--backup', '/x', '--every', 'never')).toMatchObject({ code: 3 });
    const both = await run('job', 'preview', 'next', '--file', 'job.json');
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('not both') });
    await run('job', 'create', '--backup', '/srv/next', '--every', '1d', '--client', 'web1');
    expect(await json<unknown[]>('job', 'next', 'next', '-n', '3')).toHaveLength(3);
    const due = await json<{ job: string; outcome: string }[]>('job', 'due', 'next', '--until', '3d');
    expect(due.map(({ outcome }) => outcome)).toContain('COMING');
  });
});

describe('lists', () => {
  it('fetch as many pages as are asked for, and say when more is there', async () => {
    for (const index of [1, 2, 3, 4]) {
      await run(
        'job',
        'create',
        '--backup',
        '/srv/list',
        '--key',
        `list-${index}`,
        '--every',
        '1d',
        '--client',
        'web9',
      );
    }
    const two = await run('job', 'list', '--client', 'web9', '-n', '2', '-o', 'csv');
    expect(two.out.trimEnd().split('\r\n')).toHaveLength(3);
    expect(two.err).toContain('Only the first 2');
    const all = await run('job', 'list', '--client', 'web9', '--all', '-o', 'csv');
    expect(all.out.trimEnd().split('\r\n')).toHaveLength(5);
    expect(all.err).toBe('');
  });

  it('narrow to what jobs do', async () => {
    await run('job', 'create', '--exec', 'true', '--key', 'does', '--once', '--client', 'web8');
    expect((await run('job', 'list', '--action', 'exec', '--client', 'web8')).out).toContain('does');
    expect((await run('job', 'list', '--action', 'backup', '--client', 'web8')).out).toBe('');
  });

  it('show times in UTC when asked', async () => {
    const { out } = await run('job', 'list', '--client', 'web9', '--utc');
    expect(out).toMatch(/\d\d:\d\d:\d\dZ/);
  });
});

describe('everything else', () => {
  it('shows the server and the caller', async () => {
    expect((await run('status')).out).toMatch(/^yourRole +ADMIN$/m);
  });

  it('makes tokens, whose secret stands alone on standard output, and revokes them', async () => {
    const made = await run('token', 'create', 'web1', '--role', 'agent', '--client', 'web1');
    expect(made.out).toMatch(/^\S{20,}\n$/);
    const tokens = await json<{ name: string; id: string; state: string }[]>('token', 'list');
    const token = tokens.find(({ name }) => name === 'web1');
    expect(token).toMatchObject({ state: 'ACTIVE' });
    expect((await run('token', 'revoke', token?.id ?? '')).out).toMatch(/^outcome +REVOKED$/m);
  });

  it('shows who did what', async () => {
    const rows = await json<{ action: string }[]>('activity', '--action', 'jobCreate', '-n', '1');
    expect(rows).toMatchObject([{ action: 'jobCreate' }]);
    const wrong = await run('activity', '--action', 'jobCrate');
    expect(wrong).toMatchObject({ code: 3, err: expect.stringContaining('is it "jobCreate"?') });
  });

  it('lists, changes, shows and removes clients', async () => {
    await new SdkAgent(createSdk(server.client()), 'gone1').register();
    const changed = await run('client', 'update', 'gone1', '--description', 'rack 4');
    expect(changed).toMatchObject({ code: 0, out: expect.stringMatching(/^description +rack 4$/m) });
    expect((await run('client', 'update', 'gone1')).code).toBe(2);
    expect((await run('client', 'list', '--search', 'gone1')).out).toContain('ONLINE');
    expect((await run('client', 'show', 'gone1')).out).toMatch(/^hostname +gone1$/m);
    expect((await run('client', 'remove', 'gone1')).code).toBe(0);
    expect(await run('client', 'show', 'gone1')).toMatchObject({ code: 3 });
  });

  it('completes names that the server knows', async () => {
    await run('job', 'create', '--backup', '/srv/completed', '--every', '1d', '--client', 'web1');
    const flags = ['--url', server.url, '--token', server.token];
    const { out } = await orrery(['_complete', ...flags, '--', 'job', 'run', 'compl']);
    expect(out).toMatch(/^completed\t/);
  });
});

describe('help', () => {
  it('of a command names the settings that it uses, and no others', async () => {
    const help = async (name: string): Promise<string> => (await orrery([name, '--help'])).out;
    expect(await help('serve')).toContain('--max-depth');
    expect(await help('migrate')).toContain('--database-url');
    expect(await help('migrate')).not.toContain('--max-depth');
    expect(await help('config')).not.toContain('--max-depth');
  });
});

describe('failures are one clear line with an exit code of their own', () => {
  it('no server', async () => {
    const { code, err } = await orrery(['job', 'list', '--url', 'http://127.0.0.1:1']);
    expect(code).toBe(5);
    expect(err).toMatch(/^orrery: No server answers at .*npm start.*\n$/);
  });

  it('no server in the data directory', async () => {
    expect(await orrery(['job', 'list', '--data-dir', folder])).toMatchObject({ code: 5 });
  });

  it.each(['config', 'serve', 'migrate'])('settings of %s that cannot be used', async (name) => {
    const { code, err } = await orrery([name, '--port', 'many', '--data-dir', folder]);
    expect(code).toBe(2);
    expect(err).toContain('The configuration has a fault');
    expect((await orrery([name, '--config', join(folder, 'none.yaml')])).code).toBe(2);
    expect((await orrery([name, '--no-such-setting', '1'])).code).toBe(2);
  });

  it('a wrong token', async () => {
    const { code, err } = await orrery(['job', 'list', '--url', server.url, '--token', 'wrong']);
    expect(code).toBe(4);
    expect(err.trimEnd().split('\n')).toHaveLength(1);
  });

  it('a token file that is not there', async () => {
    const { code } = await orrery(['job', 'list', '--url', server.url, '--token-file', join(folder, 'no-token')]);
    expect(code).toBe(4);
  });

  it('what is no address', async () => {
    expect((await orrery(['job', 'list', '--url', 'localhost'])).code).toBe(2);
  });
});
