import { execFile } from 'node:child_process';
import { readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname as systemHostname } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { JsonValue } from '../../lib/json.js';
import { onHost } from '../host-error.js';
import { makeDirectory } from '../make-directory.js';
import { type ProcessEnd, runProcess } from '../process.js';
import { systemTree } from '../process-tree.js';
import { requiredText, storageOf, textOf } from './action-keys.js';
import type {
  Capability,
  ExecutionContext,
  ExecutionResult,
  Executor,
  OutputStream,
  ResolvedAction,
} from './executor.js';
import { checkFileName, freezerOptions, isPlain } from './freezer-options.js';
import { withHomePaths } from './home-paths.js';
import { writeIni } from './ini.js';
import { pathOf } from './tar-options.js';

type Environment = ExecutionContext['env'];

/** The program's usual name. */
const FREEZER_AGENT = 'freezer-agent';

/** freezer-agent logs in to OpenStack's clients whatever its storage is; nothing is ever asked of this address. */
const NO_CLOUD = {
  OS_AUTH_URL: 'http://127.0.0.1:9/v3',
  OS_USERNAME: 'none',
  OS_PASSWORD: 'none',
  OS_PROJECT_NAME: 'none',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_NAME: 'Default',
};

const OPENSTACK_MODES = ['nova', 'cinder', 'cindernative', 'cinderbrick', 'glance'];

/** Whether freezer-agent is here. */
export async function probeFreezer(env: Environment, command = FREEZER_AGENT): Promise<Capability> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, ['--version'], { env: { ...env } });
    const version = /\d+(\.\d+)+/.exec(stdout + stderr)?.[0] ?? null;
    return { executor: 'freezer', available: true, version, reason: '' };
  } catch {
    const reason = 'freezer-agent is not installed (Debian: apt install python3-freezer)';
    return { executor: 'freezer', available: false, version: null, reason };
  }
}

function needsCloud(action: ResolvedAction): boolean {
  return storageOf(action) === 'swift' || OPENSTACK_MODES.includes(textOf(action, 'mode') ?? 'fs');
}

function objection(action: ResolvedAction, env: Environment): string | null {
  const what = String(action.action ?? 'backup');
  if (!['backup', 'restore', 'info', 'admin'].includes(what))
    return `freezer-agent is not used for the action "${what}"`;
  if (!needsCloud(action) || env.OS_AUTH_URL) return null;
  const hint = action.storage === undefined ? ' (the default; a local one has an absolute path as "container")' : '';
  return `freezer-agent needs OS_AUTH_URL and the other OS_ variables in the agent's environment for storage "${storageOf(action)}"${hint}`;
}

/** The directory to restore into, under a name that is safe in freezer-agent's shell command. */
async function safeTarget(action: ResolvedAction, context: ExecutionContext): Promise<ResolvedAction> {
  if (action.action !== 'restore' || textOf(action, 'restore_abs_path') === null) return action;
  const target = pathOf(action, 'restore_abs_path');
  if (isPlain(target)) return action;
  const alias = join(context.workDir, 'target');
  await onHost(`restore to ${target}`, () => makeDirectory(target));
  await onHost(`write to ${context.workDir}`, () => symlink(target, alias));
  return { ...action, restore_abs_path: alias };
}

async function checkSource(action: ResolvedAction): Promise<void> {
  if ((action.action ?? 'backup') !== 'backup' || textOf(action, 'path_to_backup') === null) return;
  const path = pathOf(action, 'path_to_backup');
  const found = await onHost(`back up ${path}`, () => stat(path));
  if (!found.isDirectory()) checkFileName(basename(path));
}

function environmentOf(action: ResolvedAction, context: ExecutionContext): Record<string, string | undefined> {
  return {
    HOME: context.workDir,
    ...(needsCloud(action) || context.env.OS_AUTH_URL ? {} : NO_CLOUD),
    ...context.env,
    TMPDIR: context.workDir,
    PYTHONUNBUFFERED: '1',
    PYTHONUTF8: '1',
  };
}

/** Colours that oslo.log means for a terminal. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

function resultOf(end: ProcessEnd, complaint: string | null, summary: JsonValue | null): ExecutionResult {
  const { exitCode } = end;
  if (end.aborted) return { ok: false, end: 'aborted', exitCode, message: 'freezer-agent was aborted.' };
  const extra = summary === null ? {} : { summary };
  if (exitCode === 0) return { ok: true, end: 'finished', exitCode, message: 'freezer-agent has done it.', ...extra };
  const how = exitCode === null ? `was ended by ${end.exitSignal ?? 'a signal'}` : `failed with status ${exitCode}`;
  const message = `freezer-agent ${how}${complaint === null ? '.' : `: ${complaint}`}`;
  return { ok: false, end: 'finished', exitCode, message, ...extra };
}

async function readMetadata(path: string): Promise<JsonValue | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}

async function run(command: string, original: ResolvedAction, context: ExecutionContext): Promise<ExecutionResult> {
  await checkSource(original);
  const action = await safeTarget(original, context);
  const { values, args } = freezerOptions(action);
  const config = join(context.workDir, 'freezer.ini');
  const metadata = join(context.workDir, 'metadata.json');
  await onHost(`write ${config}`, () => writeFile(config, writeIni('action', values), { mode: 0o600, flag: 'wx' }));
  if (Array.isArray(original.exclude) && original.exclude.length > 1) {
    await context.output('stderr', 'freezer-agent takes one pattern: the list "exclude" is joined by commas.\n');
  }
  let complaint: string | null = null;
  const output = (stream: OutputStream, text: string) => {
    const plain = text.replace(COLOURS, '');
    complaint = /^Critical Error: (.*)/.exec(plain)?.[1] ?? complaint;
    return context.output(stream, plain);
  };
  const ownMetadata = values.metadata_out === undefined ? ['--metadata-out', metadata] : [];
  const end = await runProcess(
    {
      command,
      args: ['--config', config, ...ownMetadata, ...args],
      cwd: context.workDir,
      env: environmentOf(action, context),
      runId: context.runId,
      signal: context.signal,
      output,
    },
    { ...systemTree, timers: context.timers },
  );
  return resultOf(end, complaint, await readMetadata(metadata));
}

/** Whatever freezer-agent can do, by its configuration file; actions come in today's spellings. */
export function freezerExecutor(env: Environment, command = FREEZER_AGENT, hostname = systemHostname()): Executor {
  return {
    name: 'freezer',
    supports: (action) => objection(action, env) ?? true,
    async holds(action) {
      if (storageOf(action) !== 'local' || textOf(action, 'backup_name') === null) return false;
      const name = `${textOf(action, 'hostname') ?? hostname}_${requiredText(action, 'backup_name')}`;
      const engine = textOf(action, 'engine_name') ?? 'tar';
      return stat(join(pathOf(action, 'container'), 'metadata', engine, name)).then(
        () => true,
        () => false,
      );
    },
    run: (action, context) => run(command, withHomePaths(action), context),
  };
}
