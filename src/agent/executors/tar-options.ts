import { homedir } from 'node:os';
import { isAbsolute, normalize } from 'node:path';
import { InvalidInputError } from '../../lib/errors.js';
import { flagOf, numberOf, requiredText, textOf, textsOf, wholeNumberOf } from './action-keys.js';
import type { ResolvedAction } from './executor.js';
import { inHome } from './home-paths.js';
import type { LevelRules } from './tar-levels.js';
import { type Compression, type Dereference, ENDINGS } from './tar-tool.js';

/** An absolute path of an action; `~/` is the agent's home. @throws InvalidInputError */
export function pathOf(action: ResolvedAction, key: string, home: string = homedir()): string {
  const text = requiredText(action, key);
  const path = inHome(text, home);
  if (!isAbsolute(path)) {
    throw new InvalidInputError([{ path: [key], message: `"${key}" must be an absolute path on the client: ${text}` }]);
  }
  const normal = normalize(path);
  return normal.length > 1 && normal.endsWith('/') ? normal.slice(0, -1) : normal;
}

function choiceOf<T extends string>(action: ResolvedAction, key: string, choices: readonly T[], fallback: T): T {
  const text = textOf(action, key);
  if (text === null) return fallback;
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) {
    throw new InvalidInputError([{ path: [key], message: `"${key}" must be one of ${choices.join(', ')}.` }]);
  }
  return choice;
}

/** @throws InvalidInputError */
export function compressionOf(action: ResolvedAction): Compression {
  return choiceOf(action, 'compression', Object.keys(ENDINGS) as Compression[], 'gzip');
}

/** @throws InvalidInputError */
export function dereferenceOf(action: ResolvedAction): Dereference {
  if (action.dereference_symlink === true) return 'soft';
  const choice = choiceOf(action, 'dereference_symlink', ['soft', 'hard', 'all', 'none'], 'none');
  return choice === 'none' ? null : choice;
}

/** The patterns to leave out. @throws InvalidInputError */
export function excludeOf(action: ResolvedAction): string[] {
  return textsOf(action, 'exclude').filter((pattern) => pattern !== '');
}

/** @throws InvalidInputError for values of a wrong type */
export function levelRulesOf(action: ResolvedAction): LevelRules {
  return {
    noIncremental: flagOf(action, 'no_incremental') || action.incremental === false,
    maxLevel: wholeNumberOf(action, 'max_level'),
    alwaysLevel: wholeNumberOf(action, 'always_level'),
    restartAfterDays: numberOf(action, 'restart_always_level') || null,
  };
}
