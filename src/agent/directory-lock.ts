import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { ConflictError } from '../lib/errors.js';
import { errorCode, onHost } from './host-error.js';
import { startOf } from './process-table.js';

/** Who holds a lock. */
interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When that process started: a pid alone may be another's by now. */
  readonly started: string;
  readonly id: string;
}

const NOBODY: Owner = { host: '', pid: 0, started: '', id: '' };

async function readOwner(lock: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(join(lock, 'owner.json'), 'utf8'));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error))) return null;
    if (error instanceof SyntaxError) return NOBODY;
    throw error;
  }
}

/** A process on another host may live for all we know. */
async function isAlive(owner: Owner): Promise<boolean> {
  if (owner.pid === 0) return false;
  if (owner.host !== hostname()) return true;
  return (await startOf(owner.pid)) === owner.started;
}

/** Moves a directory; false when the source is gone or a lock stands at the target. */
async function tryMove(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error)) && (await readOwner(to))) return false;
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Takes this owner's lock away; puts it back when it is another's by now. */
async function release(lock: string, owner: Owner): Promise<void> {
  const aside = `${lock}.${randomUUID()}`;
  if (!(await tryMove(lock, aside))) return;
  if ((await readOwner(aside))?.id !== owner.id) await tryMove(aside, lock);
  await rm(aside, { recursive: true, force: true });
}

/** Makes the lock: a directory that appears with its owner in it, by a rename that fails where another stands. */
async function take(lock: string, owner: Owner, what: string): Promise<void> {
  const own = `${lock}.${randomUUID()}`;
  try {
    await mkdir(own, { mode: 0o700 });
    await writeFile(join(own, 'owner.json'), JSON.stringify(owner));
    while (!(await tryMove(own, lock))) {
      const holder = await readOwner(lock);
      if (holder && (await isAlive(holder))) {
        const message = `${what} is in use by process ${holder.pid} on ${holder.host}; if that is gone, remove ${lock}.`;
        throw new ConflictError(message);
      }
      if (holder) await release(lock, holder);
    }
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/**
 * Takes the lock of a directory, against other processes too; returns what gives it back. A lock whose process is gone
 * is taken over.
 * @throws ConflictError when another holds it.
 */
export async function lockDirectory(directory: string, what: string): Promise<() => Promise<void>> {
  const lock = join(directory, '.lock');
  const started = (await startOf(process.pid)) ?? '';
  const owner: Owner = { host: hostname(), pid: process.pid, started, id: randomUUID() };
  await onHost(`lock ${directory}`, () => take(lock, owner, what));
  return () => release(lock, owner);
}

/** Holds the lock of a directory while `work` runs. @throws ConflictError when another holds it. */
export async function withLock<T>(directory: string, what: string, work: () => Promise<T>): Promise<T> {
  const unlock = await lockDirectory(directory, what);
  try {
    return await work();
  } finally {
    await unlock();
  }
}
