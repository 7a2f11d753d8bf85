import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Finished {
  /** The exit code; null when a signal ended the program. */
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. `env` replaces the environment, but for PATH and HOME. Throws when it cannot start. */
export function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Finished {
  const { PATH = '', HOME = '' } = process.env;
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error !== undefined) throw error;
  return { code: status, out: stdout, err: stderr };
}

/** Whether a program can be found; Debian keeps those of servers where only root's PATH looks. */
export function isInstalled(program: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, program)));
}

/** Why tests that need these programs cannot run here; undefined when they can. */
export function missingPrograms(needs: readonly string[]): string | undefined {
  const absent = needs.filter((program) => !isInstalled(program));
  return absent.length === 0 ? undefined : `${absent.join(', ')} not installed`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
