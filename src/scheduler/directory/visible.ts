import type { Ctx, Role } from '../../auth/actor.js';
import { sees } from '../../auth/scope.js';

const OVERSEERS: ReadonlySet<Role> = new Set(['ADMIN', 'OPERATOR', 'READER']);

/** Whether the caller sees services and shards: they belong to the operator, so who is of one project does not. */
export function seesServices(ctx: Ctx): boolean {
  return sees(ctx, null) && OVERSEERS.has(ctx.actor.role);
}

/** Whether the caller sees the background jobs of this project; null: those that belong to none. */
export function seesBackgroundJobs(ctx: Ctx, project: string | null): boolean {
  return ctx.actor.role !== 'AGENT' && sees(ctx, project);
}
