import { ForbiddenError, InvalidInputError } from '../lib/errors.js';
import { type Ctx, DEFAULT_PROJECT } from './actor.js';
import { isProjectName, PROJECT_FORM } from './grant.js';

/** Whether the caller may see what belongs to this project (null: to the operator). */
export function sees(ctx: Ctx, project: string | null): boolean {
  if (ctx.actor.project === null) return true;
  return project === ctx.actor.project;
}

/** The projects a list is narrowed to: one, or null for all. */
export function visibleProject(ctx: Ctx): string | null {
  return ctx.actor.project;
}

/**
 * The project that a new thing belongs to. Throws ForbiddenError when the caller names another than its own, and
 * InvalidInputError for a name that is none; a caller of all projects that names none works in the default one.
 */
export function projectFor(ctx: Ctx, named: string | null | undefined): string {
  const own = ctx.actor.project;
  if (named && own !== null && named !== own) {
    throw new ForbiddenError(`This token belongs to project "${own}" and cannot work in "${named}".`, ['project']);
  }
  const project = named ?? own ?? DEFAULT_PROJECT;
  if (isProjectName(project)) return project;
  throw new InvalidInputError([{ path: ['project'], message: PROJECT_FORM }]);
}

/** Whether the caller may see what belongs to this client of this project: an agent sees its own client only. */
export function seesClient(ctx: Ctx, project: string | null, clientKey: string): boolean {
  return sees(ctx, project) && (ctx.actor.role !== 'AGENT' || ctx.actor.clientKey === clientKey);
}

/** The client a list is narrowed to (its `key`): an agent's own, or null for all. */
export function visibleClient(ctx: Ctx): string | null {
  return ctx.actor.clientKey;
}
