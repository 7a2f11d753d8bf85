import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** GNU tar as this host has it. */
export interface TarTool {
  readonly command: string;
  readonly version: string;
  /** Whether it keeps extended attributes and access lists. */
  readonly attributes: boolean;
}

/** What to say where GNU tar is missing. */
export const NO_GNU_TAR =
  'GNU tar is missing: install it (Debian: apt install tar; macOS: brew install gnu-tar, which gives gtar)';

/** Variables by which the environment would slip options into tar and the compressors. */
const OPTION_VARIABLES = ['TAR_OPTIONS', 'TAPE', 'GZIP', 'BZIP', 'BZIP2', 'XZ_OPT', 'XZ_DEFAULTS', 'POSIXLY_CORRECT'];

/** The environment that tar runs in: one locale for writing and reading, no options from outside. */
export function tarEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string | undefined> {
  const clean: Record<string, string | undefined> = { ...env, LC_ALL: 'C.UTF-8' };
  for (const name of OPTION_VARIABLES) delete clean[name];
  return clean;
}

async function look(command: string, env: Readonly<Record<string, string | undefined>>): Promise<TarTool | null> {
  try {
    const options = { env: tarEnvironment(env) };
    const { stdout } = await run(command, ['--version'], options);
    const version = /^tar \(GNU tar\) (\S+)/.exec(stdout)?.[1];
    if (version === undefined) return null;
    const help = await run(command, ['--help'], options);
    return { command, version, attributes: help.stdout.includes('--xattrs') && help.stdout.includes('--acls') };
  } catch {
    return null;
  }
}

/** Looks for GNU tar under the names it goes by; null where there is none (macOS's own tar is another one). */
export async function findTar(env: Readonly<Record<string, string | undefined>>): Promise<TarTool | null> {
  for (const command of ['tar', 'gtar', 'gnutar']) {
    const tool = await look(command, env);
    if (tool) return tool;
  }
  return null;
}

/** How archives are compressed. */
export type Compression = 'gzip' | 'bzip2' | 'xz';

/** The file name's ending by compression. */
export const ENDINGS: Readonly<Record<Compression, string>> = { gzip: 'tar.gz', bzip2: 'tar.bz2', xz: 'tar.xz' };

/** Which links are followed and archived as what they point to. */
export type Dereference = 'soft' | 'hard' | 'all' | null;

/** What an archive is made of. */
export interface CreateRequest {
  /** An absolute directory. */
  readonly directory: string;
  /** A path in it that begins with `./`, or `.` for all of it. */
  readonly member: string;
  readonly compression: Compression;
  /** The snapshot file to go by and to bring up to date; null: no incremental data. */
  readonly snapshot: string | null;
  readonly dereference: Dereference;
  /** Wildcard patterns of what to leave out. */
  readonly exclude: readonly string[];
  /** A path like `member` to leave out literally; null: none. */
  readonly omit: string | null;
  readonly verbose: boolean;
}

const DEREFERENCE: Readonly<Record<string, readonly string[]>> = {
  soft: ['--dereference'],
  hard: ['--hard-dereference'],
  all: ['--dereference', '--hard-dereference'],
};

/** Values stand behind `=` or `--`, so that none is ever read as an option. */
export function createArguments(tool: TarTool, request: CreateRequest): string[] {
  const omit = request.omit === null ? [] : ['--anchored', '--no-wildcards', `--exclude=${request.omit}`];
  return [
    '--create',
    '--file=-',
    '--format=posix',
    `--${request.compression}`,
    '--sparse',
    '--one-file-system',
    '--no-check-device',
    '--quoting-style=escape',
    ...(tool.attributes ? ['--xattrs', '--acls'] : []),
    ...(request.verbose ? ['--verbose'] : []),
    // After --verbose, which switches all of them on.
    '--warning=no-new-directory',
    '--warning=rename-directory',
    ...(request.snapshot === null ? [] : [`--listed-incremental=${request.snapshot}`]),
    ...(DEREFERENCE[request.dereference ?? ''] ?? []),
    ...request.exclude.map((pattern) => `--exclude=${pattern}`),
    // Last, because matching options hold for all that follows; under --wildcards tar would skip the member itself.
    ...omit,
    `--directory=${request.directory}`,
    '--',
    request.member,
  ];
}

/** Reads an archive from stdin into a directory; `incremental` also removes what the level no longer has. */
export function extractArguments(
  tool: TarTool,
  request: { directory: string; compression: Compression; incremental: boolean; verbose: boolean },
): string[] {
  return [
    '--extract',
    '--file=-',
    `--${request.compression}`,
    '--preserve-permissions',
    '--delay-directory-restore',
    '--warning=no-timestamp',
    '--quoting-style=escape',
    ...(tool.attributes ? ['--xattrs', '--xattrs-include=*', '--acls'] : []),
    ...(request.verbose ? ['--verbose'] : []),
    ...(request.incremental ? ['--listed-incremental=/dev/null'] : []),
    `--directory=${request.directory}`,
  ];
}
