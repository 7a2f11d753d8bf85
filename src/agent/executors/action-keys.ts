import { InvalidInputError } from '../../lib/errors.js';
import { isJsonObject, type JsonObject, type JsonValue } from '../../lib/json.js';
import type { ResolvedAction } from './executor.js';

/** Old spellings of the Freezer job document, and what freezer-agent 13 calls them. */
const SPELLINGS: Readonly<Record<string, string>> = {
  src_file: 'path_to_backup',
  max_backup_level: 'max_level',
  always_backup_level: 'always_level',
  restart_always_backup: 'restart_always_level',
  restore_from_host: 'hostname',
  max_cpu_priority: 'max_priority',
  engine: 'engine_name',
  lvm_snap_perm: 'lvm_snapperm',
  os_auth_ver: 'os_identity_api_version',
};

/** Keys that say the opposite of another one. */
const OPPOSITES: Readonly<Record<string, string>> = {
  no_overwrite: 'overwrite',
};

/**
 * The action with today's spellings: dashes are underscores, old names are the new ones, null values are left out.
 * Where both spellings are given, today's wins.
 */
export function canonicalAction(action: ResolvedAction): ResolvedAction {
  const canonical: JsonObject = {};
  const late: [string, JsonValue][] = [];
  for (const [key, value] of Object.entries(action)) {
    if (value === null) continue;
    const plain = key.replaceAll('-', '_');
    const opposite = OPPOSITES[plain];
    if (opposite !== undefined) late.push([opposite, !truth(value)]);
    else if (plain === key && SPELLINGS[plain] === undefined) canonical[plain] = value;
    else late.push([SPELLINGS[plain] ?? plain, value]);
  }
  for (const [key, value] of late) if (canonical[key] === undefined) canonical[key] = value;
  return canonical;
}

/** Freezer documents write booleans as booleans, as 0 and 1, and as words. */
function truth(value: JsonValue): boolean {
  if (typeof value === 'string') return !['', 'false', 'none', 'no', '0'].includes(value.toLowerCase());
  return value !== null && value !== false && value !== 0;
}

function wrong(key: string, expected: string): InvalidInputError {
  return new InvalidInputError([{ path: [key], message: `"${key}" must be ${expected}.` }]);
}

/** A text; null when missing, false or empty. @throws InvalidInputError when it is something else. */
export function textOf(action: ResolvedAction, key: string): string | null {
  const value = action[key];
  if (value === undefined || value === null || value === false || value === '') return null;
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw wrong(key, 'a text');
  if (value.includes('\0')) throw wrong(key, 'a text without a NUL character');
  return value;
}

/** A text that must be there. @throws InvalidInputError */
export function requiredText(action: ResolvedAction, key: string): string {
  const value = textOf(action, key);
  if (value === null) throw new InvalidInputError([{ path: [key], message: `"${key}" is missing.` }]);
  return value;
}

/** A yes or no; false when missing. */
export function flagOf(action: ResolvedAction, key: string): boolean {
  return truth(action[key] ?? false);
}

/** A number of at least 0; null when missing or false. @throws InvalidInputError when it is something else. */
export function numberOf(action: ResolvedAction, key: string): number | null {
  const value = action[key];
  if (value === undefined || value === null || value === false || value === '') return null;
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0) throw wrong(key, 'a number of at least 0');
  return number;
}

/** A whole number of at least 0; null when missing or false. @throws InvalidInputError when it is something else. */
export function wholeNumberOf(action: ResolvedAction, key: string): number | null {
  const number = numberOf(action, key);
  if (number !== null && !Number.isInteger(number)) throw wrong(key, 'a whole number of at least 0');
  return number;
}

/** A text or a list of texts, as a list; empty when missing. @throws InvalidInputError when it is something else. */
export function textsOf(action: ResolvedAction, key: string): string[] {
  const value = action[key];
  if (!Array.isArray(value)) {
    const text = textOf(action, key);
    return text === null ? [] : [text];
  }
  return value.map((item) => {
    if (typeof item !== 'string' || item.includes('\0')) throw wrong(key, 'a text or a list of texts');
    return item;
  });
}

/** An object of texts; empty when missing. @throws InvalidInputError when it is something else. */
export function textMapOf(action: ResolvedAction, key: string): Record<string, string> {
  const value = action[key] ?? {};
  if (!isJsonObject(value)) throw wrong(key, 'an object of texts');
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => {
      if (typeof item !== 'string' || item.includes('\0')) throw wrong(key, 'an object of texts');
      return [name, item];
    }),
  );
}

/**
 * An instant as Freezer writes it, `YYYY-MM-DDThh:mm:ss`: in the agent's own time zone unless it ends with `Z` or an
 * offset. Epoch milliseconds; null when missing.
 * @throws InvalidInputError when it is something else.
 */
export function instantOf(action: ResolvedAction, key: string): number | null {
  const text = textOf(action, key);
  if (text === null) return null;
  const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(instant)) throw wrong(key, 'a date and time such as 2026-03-22T14:29:01 or 2026-03-22T14:29:01Z');
  return instant;
}

/** Which storage an action means: what it says, else local when its container is an absolute path, else swift. */
export function storageOf(action: ResolvedAction): string {
  const said = textOf(action, 'storage');
  if (said !== null) return said;
  const container = action.container;
  return typeof container === 'string' && /^[/~]/.test(container) ? 'local' : 'swift';
}
