import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { ExpectedError } from '../lib/errors.js';

/** A file that says whose directory it is: nothing is written into one that is somebody else's. */
const MARKER = 'orrery-data';
const LOCK = 'lock.sqlite';
const SERVER = 'server.json';

/** What a running server tells about itself, for the CLI on the same host and for a second start. */
interface RunningServer {
  pid: number;
  url: string;
  version: string;
  /** Epoch milliseconds. */
  startedAt: number;
}

/** The data directory, held by this process alone until `release`. */
export interface DataDirectory {
  readonly path: string;
  /** The path of a file in it. */
  file(name: string): string;
  /** Says where this server answers. */
  announce(server: RunningServer): void;
  release(): void;
}

interface LockHandle {
  exec(sql: string): unknown;
  close(): void;
}

type OpenLock = new (path: string, options: { timeout: number }) => LockHandle;

function fault(message: string): ExpectedError {
  return new ExpectedError('UNAVAILABLE', message);
}

function reason(error: unknown): string {
  if (error instanceof Error && 'code' in error) {
    if (error.code === 'EACCES' || error.code === 'EPERM') return 'permission denied';
    if (error.code === 'EROFS') return 'the file system is read-only';
    if (error.code === 'ENOSPC') return 'the disk is full';
    if (error.code === 'ENOENT') return 'no directory can be made there';
    if (error.code === 'ENOTDIR' || error.code === 'EEXIST') return 'a part of the path is not a directory';
  }
  return error instanceof Error ? error.message : String(error);
}

/** The server that announced itself in a directory; null where the note is missing, torn, or something else. */
function announcedServer(directory: string): RunningServer | null {
  try {
    const found: Partial<RunningServer> | null = JSON.parse(readFileSync(join(directory, SERVER), 'utf8'));
    const { pid, url, version, startedAt } = found ?? {};
    if (typeof pid !== 'number' || typeof url !== 'string') return null;
    return { pid, url, version: String(version), startedAt: Number(startedAt) };
  } catch {
    return null;
  }
}

/**
 * Makes a directory and those missing above it, level by level: Node's own recursive mkdir never returns where the system
 * answers ENOENT although the parent is there, as everywhere below /proc.
 */
function makeDirectory(path: string, parentMade = false): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    const parent = dirname(path);
    const parentMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (!parentMissing || parentMade || parent === path) throw error;
    makeDirectory(parent);
    makeDirectory(path, true);
  }
}

function prepare(path: string): void {
  try {
    makeDirectory(path);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw fault(
      `The data directory ${path} cannot be used: ${reason(error)}. Make it writable, or name another with --data-dir.`,
    );
  }
  if (existsSync(join(path, MARKER))) return;
  if (readdirSync(path).length > 0) {
    throw fault(
      `${path} is not empty and is not a data directory of Orrery. Name an empty or a new one with --data-dir.`,
    );
  }
  try {
    writeFileSync(join(path, MARKER), 'This directory belongs to Orrery: its database, its tokens, its lock.\n', {
      mode: 0o600,
    });
  } catch (error) {
    throw fault(`Nothing can be written into ${path}: ${reason(error)}.`);
  }
}

/** Takes the operating system's lock on a file in the directory: it ends with the process, however that ends. */
function lock(path: string): LockHandle {
  const Lock = createRequire(import.meta.url)('libsql') as OpenLock;
  const handle = new Lock(join(path, LOCK), { timeout: 0 });
  try {
    handle.exec('BEGIN EXCLUSIVE');
    return handle;
  } catch {
    handle.close();
    const holder = announcedServer(path);
    const who = holder ? `the server with process id ${holder.pid} at ${holder.url}` : 'another process';
    throw fault(
      `The data directory ${path} is in use by ${who}. Stop it first, or name another directory with --data-dir.`,
    );
  }
}

/**
 * Opens the data directory, making it when it is new, and holds it until `release`.
 * Throws ExpectedError UNAVAILABLE when it is not ours, not writable, or held by another process.
 */
export function openDataDirectory(directory: string): DataDirectory {
  const path = resolve(directory);
  prepare(path);
  const handle = lock(path);
  return {
    path,
    file: (name) => join(path, name),
    announce: (server) => writeFileSync(join(path, SERVER), `${JSON.stringify(server)}\n`, { mode: 0o600 }),
    release: () => {
      rmSync(join(path, SERVER), { force: true });
      handle.close();
    },
  };
}
