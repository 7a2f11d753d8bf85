import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
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

/**
 * The PATH of a host without freezer-agent, by a directory that hides it: an agent would prefer it to tar, and it takes
 * a second of computing to say that it is there.
 */
export async function pathWithoutFreezer(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'freezer-agent'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  return `${directory}${delimiter}${process.env.PATH}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
