import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { JobActionInput } from '@orrery/sdk';
import { type Command, Option } from 'commander';
import { CliFailure, EXIT } from '../failure.js';
import { seconds } from '../instant-option.js';
import { whole } from '../paging.js';

/** What a job does, as the command line says it. */
export interface ActionFlags {
  readonly backup?: string;
  readonly restore?: string;
  readonly exec?: string;
  readonly to?: string;
  readonly from?: string;
  readonly name?: string;
  readonly maxLevel?: number;
  readonly full?: boolean;
  readonly exclude?: string[];
  readonly overwrite?: boolean;
  readonly retries?: number;
  readonly timeout?: number;
}

/** The place of a command line, for defaults. */
export interface Place {
  /** Where relative paths begin. */
  readonly directory: string;
  /** Where backups go when nobody says. */
  readonly container: string;
}

/** Where this process stands. */
export function placeHere(): Place {
  return { directory: process.cwd(), container: join(homedir(), 'orrery-backups') };
}

/** A chain of increments without an end would have to be read whole for every restore: daily backups are full weekly. */
const DEFAULT_MAX_LEVEL = 6;

/** Adds the options that say what a job does. */
export function withAction(command: Command): Command {
  return command
    .addOption(new Option('--backup <path>', 'back up a file or directory').conflicts(['restore', 'exec']))
    .addOption(new Option('--restore <name>', 'restore the newest backup of this name').conflicts(['backup', 'exec']))
    .addOption(
      new Option('--exec <command>', 'run a command (the agent must allow it)').conflicts(['backup', 'restore']),
    )
    .option('--to <dir>', 'where backups go (default: ~/orrery-backups); of a restore: where the files go')
    .option('--from <dir>', 'of a restore: where the backups are (default: ~/orrery-backups)')
    .option('--name <name>', 'the name of the backups (default: the last part of the path)')
    .option(
      '--max-level <count>',
      `after so many increments the next backup is a full one (default: ${DEFAULT_MAX_LEVEL})`,
      whole,
    )
    .option('--full', 'every backup is a full one (default: increments)')
    .option('--exclude <pattern>', 'leave this out; can be repeated', (text, all: string[] = []) => [...all, text])
    .option('--overwrite', 'of a restore: make the directory equal to the backup, whatever is in it')
    .option('--retries <count>', 'retries after the first try', whole)
    .option('--timeout <length>', 'how long one try may take: 30m, 2h', seconds);
}

/** A path for the agent: relative ones begin here, `~/` is the agent's home. */
function agentPath(path: string, { directory }: Place): string {
  return path === '~' || path.startsWith('~/') ? path : resolve(directory, path);
}

function backupAction(path: string, flags: ActionFlags, place: Place): Record<string, unknown> {
  const source = agentPath(path, place);
  return {
    action: 'backup',
    mode: 'fs',
    storage: 'local',
    container: agentPath(flags.to ?? place.container, place),
    backup_name: flags.name ?? (basename(source) || 'root'),
    path_to_backup: source,
    ...(flags.full ? { no_incremental: true } : { max_level: flags.maxLevel ?? DEFAULT_MAX_LEVEL }),
    ...(flags.exclude ? { exclude: flags.exclude.length === 1 ? flags.exclude[0] : flags.exclude } : {}),
  };
}

function restoreAction(name: string, flags: ActionFlags, place: Place): Record<string, unknown> {
  if (flags.to === undefined) throw new CliFailure('Say where the files go: --to DIR.', EXIT.USAGE);
  return {
    action: 'restore',
    mode: 'fs',
    storage: 'local',
    container: agentPath(flags.from ?? place.container, place),
    backup_name: name,
    restore_abs_path: agentPath(flags.to, place),
    ...(flags.overwrite ? { overwrite: true } : {}),
  };
}

/** Every flag that says something of an action, as it is written. */
const OF_ACTION: Readonly<Record<string, string>> = {
  to: '--to',
  from: '--from',
  name: '--name',
  maxLevel: '--max-level',
  full: '--full',
  exclude: '--exclude',
  overwrite: '--overwrite',
  retries: '--retries',
  timeout: '--timeout',
} satisfies Record<Exclude<keyof ActionFlags, 'backup' | 'restore' | 'exec'>, string>;

/** Without an action, what is said of it would be lost. Throws CliFailure. */
function requireAction(flags: ActionFlags): void {
  const lost = Object.keys(flags).flatMap((name) => OF_ACTION[name] ?? []);
  if (lost.length === 0) return;
  const ways = '--backup PATH, --restore NAME or --exec COMMAND';
  throw new CliFailure(`${lost.join(', ')} says something of an action: say which, by ${ways}.`, EXIT.USAGE);
}

/** The one action that the flags say; null when they say none. Throws CliFailure when something is missing. */
export function actionOf(flags: ActionFlags, place: Place): JobActionInput | null {
  const { backup, restore, exec } = flags;
  if ((backup ?? restore ?? exec) === undefined) {
    requireAction(flags);
    return null;
  }
  const freezerAction =
    backup !== undefined
      ? backupAction(backup, flags, place)
      : restore !== undefined
        ? restoreAction(restore, flags, place)
        : exec !== undefined
          ? { action: 'exec', command: exec }
          : null;
  return freezerAction && { freezerAction, maxRetries: flags.retries, timeout: flags.timeout };
}
