import { execFileSync } from 'node:child_process';
import {
  appendFile,
  chmod,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/lib/json.js';
import { DAY, SECOND } from '../../src/lib/time.js';
import { describeTree } from './host.js';
import { backUp, base, expectRestored, host, onHostWithTar, restore, source, stored, tar } from './tar-fixture.js';

onHostWithTar();

describe('a backup and its restore', () => {
  it('gives an equal tree: rights, times, links, empty directories, odd names, holes', async () => {
    const odd = [
      'new\nline',
      "it's",
      '"quoted"',
      '100%',
      '%s%n',
      '-rf',
      '--checkpoint-action=exec=sh',
      'ünïcödé 漢字 🪐',
      ' blank ',
      'back\\slash',
      '\\n',
      '*',
      '$(id)',
      '@file',
      'tar: x',
    ];
    for (const name of odd) {
      await writeFile(join(source, name), name);
      await mkdir(join(source, `${name}.d`));
      await writeFile(join(source, `${name}.d`, name), name);
    }
    await writeFile(Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0x66, 0xff, 0xfe, 0x80])]), 'not UTF-8');
    await mkdir(join(source, 'empty'), { mode: 0o711 });
    await chmod(join(source, 'a.txt'), 0o640);
    await chmod(join(source, '-rf'), 0o4755);
    await symlink('a.txt', join(source, 'soft'));
    await symlink('/nowhere\n', join(source, 'dangling'));
    await symlink('empty', join(source, 'soft-directory'));
    await link(join(source, 'a.txt'), join(source, 'empty', 'hard'));
    const sparse = await open(join(source, 'sparse'), 'w');
    await sparse.write('end', 50_000_000);
    await sparse.close();
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(source, 'pipe')]);
    await utimes(join(source, 'a.txt'), 1, 1_234_567_890.123);
    await utimes(join(source, 'empty'), 1, 86_400);
    expect(await backUp()).toMatchObject({
      ok: true,
      end: 'finished',
      exitCode: 0,
      summary: { level: 0, warnings: 0 },
    });
    await expectRestored();
    const { target } = await restore();
    expect((await stat(join(target, 'sparse'))).blocks).toBeLessThan(1000);
  });

  it('of a single file, in the old spellings of the document', async () => {
    const file = join(source, '--exclude=x');
    await writeFile(file, 'one');
    const document = {
      action: 'backup',
      src_file: file,
      'backup-name': 'one',
      container: host.path('store'),
      hostname: false,
      max_backup_level: 2,
    };
    expect(await host.run([tar], document)).toMatchObject({ ok: true });
    await writeFile(file, 'two');
    expect(await host.run([tar], document)).toMatchObject({ ok: true, summary: { level: 1 } });
    const { target } = await restore({ backup_name: 'one' });
    expect(await readdir(target)).toEqual(['--exclude=x']);
    expect(await readFile(join(target, '--exclude=x'), 'utf8')).toBe('two');
  });

  it.each(['gzip', 'bzip2', 'xz'])('compresses by %s', async (compression) => {
    expect(await backUp({ compression })).toMatchObject({ ok: true });
    await expectRestored();
  });

  it('leaves out what is excluded, and itself', async () => {
    await mkdir(join(source, 'sub'));
    await writeFile(join(source, 'sub', 'x.log'), '');
    await writeFile(join(source, 'y.tmp'), '');
    const container = join(source, 'store [x]');
    await backUp({ container, exclude: ['*.log', '*.tmp', ''] });
    await backUp({ container, exclude: ['*.log', '*.tmp'] });
    const { target } = await restore({ container });
    expect(Object.keys(await describeTree(target))).toEqual(['.', './a.txt', './sub']);
  });

  it('follows links on demand', async () => {
    await symlink('a.txt', join(source, 'soft'));
    await backUp({ dereference_symlink: 'soft' });
    const { target } = await restore();
    expect((await describeTree(target))['./soft']).toContain('file ');
  });

  it('lists what it reads and tells real progress', async () => {
    await backUp();
    expect(host.output).toContain('./a.txt\n');
    await restore();
    expect(host.progress.at(-1)).toEqual([1, 'restored']);
    const fractions = host.progress.map(([fraction]) => fraction).filter((fraction) => fraction !== null);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
  });
});

