import { createHash } from 'node:crypto';
import { open, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { InvalidInputError } from '../../lib/errors.js';
import { withLock } from '../directory-lock.js';
import { HostError, onHost } from '../host-error.js';
import { makeDirectory } from '../make-directory.js';
import { flagOf } from './action-keys.js';
import type { ExecutionContext, ExecutionResult, ResolvedAction } from './executor.js';
import { type LevelPlan, type Lineage, planLevel } from './tar-levels.js';
import { compressionOf, dereferenceOf, excludeOf, levelRulesOf, pathOf } from './tar-options.js';
import { pacedProgress, runTar, sizeText, type TarEnd, tarFailure } from './tar-run.js';
import { forgetMoved } from './tar-snapshot.js';
import {
  copySnapshot,
  describeFile,
  listBackups,
  nameDirectory,
  nextTimestamp,
  openIncoming,
  publish,
  type StoredBackup,
  type StoredFile,
  sweep,
} from './tar-store.js';
import { createArguments, ENDINGS, type TarTool } from './tar-tool.js';

/** Whose backups they are. */
export interface Names {
  readonly hostname: string;
  readonly backupName: string;
}

/** What is backed up, as tar sees it. */
interface Source extends Lineage {
  readonly directory: string;
  readonly member: string;
  /** Where the container lies inside the source, as a member to leave out; null when it lies elsewhere. */
  readonly omit: string | null;
}

async function findSource(path: string, container: string): Promise<Source> {
  const found = await onHost(`back up ${path}`, () => stat(path));
  if (!found.isDirectory()) {
    return { path, kind: 'file', directory: dirname(path), member: `./${basename(path)}`, omit: null };
  }
  const [inside, outside] = await onHost(`back up ${path}`, () => Promise.all([realpath(container), realpath(path)]));
  const way = relative(outside, inside);
  if (way === '') {
    const message = `"container" must not be the directory that is backed up: ${path}`;
    throw new InvalidInputError([{ path: ['container'], message }]);
  }
  const omit = way.startsWith('..') ? null : `./${way}`;
  return { path, kind: 'directory', directory: path, member: '.', omit };
}

/** Takes tar's bytes to a file; everything is on disk when `finish` answers. */
async function archiveWriter(path: string, name: string, onBytes: (total: number) => void) {
  const handle = await onHost(`write ${path}`, () => open(path, 'wx', 0o600));
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    async write(chunk: Buffer): Promise<void> {
      hash.update(chunk);
      await onHost(`write ${path}`, () => handle.writeFile(chunk));
      bytes += chunk.length;
      onBytes(bytes);
    },
    async finish(): Promise<StoredFile> {
      await onHost(`write ${path}`, () => handle.sync());
      return { file: name, bytes, sha256: hash.digest('hex') };
    },
    close: () => handle.close(),
  };
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  await handle.sync().finally(() => handle.close());
}

/** How often a backup is tried while directories are renamed under it. */
const TRIES = 3;

/** One backup under way. */
interface Attempt {
  readonly tool: TarTool;
  readonly action: ResolvedAction;
  readonly context: ExecutionContext;
  readonly source: Source;
  readonly incoming: string;
  readonly snapshot: string | null;
}

async function archive(attempt: Attempt, dataName: string): Promise<{ end: TarEnd; data: StoredFile }> {
  const { action, context, source } = attempt;
  const progress = pacedProgress(context);
  let listed = 0;
  let written = 0;
  const tell = () => progress(null, `${listed} entries read, ${sizeText(written)} written`);
  const writer = await archiveWriter(join(attempt.incoming, dataName), dataName, (total) => {
    written = total;
    tell();
  });
  try {
    const args = createArguments(attempt.tool, {
      ...source,
      compression: compressionOf(action),
      snapshot: attempt.snapshot,
      dereference: dereferenceOf(action),
      exclude: excludeOf(action),
      verbose: !flagOf(action, 'quiet'),
    });
    const end = await runTar(attempt.tool, args, context, {
      bytes: writer.write,
      onListed: () => {
        listed += 1;
        tell();
      },
    });
    return { end, data: await writer.finish() };
  } finally {
    await writer.close();
  }
}

/** The parent's data for increments, where tar shall work on it; false when it is missing or damaged. */
async function takeSnapshot(parent: StoredBackup, target: string, source: Source, follow: boolean): Promise<boolean> {
  try {
    if (!(await copySnapshot(parent, target))) return false;
    await forgetMoved(target, source.directory, follow);
    return true;
  } catch (error) {
    if (error instanceof HostError) return false;
    throw error;
  }
}

