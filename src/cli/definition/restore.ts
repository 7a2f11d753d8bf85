import type { JobDetailFragment } from '@orrery/sdk';
import { CliFailure, EXIT } from '../failure.js';

/** What of a backup says where it lies and how it is read: a restore needs the same. */
const KEPT = new Set([
  'mode',
  'engine',
  'engine_name',
  'storage',
  'container',
  'backup_name',
  'hostname',
  'encrypt_pass_file',
  'ssh_host',
  'ssh_port',
  'ssh_username',
  'ssh_key',
  'endpoint',
  'access_key',
  'secret_key',
]);

/** How a restore differs from the backup. */
export interface RestoreWish {
  /** The directory, an absolute path on the client. */
  readonly to: string;
  /** The last backup of this instant or before. */
  readonly date?: string | undefined;
  readonly overwrite?: boolean | undefined;
  /** Which of several backup actions: its `backup_name`. */
  readonly name?: string | undefined;
}

/** The action that restores what a job backs up. Throws CliFailure when it is not clear which, or there is none. */
export function restoreAction(job: JobDetailFragment, wish: RestoreWish): Record<string, unknown> {
  const backups = job.actions.map(({ effective }) => effective).filter(({ action }) => action === 'backup');
  const fitting = wish.name === undefined ? backups : backups.filter((backup) => backup.backup_name === wish.name);
  const [backup, another] = fitting;
  if (!backup) {
    throw new CliFailure(`The job ${job.key} has no such backup: see "orrery job show ${job.key}".`, EXIT.REFUSED);
  }
  if (another) {
    const names = fitting.map((each) => each.backup_name).join(', ');
    throw new CliFailure(`The job ${job.key} has several backups: name one with --name (${names}).`, EXIT.USAGE);
  }
  const kept = Object.entries(backup).filter(([key, value]) => KEPT.has(key) && value !== null && value !== false);
  return {
    ...Object.fromEntries(kept),
    action: 'restore',
    restore_abs_path: wish.to,
    ...(wish.date === undefined ? {} : { restore_from_date: wish.date }),
    ...(wish.overwrite ? { overwrite: true } : {}),
  };
}
