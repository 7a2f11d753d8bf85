import { ExpectedError } from '../../lib/errors.js';
import { canonicalAction } from './action-keys.js';
import type { Executor, ResolvedAction } from './executor.js';

/** Nothing on this host can carry the action out; the message gives each executor's reason. */
class NoExecutorError extends ExpectedError {
  constructor(what: string, reasons: readonly string[]) {
    const why = reasons.length > 0 ? reasons.join('; ') : 'it has no executor';
    super('UNAVAILABLE', `This host cannot carry out the action "${what}": ${why}.`, ['action']);
  }
}

/**
 * The executor for an action: the first in `available` that supports it, unless another already holds backups of that
 * name and the first holds none, so that a chain goes on, and is restored, by the one that began it.
 * @param unavailable why executors that are not available are not, for the message
 * @throws NoExecutorError
 */
export async function selectExecutor(
  action: ResolvedAction,
  available: readonly Executor[],
  unavailable: readonly string[] = [],
): Promise<Executor> {
  const canonical = canonicalAction(action);
  const able = available.filter((executor) => executor.supports(canonical) === true);
  for (const executor of able.length > 1 ? able : []) if (await executor.holds(canonical)) return executor;
  const [first] = able;
  if (first) return first;
  const refusals = available.map((executor) => executor.supports(canonical)).filter((answer) => answer !== true);
  throw new NoExecutorError(String(action.action ?? 'backup'), [...refusals, ...unavailable]);
}