describe('levels', () => {
  it('a second backup holds the changes alone, and a restore applies deletions and renames', async () => {
    await mkdir(join(source, 'sub'));
    await writeFile(join(source, 'sub', 'big'), 'x'.repeat(100_000));
    await writeFile(join(source, 'gone'), 'gone');
    await mkdir(join(source, 'becomes-file'));
    await writeFile(join(source, 'becomes-directory'), '');
    await backUp();
    await rm(join(source, 'gone'));
    await rename(join(source, 'sub'), join(source, 'renamed'));
    await rm(join(source, 'becomes-file'), { recursive: true });
    await writeFile(join(source, 'becomes-file'), 'file');
    await rm(join(source, 'becomes-directory'));
    await mkdir(join(source, 'becomes-directory'));
    await writeFile(join(source, 'new'), 'new');
    expect(await backUp()).toMatchObject({ ok: true, summary: { level: 1 } });
    await expectRestored();
    await appendFile(join(source, 'new'), 'er');
    await chmod(join(source, 'a.txt'), 0o600);
    await link(join(source, 'a.txt'), join(source, 'linked'));
    expect(await backUp()).toMatchObject({ ok: true, summary: { level: 2 } });
    await expectRestored();
  });

  it('follow max_level, always_level, restart_always_level and no_incremental', async () => {
    const levels = async (more: JsonObject, times: number) => {
      const found: unknown[] = [];
      for (let time = 0; time < times; time += 1) {
        const { summary } = await backUp(more);
        found.push(typeof summary === 'object' && summary !== null && 'level' in summary ? summary.level : summary);
      }
      return found;
    };
    expect(await levels({ max_level: 2, backup_name: 'max' }, 5)).toEqual([0, 1, 2, 0, 1]);
    expect(await levels({ always_level: '2', backup_name: 'always' }, 5)).toEqual([0, 1, 2, 2, 2]);
    expect(await levels({ backup_name: 'endless' }, 4)).toEqual([0, 1, 2, 3]);
    expect(await levels({ no_incremental: true, backup_name: 'full' }, 3)).toEqual([0, 0, 0]);
    expect(await levels({ max_level: 0, backup_name: 'zero' }, 2)).toEqual([0, 0]);
    const restarting = { always_level: 1, restart_always_level: 2, backup_name: 'restarting' };
    expect(await levels(restarting, 2)).toEqual([0, 1]);
    host.now += 2 * DAY;
    expect(await levels(restarting, 2)).toEqual([0, 1]);
  });

  it('are all 0 with no_incremental, whatever the level keys say', async () => {
    const forced = { no_incremental: true, max_level: 2, always_level: 1 };
    expect(await backUp({ max_level: 2 })).toMatchObject({ ok: true, summary: { level: 0 } });
    expect(await backUp(forced)).toMatchObject({ ok: true, summary: { level: 0 } });
    expect(await backUp(forced)).toMatchObject({ ok: true, summary: { level: 0 } });
    await expectRestored();
  });

  it('restore to the last backup of a date or before, in any spelling of the date', async () => {
    const trees: Record<string, string>[] = [];
    for (let level = 0; level < 4; level += 1) {
      await writeFile(join(source, `file-${level}`), String(level));
      await backUp({ always_level: 2 });
      trees.push(await describeTree(source));
    }
    const at = async (restore_from_date: string) => {
      const { result, target } = await restore({ restore_from_date });
      expect(result).toMatchObject({ ok: true });
      return describeTree(target);
    };
    expect(await at('2026-03-01T12:00:00Z')).toEqual(trees[0]);
    expect(await at('2026-03-01T13:00:19+01:00')).toEqual(trees[1]);
    expect(await at('2026-03-01T12:00:20Z')).toEqual(trees[2]);
    expect(await at('2030-01-01T00:00:00')).toEqual(trees[3]);
    const { result } = await restore({ restore_from_date: '2026-03-01T11:59:59Z' });
    expect(result.message).toMatch(
      /^There is no backup of 2026-03-01T11:59:59.000Z or before in .* named "box_docs"\.$/,
    );
    expect((await restore({ restore_from_date: 'yesterday' })).result.message).toMatch(
      /must be a date and time such as/,
    );
  });

  it('start again from a full backup when the source is another or the data for increments is damaged', async () => {
    await backUp();
    await mkdir(host.path('other'));
    expect(await backUp({ path_to_backup: host.path('other') })).toMatchObject({ ok: true, summary: { level: 0 } });
    expect(host.output.join('')).toContain(`This backup is full: the last backup of this name was of ${source}.`);
    const [, newest] = await stored();
    await writeFile(host.path('store', 'box_docs', newest ?? '', 'snapshot.snar'), 'damaged');
    expect(await backUp({ path_to_backup: host.path('other') })).toMatchObject({ ok: true, summary: { level: 0 } });
  });

  it('keep their order when the clock goes back', async () => {
    await backUp();
    host.now -= 60 * 60 * SECOND;
    await writeFile(join(source, 'late'), 'late');
    expect(await backUp()).toMatchObject({ ok: true, summary: { level: 1 } });
    await expectRestored();
  });
});

describe('info and admin', () => {
  it('list the backups, and remove old chains whole', async () => {
    await backUp({ max_level: 1 });
    await backUp({ max_level: 1 });
    host.now += 10 * DAY;
    await backUp({ max_level: 1 });
    const info = await host.run([tar], { action: 'info', container: host.path('store') });
    expect(info).toMatchObject({ ok: true, summary: { backups: [{ level: 0 }, { level: 1 }, { level: 0 }] } });
    const admin = (more: JsonObject) => host.run([tar], { action: 'admin', ...base(), ...more });
    expect(await admin({ remove_from_date: '2026-03-01T12:00:05Z' })).toMatchObject({
      ok: true,
      summary: { removed: [] },
    });
    expect(await admin({ remove_older_than: 5 })).toMatchObject({
      ok: true,
      summary: { removed: [{ level: 0 }, { level: 1 }] },
    });
    expect(await stored()).toHaveLength(1);
    await expectRestored();
    expect((await admin({ backup_name: 'none', remove_older_than: 1 })).message).toBe(
      `There are no backups in ${host.path('store', 'box_none')}.`,
    );
    expect((await admin({})).message).toMatch(/needs "remove_older_than"/);
  });

  it('show no secret', async () => {
    host.env = { ...host.env, NAME: 'hush' };
    await backUp({ backup_name: { secret: 'env:NAME' } });
    const result = await host.run([tar], { action: 'info', ...base(), backup_name: { secret: 'env:NAME' } });
    expect(JSON.stringify([result, host.output, host.progress])).not.toContain('hush');
    expect(result).toMatchObject({ ok: true, summary: { backups: [{ level: 0 }] } });
  });
});
