import { EXEC_OFF, execExecutor } from './exec.js';
import type { Capability, ExecutionContext } from './executor.js';
import { freezerExecutor, probeFreezer } from './freezer.js';
import type { Executors } from './run-action.js';
import { probeTar, tarExecutor } from './tar.js';

/** What the agent's owner decides. */
export interface ExecutorOptions {
  readonly env: ExecutionContext['env'];
  /** Whether jobs may run commands. */
  readonly allowExec: boolean;
  /** Where freezer-agent is; by default it is looked for. */
  readonly freezerCommand?: string;
  /** The host name in backups; by default the system's. */
  readonly hostname?: string;
}

/** The executors of this host, and what to tell the server about each. */
export interface Catalog extends Executors {
  readonly capabilities: readonly Capability[];
}

/** Looks at what this host has. freezer-agent is preferred to tar, because it knows every kind of action. */
export async function probe(options: ExecutorOptions): Promise<Catalog> {
  const { env, allowExec, freezerCommand, hostname } = options;
  const [freezer, { tool, ...tar }] = await Promise.all([probeFreezer(env, freezerCommand), probeTar(env)]);
  const exec = { executor: 'exec', available: allowExec, version: null, reason: allowExec ? '' : EXEC_OFF };
  const capabilities = [freezer, tar, exec];
  return {
    capabilities,
    available: [
      ...(freezer.available ? [freezerExecutor(env, freezerCommand, hostname)] : []),
      ...(tool ? [tarExecutor(tool, hostname)] : []),
      ...(allowExec ? [execExecutor()] : []),
    ],
    unavailable: capabilities.filter((capability) => !capability.available).map((capability) => capability.reason),
  };
}
