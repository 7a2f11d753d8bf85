import { createReadStream } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { InvalidInputError, NotFoundError } from '../../lib/errors.js';
import { HostError, onHost } from '../host-error.js';
import { makeDirectory } from '../make-directory.js';
import { flagOf, instantOf } from './action-keys.js';
import type { ExecutionContext, ExecutionResult, ResolvedAction } from './executor.js';
import type { Names } from './tar-backup.js';
import { chainTo, selectBackup } from './tar-levels.js';
import { pathOf } from './tar-options.js';
import { pacedProgress, runTar, sizeText, tarFailure } from './tar-run.js';
import { listBackups, nameDirectory, type StoredBackup, verifyData } from './tar-store.js';
import { extractArguments, type TarTool } from './tar-tool.js';

async function findSteps(directory: string, names: Names, before: number | null): Promise<StoredBackup[]> {
  const backups = await listBackups(directory);
  const target = selectBackup(backups, before);
  if (!target) {
    const from = before === null ? '' : ` of ${new Date(before).toISOString()} or before`;
    throw new NotFoundError(`backup${from} in ${directory} named`, `${names.hostname}_${names.backupName}`, [
      'backup_name',
    ]);
  }
  const steps = chainTo(backups, target);
  if (!steps) {
    throw new HostError(
      `The backup ${target.directory} cannot be restored: a lower level of its chain is missing.`,
      'ENOENT',
    );
  }
  return steps;
}

/** A restore removes what the backup does not have: nothing may stand in the way that nobody meant to give up. */
async function prepareTarget(target: string, container: string, overwrite: boolean): Promise<void> {
  const refuse = (message: string) => new InvalidInputError([{ path: ['restore_abs_path'], message }]);
  if (target === '/') throw refuse('"restore_abs_path" must not be the root directory.');
  await onHost(`restore to ${target}`, () => makeDirectory(target));
  const [inside, outside] = await onHost(`restore to ${target}`, () =>
    Promise.all([realpath(container), realpath(target)]),
  );
  if (!relative(outside, inside).startsWith('..')) {
    throw refuse(`"restore_abs_path" must not hold the container ${container}: the backups in it would be removed.`);
  }
  const present = await onHost(`restore to ${target}`, () => readdir(target));
  if (present.length > 0 && !overwrite) {
    throw refuse(
      `${target} is not empty. Restore to another directory, or say "overwrite": true to replace what is in it.`,
    );
  }
}

/** Counts the bytes of all steps, which are each read twice: to verify and to unpack. */
function byteCounter(
  steps: readonly StoredBackup[],
  context: ExecutionContext,
): (doing: string) => (bytes: number) => void {
  const total = steps.reduce((sum, step) => sum + step.metadata.data.bytes, 0) * 2;
  const progress = pacedProgress(context);
  let done = 0;
  return (doing) => (bytes) => {
    done += bytes;
    progress(total === 0 ? null : Math.min(1, done / total), doing);
  };
}

async function* counted(source: AsyncIterable<Buffer>, count: (bytes: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    count(chunk.length);
    yield chunk;
  }
}

async function unpack(
  tool: TarTool,
  step: StoredBackup,
  target: string,
  action: ResolvedAction,
  context: ExecutionContext,
  count: (bytes: number) => void,
): Promise<ExecutionResult | null> {
  const { compression, data, kind, snapshot, level } = step.metadata;
  const args = extractArguments(tool, {
    directory: target,
    compression,
    incremental: kind === 'directory' && snapshot !== null,
    verbose: !flagOf(action, 'quiet'),
  });
  const stdin = Readable.from(counted(createReadStream(join(step.directory, data.file)), count));
  const end = await runTar(tool, args, context, { stdin });
  const failure = tarFailure(end, `restore of level ${level}`, [0]);
  return failure && { ...failure, message: `${failure.message} What is in ${target} is not complete.` };
}

/**
 * Restores the newest backup of a name, or the last of `restore_from_date` or before, into `restore_abs_path`:
 * checksums first, then every level from the full one on, deletions too.
 * @throws ExpectedError for faults of the action or the host, a missing or a damaged backup.
 */
export async function restore(
  tool: TarTool,
  action: ResolvedAction,
  context: ExecutionContext,
  names: Names,
): Promise<ExecutionResult> {
  const target = pathOf(action, 'restore_abs_path');
  const container = pathOf(action, 'container');
  const before = instantOf(action, 'restore_from_date');
  const steps = await findSteps(nameDirectory(container, names.hostname, names.backupName), names, before);
  const last = steps[steps.length - 1];
  if (!last) throw new Error('a chain of backups is never empty');

  const counter = byteCounter(steps, context);
  for (const step of steps) {
    context.signal.throwIfAborted();
    await verifyData(step, counter(`verifying level ${step.metadata.level}`));
  }
  await prepareTarget(target, container, flagOf(action, 'overwrite'));
  for (const step of steps) {
    const count = counter(`restoring level ${step.metadata.level} of ${last.metadata.level}`);
    const failure = await unpack(tool, step, target, action, context, count);
    if (failure) return failure;
  }
  context.progress(1, 'restored');
  const bytes = steps.reduce((sum, step) => sum + step.metadata.data.bytes, 0);
  return {
    ok: true,
    end: 'finished',
    exitCode: 0,
    message: `Restored ${last.metadata.path} as of ${last.metadata.createdAt} (level ${last.metadata.level}, ${sizeText(bytes)}) to ${target}.`,
    summary: { backup: last.directory, level: last.metadata.level, createdAt: last.metadata.createdAt, bytes, target },
  };
}
