import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withLock } from '../../src/agent/directory-lock.js';
import { describeTree } from './host.js';
import { backUp, base, expectRestored, host, onHostWithTar, restore, source, stored, tar } from './tar-fixture.js';

onHostWithTar();

describe('trouble', () => {
  it('a killed or aborted backup leaves nothing that looks whole', async () => {
    await backUp();
    await mkdir(host.path('store', 'box_docs', '.incoming-killed'));
    await mkdir(host.path('store', 'box_docs', '9999999999', '0_9999999999'), { recursive: true });
    execFileSync('sh', ['-c', 'head -c 30000000 /dev/urandom > "$1"', 'sh', join(source, 'noise')]);
    host.onOutput = () => host.abort.abort();
    expect(await backUp({ max_level: 0, compression: 'xz' })).toMatchObject({ ok: false, end: 'aborted' });
    host.onOutput = () => undefined;
    host.abort = new AbortController();
    const entries = await readdir(host.path('store', 'box_docs'));
    expect(entries.filter((entry) => entry.startsWith('.'))).toEqual([]);
    await rm(join(source, 'noise'));
    await utimes(source, 1, 1);
    expect(await backUp()).toMatchObject({ ok: true, summary: { level: 1 } });
    await expectRestored();
  });

  it('a time limit ends it', async () => {
    const tarSlow = { action: 'backup', path_to_backup: source, ...base(), compression: 'xz' };
    execFileSync('sh', ['-c', 'head -c 60000000 /dev/urandom > "$1"', 'sh', join(source, 'noise')]);
    expect(await host.run([tar], tarSlow, 1_500)).toMatchObject({
      ok: false,
      end: 'timedOut',
      message: 'The action was ended: it took longer than 1.5 s.',
    });
  });

  it('two backups of one name do not run at once, and a dead one is no hindrance', async () => {
    await backUp();
    const directory = host.path('store', 'box_docs');
    await withLock(directory, 'test', async () => {
      expect((await backUp()).message).toMatch(
        /^The backup "docs" is in use by process \d+ on .*; if that is gone, remove .*\.lock\.$/,
      );
      expect(await backUp({ backup_name: 'another' })).toMatchObject({ ok: true });
    });
    await mkdir(join(directory, '.lock'));
    const owner = JSON.stringify({
      host: hostname(),
      pid: process.pid,
      started: 'long ago',
      id: 'x',
    });
    await writeFile(join(directory, '.lock', 'owner.json'), owner);
    const results = await Promise.all([backUp(), backUp(), backUp()]);
    expect(results.filter((result) => result.ok).length).toBeGreaterThanOrEqual(1);
    expect((await readdir(directory)).filter((entry) => entry.startsWith('.'))).toEqual([]);
    await expectRestored();
  });

  it('a damaged backup is not restored, and the target stays as it was', async () => {
    await backUp();
    const [name] = await stored();
    await appendFile(host.path('store', 'box_docs', name ?? '', 'data.tar.gz'), 'x');
    const { result, target } = await restore();
    expect(result.message).toMatch(/is damaged: its checksum is not what was written\.$/);
    await expect(stat(target)).rejects.toThrow('ENOENT');
  });

  it('a missing level is named', async () => {
    await backUp();
    await backUp();
    const [full] = await stored();
    await rm(host.path('store', 'box_docs', full ?? ''), { recursive: true });
    const { result } = await restore();
    expect(result.message).toMatch(/cannot be restored: a lower level of its chain is missing\.$/);
  });

  it('a restore to where no directory can be made ends with one clear line', async () => {
    await backUp();
    const { result } = await restore({ restore_abs_path: '/proc/orrery/restored' });
    expect(result).toMatchObject({ ok: false });
    expect(result.message).toMatch(/^Cannot .*\/proc.*\(E[A-Z]+\)\.$/);
  });

  it('a restore does not touch what is there, unless told to', async () => {
    await backUp();
    await writeFile(join(source, 'later'), 'later');
    const there = { restore_abs_path: source };
    expect((await restore(there)).result.message).toBe(
      `${source} is not empty. Restore to another directory, or say "overwrite": true to replace what is in it.`,
    );
    expect(await readdir(source)).toContain('later');
    expect((await restore({ ...there, overwrite: true })).result).toMatchObject({ ok: true });
    expect(await readdir(source)).toEqual(['a.txt']);
    expect((await restore({ restore_abs_path: host.root, overwrite: true })).result.message).toMatch(
      /must not hold the container/,
    );
    expect((await restore({ restore_abs_path: '/', overwrite: true })).result.message).toMatch(
      /must not be the root directory/,
    );
  });

  it('has one clear message for each fault of the host', async () => {
    expect((await backUp({ path_to_backup: host.path('missing') })).message).toBe(
      `Cannot back up ${host.path('missing')}: it does not exist (ENOENT).`,
    );
    await writeFile(host.path('file'), '');
    expect((await backUp({ container: host.path('file', 'x') })).message).toBe(
      `Cannot use the container ${host.path('file', 'x')}: a part of the path is no directory (ENOTDIR).`,
    );
    expect((await backUp({ path_to_backup: 'relative' })).message).toBe(
      '"path_to_backup" must be an absolute path on the client: relative',
    );
    expect((await backUp({ path_to_backup: null })).message).toBe('"path_to_backup" is missing.');
    expect((await backUp({ compression: '--use-compress-program=sh' })).message).toBe(
      '"compression" must be one of gzip, bzip2, xz.',
    );
    expect((await backUp({ container: source })).message).toMatch(/must not be the directory that is backed up/);
    expect((await backUp({ backup_name: 'x'.repeat(300) })).message).toMatch(/too long/);
    expect((await backUp({ storage: 'swift' })).message).toMatch(/tar cannot use storage "swift"\.$/);
    expect((await backUp({ mode: 'mysql' })).message).toMatch(/tar cannot do mode "mysql", only fs\.$/);
  });

  it('names cannot lead out of the container', async () => {
    for (const backup_name of ['../../x', '..', 'a/b', '.', 'a_b', '%2F', 'line\nfeed', '-x']) {
      expect(await backUp({ backup_name, hostname: '../host_' })).toMatchObject({ ok: true });
      const { result, target } = await restore({ backup_name, restore_from_host: '../host_' });
      expect(result).toMatchObject({ ok: true });
      expect(await describeTree(target)).toEqual(await describeTree(source));
    }
    expect(
      (await readdir(host.path('store'))).every(
        (name) => name.startsWith('%2E./host%5F_') || name.startsWith('%2E.%2Fhost%5F_'),
      ),
    ).toBe(true);
  });

  it('options in the environment do not reach tar', async () => {
    host.env = { ...host.env, TAR_OPTIONS: '--exclude=a.txt', GZIP: '--nonsense' };
    await backUp();
    await expectRestored();
  });
});
