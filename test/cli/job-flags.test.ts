import { hostname } from 'node:os';
import { createSdk, type JobDetailFragment, payloadOf } from '@orrery/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer, type TestServer } from '../kit/server.js';
import { type Answer, orrery } from './console.js';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.stop());

const run = (...args: string[]): Promise<Answer> => orrery(args, server);
const show = async (key: string): Promise<JobDetailFragment> =>
  JSON.parse((await run('job', 'show', key, '-o', 'json')).out) as JobDetailFragment;

describe('flags that do not fit an action', () => {
  const cases: [string[], string[]][] = [
    [
      ['--exec', 'true', '--name', 'e1'],
      ['--name goes with --backup, not with --exec. What the job is called says --key'],
    ],
    [
      ['--exec', 'true', '--name', 'zzz', '--to', '/tmp/x', '--max-level', '3', '--exclude', '*.o'],
      ['--name goes with', '--to goes with --backup and --restore', '--max-level goes', '--exclude goes'],
    ],
    [
      ['--backup', '/d', '--from', '/q', '--overwrite'],
      ['--from goes with --restore, not with --backup. Where a backup goes says --to.', '--overwrite goes with'],
    ],
    [['--backup', '/d', '--full', '--max-level', '3'], ['--full']],
    [['--restore', 'd', '--to', '/r', '--full'], ['--full goes with --backup, not with --restore.']],
    [['--backup', ''], ['--backup is empty']],
    [['--backup', '/d', '--to', ' '], ['--to is empty']],
    [['--exec', ''], ['--exec is empty']],
    [['--restore', '', '--to', '/r'], ['--restore is empty']],
    [['--backup', '/d', '--exclude', ''], ['--exclude is empty']],
  ];

  it.each(cases)('%j are refused by name, and nothing is sent', async (flags, words) => {
    for (const command of [['create', '--client', 'web1'], ['update', 'some'], ['preview']]) {
      const { code, err } = await run('job', ...command, ...flags);
      expect(code).toBe(2);
      for (const word of words) expect(err).toContain(word);
    }
    expect(JSON.parse((await run('job', 'list', '--search', 'exec', '-o', 'json')).out)).toEqual([]);
  });

  it('an empty directory of a restore is not this one', async () => {
    expect(await run('job', 'restore', 'docs', '--to', '', '--overwrite')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--to is empty'),
    });
  });
});

describe('job update', () => {
  beforeAll(async () => {
    await run('job', 'create', '--exec', 'true', '--key', 'own', '--client', 'web1', '--retries', '1');
  });

  it('changes the retries and the timeout of the actions there are, alone and with parameters', async () => {
    expect((await run('job', 'update', 'own', '--retries', '3')).code).toBe(0);
    const [first] = (await show('own')).actions;
    expect(first).toMatchObject({ maxRetries: 3, timeout: null, freezerAction: { action: 'exec', command: 'true' } });
    expect((await run('job', 'update', 'own', '--timeout', '2h', '--set', 'command=uptime')).code).toBe(0);
    const [second] = (await show('own')).actions;
    expect(second).toMatchObject({ maxRetries: 3, timeout: 7_200, freezerAction: { command: 'uptime' } });
  });

  it('is shown beforehand by a preview with the same flags', async () => {
    const preview = await run('job', 'preview', 'own', '--retries', '9', '--set', 'command=date', '-o', 'json');
    expect(JSON.parse(preview.out)).toMatchObject({
      actions: [{ maxRetries: 9, freezerAction: { command: 'date' } }],
    });
    expect((await run('job', 'preview', '--set', 'a=b')).err).toContain('name which');
  });

  it('says how a parameter is changed where no action is named', async () => {
    const { code, err } = await run('job', 'update', 'own', '--to', '/backups');
    expect(code).toBe(2);
    expect(err).toContain('--to says something of an action');
    expect(err).toContain('--set NAME=VALUE');
  });
});

describe('a job that is named wrongly', () => {
  it.each([
    ['job', 'due', 'typo'],
    ['job', 'due', 'own', 'typo'],
    ['run', 'list', '--job', 'own,typo'],
  ])('%s %s is told so', async (...args) => {
    expect(await run(...args)).toMatchObject({ code: 3, out: '', err: expect.stringContaining('no job "typo"') });
  });

  it('is not one of another project that has the same', async () => {
    for (const project of ['p1', 'p2']) {
      await run('job', 'create', '--exec', 'true', '--key', 'both', '--client', 'web1', '--project', project);
    }
    expect((await run('job', 'due', 'both')).code).toBe(0);
  });
});

describe('the client of a new job', () => {
  const here = hostname();
  const register = async (key: string, host: string) =>
    payloadOf(
      (
        await createSdk(server.client()).clientRegister({
          input: { key, hostname: host, version: '1', capabilities: {}, sessionId: `session-of-${key}` },
        })
      ).clientRegister,
    );
  const make = (key: string): Promise<Answer> => run('job', 'create', '--exec', 'true', '--key', key);

  it("is this host's own, and asked for where several could be it", async () => {
    await register('else-1', 'else');
    await register('here-1', here);
    expect((await make('one')).out).toMatch(/^client +here-1$/m);
    await register('here-2', here);
    const unclear = await make('several');
    expect(unclear.code).toBe(2);
    expect(unclear.err).toContain(`Several clients are on this host (${here})`);
    expect(unclear.err).toContain('--client here-2 | here-1');
    await register(here, here);
    await register('here-3', here);
    expect((await make('named')).out).toMatch(new RegExp(`^client +${here}$`, 'm'));
  });
});
