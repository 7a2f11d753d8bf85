import type { Ctx, Role } from '../auth/actor.js';
import { sees } from '../auth/scope.js';

const ROLES: ReadonlySet<Role> = new Set(['ADMIN', 'OPERATOR', 'READER']);

/** Whether the caller sees clusters: they belong to the operator, so who is of one project does not. */
export function seesClusters(ctx: Ctx): boolean {
  return sees(ctx, null) && ROLES.has(ctx.actor.role);
}
