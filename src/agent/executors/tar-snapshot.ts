import { lstat, readFile, stat, writeFile } from 'node:fs/promises';
import { HostError } from '../host-error.js';

/** How many directories are looked at together. */
const BATCH = 64;

/** A directory in a snapshot file: where its record lies, its inode and its path from the backed up directory. */
interface DirectoryRecord {
  readonly from: number;
  readonly to: number;
  readonly inode: string;
  readonly path: Buffer;
}

function damaged(): HostError {
  return new HostError('The snapshot file of the last backup is not one of GNU tar.', 'EBADMSG');
}

/**
 * The records of a snapshot file of format 2: a line with the version, the time (seconds, nanoseconds), then for each
 * directory NFS flag, time, device, inode, path and the list of entries, which an empty entry ends; all fields end
 * with NUL (GNU tar manual, "Format of the Incremental Snapshot Files").
 */
function parseSnapshot(bytes: Buffer): { header: number; records: DirectoryRecord[] } {
  const line = bytes.indexOf('\n');
  if (!/^GNU tar-[^\n]+-2$/.test(bytes.toString('latin1', 0, line))) throw damaged();
  let at = line + 1;
  const field = (): Buffer => {
    const end = bytes.indexOf(0, at);
    if (end === -1) throw damaged();
    const value = bytes.subarray(at, end);
    at = end + 1;
    return value;
  };
  field();
  field();
  const header = at;
  const records: DirectoryRecord[] = [];
  while (at < bytes.length) {
    const from = at;
    for (let skipped = 0; skipped < 4; skipped += 1) field();
    const inode = field().toString('latin1');
    const path = field();
    while (field().length > 0);
    // The record itself ends with a NUL of its own.
    if (bytes[at] !== 0) throw damaged();
    at += 1;
    records.push({ from, to: at, inode, path });
  }
  return { header, records };
}

async function isStillThere(directory: string, record: DirectoryRecord, follow: boolean): Promise<boolean> {
  const path = Buffer.concat([Buffer.from(`${directory}/`), record.path]);
  try {
    const found = await (follow ? stat : lstat)(path, { bigint: true });
    return found.isDirectory() && String(found.ino) === record.inode;
  } catch {
    return false;
  }
}

/**
 * Makes tar forget the directories that are no longer where the last backup saw them.
 *
 * Tar takes a new directory for a renamed one when it has the inode number of one that is gone, and file systems give
 * such numbers out again. The level then says "rename" instead of holding the files, and cannot be restored where
 * something else stood in the new place. Without these records it simply stores the directory again.
 * @param follow whether tar follows symbolic links
 * @returns how many directories were forgotten.
 * @throws HostError when the file is not a snapshot file.
 */
export async function forgetMoved(snapshot: string, directory: string, follow: boolean): Promise<number> {
  const bytes = await readFile(snapshot);
  const { header, records } = parseSnapshot(bytes);
  const kept = [bytes.subarray(0, header)];
  for (let start = 0; start < records.length; start += BATCH) {
    const batch = records.slice(start, start + BATCH);
    const there = await Promise.all(batch.map((record) => isStillThere(directory, record, follow)));
    kept.push(...batch.filter((_, index) => there[index]).map((record) => bytes.subarray(record.from, record.to)));
  }
  const forgotten = records.length - (kept.length - 1);
  if (forgotten > 0) await writeFile(snapshot, Buffer.concat(kept));
  return forgotten;
}
