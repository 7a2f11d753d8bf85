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
    .option('--to <dir>', 'of a backup: where it goes (default: ~/orrery-backups); of a restore: where the files go')
    .option('--from <dir>', 'of a restore: where the backups are (default: ~/orrery-backups)')
    .option('--name <name>', 'of a backup: what it is called, for a restore (default: the last part of the path)')
    .addOption(
      new Option(
        '--max-level <count>',
        `of a backup: after so many increments the next is a full one (default: ${DEFAULT_MAX_LEVEL})`,
      )
        .argParser(whole)
        .conflicts('full'),
    )
    .option('--full', 'of a backup: every one is a full one (default: increments)')
    .option('--exclude <pattern>', 'of a backup: leave this out; can be repeated', (text, all: string[] = []) => [
      ...all,
      text,
    ])
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

const ACTIONS = ['backup', 'restore', 'exec'] as const;
type Action = (typeof ACTIONS)[number];
type Detail = Exclude<keyof ActionFlags, Action>;

/** What a flag says something of. */
interface Use {
  readonly flag: string;
  readonly of: readonly Action[];
  /** The way to what somebody may have meant where it does not fit. */
  readonly instead?: string;
}

/** Every flag beside the action itself, and the actions that it says something of. */
const USES: Readonly<Record<Detail, Use>> = {
  to: { flag: '--to', of: ['backup', 'restore'] },
  from: { flag: '--from', of: ['restore'], instead: 'Where a backup goes says --to.' },
  name: { flag: '--name', of: ['backup'], instead: 'What the job is called says --key, when it is made.' },
  maxLevel: { flag: '--max-level', of: ['backup'] },
  full: { flag: '--full', of: ['backup'] },
  exclude: { flag: '--exclude', of: ['backup'] },
  overwrite: { flag: '--overwrite', of: ['restore'] },
  retries: { flag: '--retries', of: ACTIONS },
  timeout: { flag: '--timeout', of: ACTIONS },
};

/** Whether the flags are for a new action alone, or may change those that a job has. */
type ActionPurpose = 'NEW' | 'CHANGE';

const DETAILS = Object.keys(USES) as Detail[];

/** Throws CliFailure for a text that is given and empty: an unset variable of the shell would name this directory. */
function requireTexts(flags: ActionFlags): void {
  const given: [flag: string, text: string | undefined][] = [
    ...ACTIONS.map((action): [string, string | undefined] => [`--${action}`, flags[action]]),
    ...(['to', 'from', 'name'] as const).map((name): [string, string | undefined] => [USES[name].flag, flags[name]]),
    ...(flags.exclude ?? []).map((text): [string, string] => [USES.exclude.flag, text]),
  ];
  for (const [flag, text] of given) requireText(flag, text);
}

/** Throws CliFailure for a text that is given and empty. */
export function requireText(flag: string, text: string | undefined): void {
  if (text === undefined || text.trim() !== '') return;
  throw new CliFailure(`${flag} is empty: it may come from a variable of the shell that is not set.`, EXIT.USAGE);
}

/** Without an action, what is said of it would be lost. Throws CliFailure. */
function requireAction(given: readonly Detail[], purpose: ActionPurpose): void {
  const lost = given.filter((name) => purpose === 'NEW' || (name !== 'retries' && name !== 'timeout'));
  if (lost.length === 0) return;
  const names = lost.map((name) => USES[name].flag).join(', ');
  const ways = '--backup PATH, --restore NAME or --exec COMMAND';
  const change = purpose === 'CHANGE' ? '; or change the actions there are with --set NAME=VALUE' : '';
  throw new CliFailure(`${names} says something of an action: say which, by ${ways}${change}.`, EXIT.USAGE);
}

/** Throws CliFailure that names every flag which says nothing of this action, and what would be right. */
function requireFit(given: readonly Detail[], action: Action): void {
  const wrong = given.map((name) => USES[name]).filter(({ of }) => !of.includes(action));
  if (wrong.length === 0) return;
  const lines = wrong.map(({ flag, of, instead }) => {
    const right = of.map((each) => `--${each}`).join(' and ');
    return `${flag} goes with ${right}, not with --${action}.${instead === undefined ? '' : ` ${instead}`}`;
  });
  const [only, another] = lines;
  const message =
    only !== undefined && another === undefined ? only : `Some flags do not fit:\n  ${lines.join('\n  ')}`;
  throw new CliFailure(message, EXIT.USAGE);
}

function freezerActionOf(action: Action, flags: ActionFlags, place: Place): Record<string, unknown> {
  const { backup = '', restore = '', exec = '' } = flags;
  if (action === 'backup') return backupAction(backup, flags, place);
  return action === 'restore' ? restoreAction(restore, flags, place) : { action: 'exec', command: exec };
}

/**
 * The one action that the flags say; null when they say none. Throws CliFailure when something is missing, is empty, or
 * says nothing of that action.
 */
export function actionOf(flags: ActionFlags, place: Place, purpose: ActionPurpose = 'NEW'): JobActionInput | null {
  requireTexts(flags);
  const given = DETAILS.filter((name) => flags[name] !== undefined);
  const action = ACTIONS.find((name) => flags[name] !== undefined);
  if (action === undefined) {
    requireAction(given, purpose);
    return null;
  }
  requireFit(given, action);
  const freezerAction = freezerActionOf(action, flags, place);
  return { freezerAction, maxRetries: flags.retries, timeout: flags.timeout };
}
