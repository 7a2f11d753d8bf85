import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeDirectory } from '../../src/agent/make-directory.js';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orrery-make-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

describe('makeDirectory', () => {
  it('makes all missing levels with the rights asked for, and once more does nothing', async () => {
    await Promise.all([makeDirectory(join(root, 'a/b/c'), 0o700), makeDirectory(join(root, 'a/b/d'), 0o700)]);
    await makeDirectory(join(root, 'a/b/c'), 0o700);
    for (const name of ['a', 'a/b', 'a/b/c', 'a/b/d']) expect((await stat(join(root, name))).mode & 0o777).toBe(0o700);
  });

  it('goes through links to directories', async () => {
    await makeDirectory(join(root, 'real'));
    await symlink(join(root, 'real'), join(root, 'link'));
    await makeDirectory(join(root, 'link/below'));
    expect((await stat(join(root, 'real/below'))).isDirectory()).toBe(true);
  });

  it('ends with the reason where no directory can be made', async () => {
    await writeFile(join(root, 'file'), '');
    await symlink(join(root, 'nowhere'), join(root, 'dangling'));
    await expect(makeDirectory(join(root, 'file'))).rejects.toThrow('EEXIST');
    await expect(makeDirectory(join(root, 'file/below'))).rejects.toThrow('ENOTDIR');
    await expect(makeDirectory(join(root, 'dangling/below'))).rejects.toThrow('EEXIST');
    await expect(makeDirectory('/proc/orrery/below')).rejects.toThrow(/\(ENOENT\)|EACCES|EROFS/);
  });
});
