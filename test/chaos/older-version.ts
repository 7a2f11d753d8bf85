import { execFile } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PRODUCT } from './world.js';

/** The last commit of the version before this one: servers of it must be able to run beside ours. */
export const OLDER = 'b9f90ee';

const execute = promisify(execFile);

/** Builds the older version in a directory of its own; returns it. The packages are ours: they only grew. */
export async function buildOlder(directory: string): Promise<string> {
  const product = join(directory, 'older');
  await mkdir(product);
  const archive = join(directory, 'older.tar');
  await execute('git', ['-C', PRODUCT, 'archive', '--output', archive, OLDER]);
  await execute('tar', ['-xf', archive, '-C', product]);
  await symlink(join(PRODUCT, 'node_modules'), join(product, 'node_modules'));
  await execute(process.execPath, [join(product, 'scripts/build.mjs'), '--no-types']);
  return product;
}
