import type { Ctx } from '../auth/actor.js';
import { sees, seesClient } from '../auth/scope.js';
import type { TaskRow, TransactionRow } from '../entities/ledger.js';
import { projectIn } from './scope.js';

/** Whether the caller may see a transaction. (Whether an agent may, its run knows: it is told by its client.) */
export function seesTransaction(ctx: Ctx, { project }: Pick<TransactionRow, 'project'>): boolean {
  return sees(ctx, project) && ctx.actor.role !== 'AGENT';
}

/** Whether the caller may see a task: of a project's, its project; an agent, what its own client executes. */
export function seesTask(ctx: Ctx, { scope, nodeId }: Pick<TaskRow, 'scope' | 'nodeId'>): boolean {
  return seesClient(ctx, projectIn(scope), nodeId);
}
