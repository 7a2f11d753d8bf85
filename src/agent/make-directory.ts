import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, HostError } from './host-error.js';

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Makes one level; false when its parent is missing. A directory that is there already is as good. */
async function makeLevel(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode });
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    if (await isDirectory(path)) return true;
    throw error;
  }
}

/**
 * Makes a directory and those above it that are missing, level by level. Node's own recursive mkdir never returns, and
 * keeps a processor busy, where the system answers ENOENT although the parent is there, as everywhere below /proc.
 * @param mode the rights of every directory made, before the umask
 * @throws HostError where the system takes no directory, otherwise the error of the first level that cannot be made
 */
export async function makeDirectory(path: string, mode = 0o777): Promise<void> {
  if (await makeLevel(path, mode)) return;
  const parent = dirname(path);
  if (parent !== path) await makeDirectory(parent, mode);
  if (await makeLevel(path, mode)) return;
  throw new HostError(`Cannot make the directory ${path}: ${parent} takes no new directories (ENOENT).`, 'ENOENT');
}
