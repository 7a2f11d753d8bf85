import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { copyFile, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InvalidInputError } from '../../lib/errors.js';
import { isJsonObject, type JsonValue } from '../../lib/json.js';
import { SECOND } from '../../lib/time.js';
import { errorCode, HostError, onHost } from '../host-error.js';
import { makeDirectory } from '../make-directory.js';
import { syncPath } from '../sync.js';
import type { Compression } from './tar-tool.js';

/** A file of a backup. */
export interface StoredFile {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** metadata.json: all that a restore must know. */
export interface BackupMetadata {
  readonly format: 1;
  readonly engine: 'tar';
  readonly engineVersion: string;
  readonly hostname: string;
  readonly backupName: string;
  readonly level: number;
  /** The name of the backup in the same chain that this one is based on; null for a full one. */
  readonly parent: string | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly path: string;
  readonly kind: 'directory' | 'file';
  readonly compression: Compression;
  readonly data: StoredFile;
  /** GNU tar's snapshot file after this backup; null when no increment can be based on it. */
  readonly snapshot: StoredFile | null;
  /** How many warnings tar gave, for example of files that changed while they were read. */
  readonly warnings: number;
}

/** A whole backup in its place. */
export interface StoredBackup {
  readonly directory: string;
  /** The directory of the chain: the timestamp of its full backup, epoch seconds. */
  readonly chain: string;
  /** `<level>_<timestamp>`. */
  readonly name: string;
  /** Epoch seconds, rising within a backup name. */
  readonly timestamp: number;
  readonly metadata: BackupMetadata;
}

const INCOMING = '.incoming-';
const REMOVING = '.removing-';

/** Makes any text a file name of its own: `/`, `%`, control characters and a leading dot are written as %XX. */
function safeName(text: string, also: string): string {
  const encoded = [...text]
    .map((char, index) => {
      const odd =
        char < ' ' || char === '\x7f' || '/%'.includes(char) || also.includes(char) || (index === 0 && char === '.');
      return odd ? `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}` : char;
    })
    .join('');
  return encoded;
}

/**
 * The directory of all backups of one name of one host: `<hostname>_<backup_name>`.
 * @throws InvalidInputError when that is no file name.
 */
export function nameDirectory(container: string, hostname: string, backupName: string): string {
  const name = `${safeName(hostname, '_')}_${safeName(backupName, '')}`;
  if (Buffer.byteLength(name) > 255) {
    throw new InvalidInputError([
      { path: ['backup_name'], message: '"backup_name" is too long for a directory name.' },
    ]);
  }
  return join(container, name);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function isStoredFile(value: JsonValue | undefined): boolean {
  if (!isJsonObject(value) || typeof value.file !== 'string' || value.file !== basename(value.file)) return false;
  return typeof value.bytes === 'number' && typeof value.sha256 === 'string';
}

/** Whether this is a metadata.json that we can work with; no path in it may lead out of the backup. */
function isMetadata(value: unknown): value is BackupMetadata {
  const metadata = value as JsonValue;
  if (!isJsonObject(metadata) || metadata.format !== 1 || metadata.engine !== 'tar') return false;
  const { level, parent, path, kind, compression, data, snapshot } = metadata;
  return (
    typeof level === 'number' &&
    (parent === null || typeof parent === 'string') &&
    typeof path === 'string' &&
    (kind === 'directory' || kind === 'file') &&
    (compression === 'gzip' || compression === 'bzip2' || compression === 'xz') &&
    isStoredFile(data) &&
    (snapshot === null || isStoredFile(snapshot))
  );
}

async function readBackup(parent: string, chain: string, name: string): Promise<StoredBackup | null> {
  const timestamp = /^\d+_(\d+)$/.exec(name)?.[1];
  if (timestamp === undefined) return null;
  const directory = join(parent, chain, name);
  try {
    const metadata: unknown = JSON.parse(await readFile(join(directory, 'metadata.json'), 'utf8'));
    if (!isMetadata(metadata)) return null;
    return { directory, chain, name, timestamp: Number(timestamp), metadata };
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR' || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The whole backups below a name's directory, oldest first; what is not whole is passed over. */
export async function listBackups(directory: string): Promise<StoredBackup[]> {
  return onHost(`read the backups in ${directory}`, async () => {
    const chains = (await namesIn(directory)).filter((name) => /^\d+$/.test(name));
    const found = await Promise.all(
      chains.map(async (chain) => {
        const names = await namesIn(join(directory, chain));
        return Promise.all(names.map((name) => readBackup(directory, chain, name)));
      }),
    );
    return found
      .flat()
      .filter((backup) => backup !== null)
      .sort((a, b) => a.timestamp - b.timestamp || a.metadata.level - b.metadata.level);
  });
}

/** The directories of a container that hold backups of ours. */
export async function listNames(container: string): Promise<string[]> {
  const names = await onHost(`read the container ${container}`, () => readdir(container));
  return names.filter((name) => name.includes('_') && !name.startsWith('.')).map((name) => join(container, name));
}

/** The size and checksum of a file. `onBytes` hears of each piece read. */
export async function describeFile(path: string, name: string, onBytes?: (bytes: number) => void): Promise<StoredFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
    bytes += chunk.length;
    onBytes?.(chunk.length);
  }
  return { file: name, bytes, sha256: hash.digest('hex') };
}

/** A place where a backup grows, unseen until it is whole. */
export async function openIncoming(directory: string): Promise<string> {
  const incoming = join(directory, `${INCOMING}${randomUUID()}`);
  await onHost(`create a backup in ${directory}`, () => mkdir(incoming, { mode: 0o700 }));
  return incoming;
}

/** Removes what killed processes left half-done. Only for the holder of the lock. */
export async function sweep(directory: string): Promise<void> {
  const left = (await namesIn(directory)).filter((name) => name.startsWith(INCOMING) || name.startsWith(REMOVING));
  for (const name of left) await rm(join(directory, name), { recursive: true, force: true });
}

/** Brings the parent's snapshot file to where tar shall work on it; false when it is missing or damaged. */
export async function copySnapshot(parent: StoredBackup, target: string): Promise<boolean> {
  const { snapshot } = parent.metadata;
  if (!snapshot) return false;
  try {
    await copyFile(join(parent.directory, snapshot.file), target);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
  return (await describeFile(target, snapshot.file)).sha256 === snapshot.sha256;
}

/** The next timestamp of a name, epoch seconds: now, but always later than all there are. */
export function nextTimestamp(backups: readonly StoredBackup[], now: number): number {
  return Math.max(Math.floor(now / SECOND), (backups.at(-1)?.timestamp ?? 0) + 1);
}

/**
 * Writes the metadata and moves the backup to its place in one step, everything on disk before.
 * @param chain the parent's chain; null: the backup begins one.
 */
export async function publish(
  directory: string,
  incoming: string,
  place: { chain: string | null; timestamp: number },
  metadata: BackupMetadata,
): Promise<StoredBackup> {
  return onHost(`finish the backup in ${directory}`, async () => {
    const chain = place.chain ?? String(place.timestamp);
    const name = `${metadata.level}_${place.timestamp}`;
    const handle = await open(join(incoming, 'metadata.json'), 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(metadata, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncPath(incoming);
    await makeDirectory(join(directory, chain), 0o700);
    const target = join(directory, chain, name);
    await rename(incoming, target);
    await syncPath(join(directory, chain));
    await syncPath(directory);
    return { directory: target, chain, name, timestamp: place.timestamp, metadata };
  });
}

/** Removes a chain: out of sight in one step, then from the disk. Only for the holder of the lock. */
export async function removeChain(directory: string, chain: string): Promise<void> {
  await onHost(`remove the backups in ${join(directory, chain)}`, async () => {
    const removing = join(directory, `${REMOVING}${randomUUID()}`);
    await rename(join(directory, chain), removing);
    await rm(removing, { recursive: true, force: true });
  });
}

/** @throws HostError when the data of a backup is missing or not as it was written. */
export async function verifyData(backup: StoredBackup, onBytes: (bytes: number) => void): Promise<void> {
  const { data } = backup.metadata;
  const path = join(backup.directory, data.file);
  const found = await onHost(`read ${path}`, () => describeFile(path, data.file, onBytes));
  if (found.bytes !== data.bytes || found.sha256 !== data.sha256) {
    throw new HostError(`The backup ${path} is damaged: its checksum is not what was written.`, 'EBADMSG');
  }
}
