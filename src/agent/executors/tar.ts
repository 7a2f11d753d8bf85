import { stat } from 'node:fs/promises';
import { hostname as systemHostname } from 'node:os';
import { flagOf, requiredText, storageOf, textOf } from './action-keys.js';
import type { Capability, ExecutionContext, ExecutionResult, Executor, ResolvedAction } from './executor.js';
import { admin, info } from './tar-admin.js';
import { backUp, type Names } from './tar-backup.js';
import { pathOf } from './tar-options.js';
import { restore } from './tar-restore.js';
import { nameDirectory } from './tar-store.js';
import { findTar, NO_GNU_TAR, type TarTool } from './tar-tool.js';

/** Keys by which an action asks for what only freezer-agent does. */
const FREEZER_ONLY = [
  'encrypt_pass_file',
  'snapshot',
  'lvm_auto_snap',
  'lvm_srcvol',
  'lvm_volgroup',
  'consistency_checksum',
];

/** Why this is not for tar; null when it is. */
function objection(action: ResolvedAction): string | null {
  const what = action.action ?? 'backup';
  if (!['backup', 'restore', 'info', 'admin'].includes(String(what)))
    return `tar cannot do the action "${String(what)}"`;
  const mode = textOf(action, 'mode') ?? 'fs';
  if (mode !== 'fs') return `tar cannot do mode "${mode}", only fs`;
  const engine = textOf(action, 'engine_name') ?? 'tar';
  if (engine !== 'tar') return `tar cannot do engine "${engine}"`;
  const storage = storageOf(action);
  if (storage !== 'local') {
    const hint =
      action.storage === undefined ? ', the default; say "storage": "local" and make "container" an absolute path' : '';
    return `tar cannot use storage "${storage}"${hint}`;
  }
  const key = FREEZER_ONLY.find((name) => flagOf(action, name));
  return key === undefined ? null : `tar cannot do "${key}"`;
}

/** Whether GNU tar is here. */
export async function probeTar(env: ExecutionContext['env']): Promise<Capability & { readonly tool: TarTool | null }> {
  const tool = await findTar(env);
  if (!tool) return { executor: 'tar', available: false, version: null, reason: NO_GNU_TAR, tool };
  return { executor: 'tar', available: true, version: tool.version, reason: '', tool };
}

/** Backup, restore, info and admin for mode fs on local storage, by GNU tar; actions come in today's spellings. */
export function tarExecutor(tool: TarTool, hostname: string = systemHostname()): Executor {
  const hostOf = (action: ResolvedAction) => textOf(action, 'hostname') ?? hostname;
  const namesOf = (action: ResolvedAction): Names => ({
    hostname: hostOf(action),
    backupName: requiredText(action, 'backup_name'),
  });
  const carryOut = (action: ResolvedAction, context: ExecutionContext): Promise<ExecutionResult> => {
    if (action.action === 'restore') return restore(tool, action, context, namesOf(action));
    if (action.action === 'info') return info(action, context, hostOf(action));
    if (action.action === 'admin') return admin(action, context, namesOf(action));
    return backUp(tool, action, context, namesOf(action));
  };
  return {
    name: 'tar',
    supports: (action) => objection(action) ?? true,
    async holds(action) {
      if (objection(action) !== null || textOf(action, 'backup_name') === null) return false;
      const { hostname: host, backupName } = namesOf(action);
      const directory = nameDirectory(pathOf(action, 'container'), host, backupName);
      return stat(directory).then(
        (found) => found.isDirectory(),
        () => false,
      );
    },
    run: carryOut,
  };
}
