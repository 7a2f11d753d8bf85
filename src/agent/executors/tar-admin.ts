import { stat } from 'node:fs/promises';
import { InvalidInputError } from '../../lib/errors.js';
import { isoText } from '../../lib/iso-text.js';
import { DAY } from '../../lib/time.js';
import { withLock } from '../directory-lock.js';
import { instantOf, numberOf, textOf } from './action-keys.js';
import type { ExecutionContext, ExecutionResult, ResolvedAction } from './executor.js';
import type { Names } from './tar-backup.js';
import { expiredChains } from './tar-levels.js';
import { pathOf } from './tar-options.js';
import { sizeText } from './tar-run.js';
import { listBackups, listNames, nameDirectory, removeChain, type StoredBackup, sweep } from './tar-store.js';

function describe(backup: StoredBackup) {
  const { hostname, backupName, level, createdAt, path, data } = backup.metadata;
  return { hostname, backupName, level, createdAt, path, bytes: data.bytes, backup: backup.directory };
}

/** Lists the backups of a container, or those of one name where the action names one. */
export async function info(
  action: ResolvedAction,
  context: ExecutionContext,
  hostname: string,
): Promise<ExecutionResult> {
  const container = pathOf(action, 'container');
  const backupName = textOf(action, 'backup_name');
  const directories =
    backupName === null ? await listNames(container) : [nameDirectory(container, hostname, backupName)];
  const backups = (await Promise.all(directories.map((directory) => listBackups(directory)))).flat().map(describe);
  for (const backup of backups) {
    const { createdAt, level, bytes, path } = backup;
    const name = `${backup.hostname} ${backup.backupName}`;
    await context.output('stdout', `${createdAt}  level ${level}  ${sizeText(bytes)}  ${name}  ${path}\n`);
  }
  const bytes = backups.reduce((sum, backup) => sum + backup.bytes, 0);
  const message = `${backups.length} backups in ${container}, ${sizeText(bytes)}.`;
  return { ok: true, end: 'finished', exitCode: 0, message, summary: { container, bytes, backups } };
}

function limitOf(action: ResolvedAction, now: number): number {
  const date = instantOf(action, 'remove_from_date');
  if (date !== null) return date;
  const days = numberOf(action, 'remove_older_than');
  if (days !== null) return now - days * DAY;
  const message = 'An admin action needs "remove_older_than" (days) or "remove_from_date".';
  throw new InvalidInputError([{ path: ['remove_older_than'], message }]);
}

/**
 * Removes the chains of which every backup is older than the action says: what is younger stays restorable.
 * @throws ExpectedError for faults of the action or the host, or a backup of the same name under way.
 */
export async function admin(action: ResolvedAction, context: ExecutionContext, names: Names): Promise<ExecutionResult> {
  const limit = limitOf(action, context.clock.now());
  const directory = nameDirectory(pathOf(action, 'container'), names.hostname, names.backupName);
  const present = await stat(directory).then(
    () => true,
    () => false,
  );
  if (!present) return { ok: true, end: 'finished', exitCode: 0, message: `There are no backups in ${directory}.` };
  const removed = await withLock(directory, `The backup "${names.backupName}"`, async () => {
    await sweep(directory);
    const backups = await listBackups(directory);
    const chains = expiredChains(backups, limit);
    for (const chain of chains) {
      context.signal.throwIfAborted();
      await removeChain(directory, chain);
      await context.output('stdout', `Removed ${directory}/${chain}\n`);
    }
    return backups.filter((backup) => chains.includes(backup.chain)).map(describe);
  });
  const bytes = removed.reduce((sum, backup) => sum + backup.bytes, 0);
  const message = `Removed ${removed.length} backups older than ${isoText(limit)}, ${sizeText(bytes)}.`;
  return { ok: true, end: 'finished', exitCode: 0, message, summary: { removed, bytes } };
}
