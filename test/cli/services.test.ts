import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Maker } from '../api/places.js';
import { startTestServer, type TestServer } from '../kit/server.js';
import { type Answer, begin, orrery } from './console.js';

let server: TestServer;
let maker: Maker;
let own: string;
beforeAll(async () => {
  server = await startTestServer();
  maker = new Maker(server, { project: 'default', clientKey: 'host', sessionId: 'session', mark: 'cli' });
  const [first] = JSON.parse((await run('services', '-o', 'json')).out);
  own = first.service;
});
afterAll(() => server.stop());

const run = (...args: string[]): Promise<Answer> => orrery(args, server);
const rowsOf = ({ out }: Answer): Record<string, unknown>[] => JSON.parse(out);

describe('services', () => {
  it('are listed in every format, by state, host, name and label', async () => {
    expect(rowsOf(await run('services', '-o', 'json'))).toMatchObject([
      {
        service: own,
        state: 'ACTIVE',
        silent: false,
        shards: 16,
        work: expect.any(Number),
        incarnation: 1,
        labels: null,
      },
    ]);
    expect((await run('service', 'list')).out).toMatch(
      /^SERVICE +STATE +SHARDS +WORK +VERSION .*\n\S+\/\S+ +ACTIVE +16 /,
    );
    expect((await run('service', 'ls', '-o', 'csv')).out).toMatch(/^service,state,shards/);
    expect((await run('services', '-o', 'yaml')).out).toContain('state: ACTIVE');
    const [host = '', name = ''] = own.split('/');
    expect((await run('services', '--host', host, '--name', name, '--label', `host=${host}`)).out).toContain(own);
    expect(await run('services', '--state', 'failed,draining')).toMatchObject({ code: 0, err: 'Nothing to show.\n' });
    expect(await run('services', '--state', 'dead')).toMatchObject({ code: 2 });
    expect(await run('services', '--label', 'zone')).toMatchObject({
      code: 2,
      err: expect.stringContaining('zone=eu'),
    });
  });

  it('are shown, drained until they are empty, and take work again', async () => {
    expect((await run('service', 'show', own)).out).toMatch(/^owns +any#0, any#1, /m);
    expect(JSON.parse((await run('service', 'show', own, '-o', 'json')).out)).toMatchObject({ canDrain: true });
    const drained = await run('service', 'drain', own, '--wait', '--reason', 'upgrade');
    expect(drained).toMatchObject({ code: 0, err: expect.stringContaining(`Warning: ${own} is the last service`) });
    expect(drained.out).toMatch(/^outcome +DRAINING$/m);
    expect(drained.out).toMatch(/^shards +0$/m);
    const unassigned = await run('background-jobs', '--state', 'unassigned', '-o', 'json');
    expect(rowsOf(unassigned)[0]).toMatchObject({
      state: 'UNASSIGNED',
      reason: expect.stringContaining('is being drained'),
    });
    expect((await run('shards', '--state', 'unassigned', '-o', 'csv')).out.split('\n')).toHaveLength(18);
    expect((await run('service', 'undrain', own)).out).toMatch(/^outcome +RESUMED$/m);
    expect((await run('service', 'undrain', own)).out).toMatch(/^outcome +NOTHING_TO_DO$/m);
  });

  it('are removed once they are gone', async () => {
    const { host, id } = await maker.service();
    expect(await run('service', 'remove', own)).toMatchObject({ code: 3, err: expect.stringContaining('is ACTIVE') });
    const removed = await run('service', 'remove', `${host}/engine`, '--reason', 'gone');
    expect(removed).toMatchObject({ code: 0, out: expect.stringMatching(/^outcome +REMOVED$/m) });
    expect(await run('service', 'show', id)).toMatchObject({ code: 3, err: expect.stringContaining('no service') });
    expect(await run('service', 'drain', id)).toMatchObject({ code: 3 });
  });

  it('are followed as they are drained and removed', async () => {
    const { host } = await maker.service();
    const followed = begin(['services', '--follow', '-o', 'csv'], server);
    await followed.console.shows(`${host}/engine,STOPPED`);
    await run('service', 'remove', `${host}/engine`, '--reason', 'it is gone');
    await followed.console.shows(`${host}/engine,REMOVED,STOPPED,1,it is gone`);
    followed.interrupt();
    await followed.ended;
  });

  it('are completed by name', async () => {
    const flags = ['--url', server.url, '--token', server.token];
    const { out } = await orrery(['_complete', ...flags, '--', 'service', 'drain', own.slice(0, 1)]);
    expect(out).toContain(`${own}\t`);
    const jobs = await orrery(['_complete', ...flags, '--', 'background-job', 'show', 'recon']);
    expect(jobs.out).toMatch(/^reconcile\/all\t/);
  });

  it('are for operators: a member is refused', async () => {
    const { secret } = await maker.token('MEMBER', { project: 'default' });
    const asMember = (...args: string[]) => orrery([...args, '--url', server.url, '--token', secret]);
    for (const args of [['services'], ['shards'], ['service', 'drain', own]]) {
      expect(await asMember(...args)).toMatchObject({ code: 4 });
    }
    expect(await asMember('background-jobs')).toMatchObject({ code: 0 });
  });
});

describe('shards', () => {
  it('are listed by service, tag and state', async () => {
    const all = rowsOf(await run('shards', '--tag', 'any', '-o', 'json'));
    expect(all.map(({ slice }) => slice)).toEqual(Array.from({ length: 16 }, (_, slice) => slice));
    const { host } = await maker.service();
    expect(rowsOf(await run('shard', 'list', '--tag', `host=${host}`, '-o', 'json'))).toMatchObject([
      {
        tag: `host=${host}`,
        state: 'UNASSIGNED',
        service: `${host}/engine`,
        reason: expect.stringContaining('has stopped'),
      },
    ]);
    expect(rowsOf(await run('shard', 'list', '--service', `${host}/engine`, '-o', 'json'))).toHaveLength(1);
    expect(await run('shards', '--service', 'nobody')).toMatchObject({ code: 3 });
  });

  it('are followed: who, why, from and to', async () => {
    const { host } = await maker.service();
    const followed = begin(['shards', '--follow', '--tag', `host=${host}`, '-o', 'csv'], server);
    await followed.console.shows('UNASSIGNED');
    await run('service', 'remove', `${host}/engine`);
    await followed.console.shows(`host=${host},0,RELEASED,${host}/engine,,its owner was removed`);
    followed.interrupt();
    await followed.ended;
  });
});

describe('background jobs', () => {
  it('are listed and shown with what came of their instants', async () => {
    const { key, id } = await maker.plannedJob();
    const [row] = rowsOf(await run('background-jobs', '--job', key, '--kind', 'job-run', '-o', 'json'));
    expect(row).toMatchObject({
      kind: 'job-run',
      about: key,
      subject: id,
      state: 'SCHEDULED',
      tag: 'any',
      pinned: false,
    });
    const chores = await run('background-job', 'list', '--kind', 'reconcile');
    expect(chores.out).toMatch(/^KIND +ABOUT +STATE .* FAILS +WORK +REASON/);
    expect(await run('background-jobs', '--work', 'parked')).toMatchObject({ code: 0, out: '' });
    expect((await run('background-job', 'show', `job-run/${id}`)).out).toMatch(
      /^shard +shard_\S+ \(\w+, fence \d+\)$/m,
    );
    expect(await run('background-job', 'show', 'job-run/nothing')).toMatchObject({ code: 3 });
    expect(await run('background-jobs', '--due-before', 'tomorrow')).toMatchObject({ code: 2 });
    expect((await run('background-jobs', '--due-before', '2d', '--job', key, '-o', 'csv')).out).toContain(key);
  });

  it('are pinned and given back', async () => {
    const { id } = await maker.plannedJob();
    const name = `job-run/${id}`;
    expect((await run('background-job', 'rebind', name, '--service', own)).out).toMatch(/^pinned +true$/m);
    const nowhere = await run('background-job', 'rebind', name, '--tag', 'zone=nowhere,disk=fast');
    expect(nowhere).toMatchObject({ code: 0, err: expect.stringContaining('Warning: No service with the labels') });
    expect(nowhere.out).toMatch(/^tag +disk=fast,zone=nowhere$/m);
    expect((await run('background-job', 'rebind', name, '--default')).out).toMatch(/^tag +any$/m);
    expect(await run('background-job', 'rebind', name)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--default'),
    });
    expect(await run('background-job', 'rebind', name, '--default', '--tag', 'any')).toMatchObject({ code: 2 });
    expect(await run('background-job', 'rebind', name, '--service', 'nobody')).toMatchObject({ code: 3 });
  });
});
