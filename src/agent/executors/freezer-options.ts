import { InvalidInputError } from '../../lib/errors.js';
import type { JsonValue } from '../../lib/json.js';
import { flagOf, instantOf, numberOf, storageOf, textOf } from './action-keys.js';
import type { ResolvedAction } from './executor.js';
import { type IniValue, iniText } from './ini.js';

/**
 * Options that freezer-agent 13 declares as numbers but reads from its configuration file as texts, and then fails on
 * (freezer.common.config.get_backup_args): they go to the command line.
 */
const NUMBERS = [
  'max_level',
  'always_level',
  'restart_always_level',
  'remove_older_than',
  'max_segment_size',
  'rsync_block_size',
  'upload_limit',
  'download_limit',
  'ssh_port',
  'ftp_port',
  'timeout',
  'fullbackup_rotation',
];

/** Options that freezer-agent puts into a shell command as they are. */
const IN_SHELL = [
  'encrypt_pass_file',
  'lvm_srcvol',
  'lvm_snapname',
  'lvm_snapsize',
  'lvm_snapperm',
  'lvm_dirmount',
  'lvm_volgroup',
];

/** Options by which a job could make freezer-agent run code or read another configuration. */
const FORBIDDEN = ['config', 'config_file', 'config_dir', 'log_config_append'];

/** What means the same to any shell and to no option parser as an option. */
const PLAIN = /^[\w/.,:=@+%][\w/.,:=@+%-]*$/;

/** Whether a text means itself in a shell command. */
export function isPlain(text: string): boolean {
  return PLAIN.test(text);
}

/** What freezer-agent is to be told. */
export interface FreezerOptions {
  /** For the configuration file. */
  readonly values: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

function fault(key: string, message: string): InvalidInputError {
  return new InvalidInputError([{ path: [key], message }]);
}

function iniValueOf(key: string, value: JsonValue): IniValue {
  const scalar = (item: JsonValue): item is string | number | boolean =>
    ['string', 'number', 'boolean'].includes(typeof item);
  if (scalar(value)) return value;
  if (Array.isArray(value) && value.every(scalar)) return value;
  throw fault(key, `"${key}" must be a text, a number, a yes or no, or a list of these.`);
}

/** freezer-agent reads dates without a zone, in its host's own. */
function localDate(instant: number): string {
  const date = new Date(instant);
  const two = (number: number) => String(number).padStart(2, '0');
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** `exclude` stands between double quotes in freezer-agent's shell command. */
function quotedForShell(text: string): string {
  return text.replace(/["$`\\]/g, '\\$&');
}

/** A single file's name stands bare in freezer-agent's shell command; a directory does not appear there. */
export function checkFileName(name: string): void {
  if (isPlain(name)) return;
  throw fault(
    'path_to_backup',
    `freezer-agent puts the name of a single file into a shell command: "${name}" is not safe there. Back up its directory.`,
  );
}

function checkSafety(action: ResolvedAction): void {
  for (const key of FORBIDDEN) if (action[key] !== undefined) throw fault(key, `"${key}" is not for jobs to set.`);
  for (const key of IN_SHELL) {
    const text = textOf(action, key);
    if (text === null || isPlain(text)) continue;
    throw fault(
      key,
      `freezer-agent puts "${key}" into a shell command: it may only hold letters, digits and /._,:=@+%-.`,
    );
  }
  if (!/^\w+$/.test(textOf(action, 'mode') ?? 'fs')) throw fault('mode', '"mode" must be a word.');
}

/** The level keys, which freezer-agent refuses beside `no_incremental`. */
const LEVELS = ['max_level', 'always_level', 'restart_always_level'];

/** Whether every backup is to be full: a level of 0 says so too, which freezer-agent itself takes for no bound. */
function isAlwaysFull(action: ResolvedAction): boolean {
  if (flagOf(action, 'no_incremental')) return true;
  if (action.incremental !== undefined && !flagOf(action, 'incremental')) return true;
  return numberOf(action, 'max_level') === 0 || numberOf(action, 'always_level') === 0;
}

/** Incremental or not: for volumes it is one option of freezer-agent, for all else another with the opposite meaning. */
function incrementalOf(action: ResolvedAction): ResolvedAction {
  const { incremental, no_incremental: none, ...rest } = action;
  const ofVolume = textOf(action, 'cindernative_vol_id') !== null || action.mode === 'cindernative';
  if (isAlwaysFull(action)) {
    const kept = Object.fromEntries(Object.entries(rest).filter(([key]) => !LEVELS.includes(key)));
    return { ...kept, ...(ofVolume ? { incremental: false } : { no_incremental: true }) };
  }
  if (ofVolume && (incremental !== undefined || none !== undefined)) return { ...rest, incremental: true };
  return none === undefined ? rest : { ...rest, no_incremental: false };
}

/**
 * Says an action, in today's spellings, in freezer-agent's terms.
 * @throws InvalidInputError for what freezer-agent cannot take, or not take safely.
 */
export function freezerOptions(action: ResolvedAction): FreezerOptions {
  checkSafety(action);
  const values: Record<string, string> = {};
  const args: string[] = [];
  for (const [key, value] of Object.entries(incrementalOf(action))) {
    if (value === null) continue;
    if (NUMBERS.includes(key)) {
      const number = numberOf({ [key]: value }, key);
      if (number !== null) args.push(`--${key.replaceAll('_', '-')}`, String(number));
    } else values[key] = iniText(iniValueOf(key, value));
  }
  for (const key of ['restore_from_date', 'remove_from_date']) {
    const instant = instantOf(action, key);
    if (instant !== null) values[key] = localDate(instant);
  }
  if (values.exclude !== undefined) values.exclude = quotedForShell(values.exclude);
  values.action ??= 'backup';
  values.storage = storageOf(action);
  // Its log is all that can be watched of it; without this it goes to a file alone.
  values.use_stderr ??= 'True';
  return { values, args };
}