/** A finished archive and how it came about. */
interface Archived {
  readonly plan: LevelPlan;
  readonly snapshot: string | null;
  readonly end: TarEnd;
  readonly data: StoredFile;
}

const SNAPSHOT = 'snapshot.snar';

/**
 * Archives what the plan says; again when a directory was renamed meanwhile, because such a level may not be
 * restorable; in full when the parent's data for increments are damaged.
 */
async function archivePlanned(attempt: Omit<Attempt, 'snapshot'>, wanted: LevelPlan, keep: boolean): Promise<Archived> {
  const { action, source, incoming, context } = attempt;
  const dataName = `data.${ENDINGS[compressionOf(action)]}`;
  const snapshot = keep ? join(incoming, SNAPSHOT) : null;
  const follow = ['soft', 'all'].includes(dereferenceOf(action) ?? '');
  let plan = wanted;
  for (let left = TRIES; ; left -= 1) {
    if (snapshot !== null && plan.parent) {
      const { parent } = plan;
      const taken = await onHost(`write ${snapshot}`, () => takeSnapshot(parent, snapshot, source, follow));
      if (!taken) plan = { level: 0, parent: null, restart: 'the data for increments of the last backup are damaged' };
    }
    if (snapshot !== null && !plan.parent) await rm(snapshot, { force: true });
    if (plan.restart !== null) await context.output('stderr', `This backup is full: ${plan.restart}.\n`);
    const { end, data } = await archive({ ...attempt, snapshot }, dataName);
    if (end.renamed === 0 || left === 1 || end.aborted) return { plan, snapshot, end, data };
    await context.output('stderr', 'A directory was renamed while it was read: the backup begins again.\n');
    await rm(join(incoming, dataName));
  }
}

async function backUpLocked(
  tool: TarTool,
  action: ResolvedAction,
  context: ExecutionContext,
  names: Names,
  directory: string,
  source: Source,
): Promise<ExecutionResult> {
  const rules = levelRulesOf(action);
  await onHost(`tidy ${directory}`, () => sweep(directory));
  const backups = await listBackups(directory);
  const now = context.clock.now();
  const incoming = await openIncoming(directory);
  try {
    const wanted = planLevel(backups, rules, source, now);
    const attempt = { tool, action, context, source, incoming };
    const { plan, snapshot, end, data } = await archivePlanned(attempt, wanted, !rules.noIncremental);
    const failure = tarFailure(end, 'backup', [0, 1]);
    if (failure) return failure;
    if (snapshot !== null) await onHost(`write ${snapshot}`, () => syncFile(snapshot));
    const metadata = {
      format: 1,
      engine: 'tar',
      engineVersion: tool.version,
      ...names,
      level: plan.level,
      parent: plan.parent?.name ?? null,
      createdAt: new Date(now).toISOString(),
      path: source.path,
      kind: source.kind,
      compression: compressionOf(action),
      data,
      snapshot: snapshot === null ? null : await describeFile(snapshot, basename(snapshot)),
      warnings: end.complaintCount,
    } as const;
    const place = { chain: plan.parent?.chain ?? null, timestamp: nextTimestamp(backups, now) };
    const stored = await publish(directory, incoming, place, metadata);
    const warned = end.complaintCount > 0 ? `, with ${end.complaintCount} warnings` : '';
    return {
      ok: true,
      end: 'finished',
      exitCode: end.exitCode,
      message: `Level ${plan.level} backup of ${source.path}: ${sizeText(data.bytes)}${warned}.`,
      summary: {
        backup: stored.directory,
        level: plan.level,
        bytes: data.bytes,
        sha256: data.sha256,
        entries: end.listed,
        warnings: end.complaintCount,
      },
    };
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

/**
 * Backs a file or directory up into `<container>/<hostname>_<backup_name>/<full backup>/<level>_<timestamp>/`.
 * @throws ExpectedError for faults of the action, the host, or a backup of the same name under way.
 */
export async function backUp(
  tool: TarTool,
  action: ResolvedAction,
  context: ExecutionContext,
  names: Names,
): Promise<ExecutionResult> {
  const path = pathOf(action, 'path_to_backup');
  const container = pathOf(action, 'container');
  await onHost(`back up ${path}`, () => stat(path));
  const directory = nameDirectory(container, names.hostname, names.backupName);
  await onHost(`use the container ${container}`, () => makeDirectory(directory, 0o700));
  const source = await findSource(path, container);
  return withLock(directory, `The backup "${names.backupName}"`, () =>
    backUpLocked(tool, action, context, names, directory, source),
  );
}
