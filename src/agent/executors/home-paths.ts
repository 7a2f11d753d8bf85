import { homedir } from 'node:os';
import type { ResolvedAction } from './executor.js';

/** The keys of an action that hold a path on the client. */
const PATH_KEYS: readonly string[] = [
  'path_to_backup',
  'container',
  'restore_abs_path',
  'log_file',
  'encrypt_pass_file',
];

/** A path with the agent's home in the place of a leading `~`, as a shell would read it. */
export function inHome(path: string, home: string = homedir()): string {
  return path === '~' || path.startsWith('~/') ? home + path.slice(1) : path;
}

/** An action whose paths are whole: programs such as freezer-agent take `~` for a directory of that name. */
export function withHomePaths(action: ResolvedAction): ResolvedAction {
  const paths = PATH_KEYS.map((key) => [key, action[key]] as const);
  const whole = paths.flatMap(([key, value]) => (typeof value === 'string' ? [[key, inHome(value)] as const] : []));
  return { ...action, ...Object.fromEntries(whole) };
}
