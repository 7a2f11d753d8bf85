import { InvalidInputError } from '../../lib/errors.js';
import { runProcess } from '../process.js';
import { systemTree } from '../process-tree.js';
import { requiredText, textMapOf, textsOf } from './action-keys.js';
import type { ExecutionContext, ExecutionResult, Executor, ResolvedAction } from './executor.js';

/** What to say where commands are not allowed. */
export const EXEC_OFF = 'commands are off on this host (start the agent with --allow exec)';

/** A list is a program and its arguments; a text goes to the shell, as pipes and quotes in Freezer documents expect. */
function commandOf(action: ResolvedAction): readonly [string, ...string[]] {
  if (!Array.isArray(action.command)) return ['/bin/sh', '-c', requiredText(action, 'command')];
  const [program, ...args] = textsOf(action, 'command');
  if (program === undefined || program === '') {
    throw new InvalidInputError([{ path: ['command'], message: '"command" must begin with a program.' }]);
  }
  return [program, ...args];
}

/** The agent's own variables, its mark on a run among them, are not for jobs to set. */
function environmentOf(action: ResolvedAction): Record<string, string> {
  const extra = textMapOf(action, 'env');
  const odd = Object.keys(extra).find((name) => !/^[A-Za-z_]\w*$/.test(name) || name.startsWith('ORRERY_'));
  if (odd === undefined) return extra;
  throw new InvalidInputError([{ path: ['env', odd], message: `"${odd}" is no name for a variable of a job.` }]);
}

async function run(action: ResolvedAction, context: ExecutionContext): Promise<ExecutionResult> {
  const [command, ...args] = commandOf(action);
  const end = await runProcess(
    {
      command,
      args,
      cwd: context.workDir,
      env: { ...context.env, ...environmentOf(action) },
      runId: context.runId,
      signal: context.signal,
      output: context.output,
    },
    { ...systemTree, timers: context.timers },
  );
  if (end.leftovers > 0) {
    const left = end.leftovers === 1 ? 'a process' : `${end.leftovers} processes`;
    await context.output('stderr', `The command left ${left} running, which the agent ended.\n`);
  }
  const { exitCode } = end;
  if (end.aborted) return { ok: false, end: 'aborted', exitCode, message: 'The command was aborted.' };
  const how = exitCode === null ? `was ended by ${end.exitSignal ?? 'a signal'}` : `ended with status ${exitCode}`;
  return { ok: exitCode === 0, end: 'finished', exitCode, message: `The command ${how}.` };
}

/** Runs commands; to be made only where the agent's owner allowed it. */
export function execExecutor(): Executor {
  return {
    name: 'exec',
    supports: (action) => (action.action === 'exec' ? true : 'exec is for the action "exec" alone'),
    holds: async () => false,
    run,
  };
}
