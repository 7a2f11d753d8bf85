import { open } from 'node:fs/promises';
import { errorCode } from './host-error.js';

/** Brings a directory's entries to the disk, or what was written to a file. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems do not sync directories; the rename is then as safe as they make it.
    if (!['EINVAL', 'ENOTSUP', 'EPERM'].includes(errorCode(error))) throw error;
  } finally {
    await handle.close();
  }
}
