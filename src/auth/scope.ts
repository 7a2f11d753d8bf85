import { ForbiddenError } from '../lib/errors.js';
import { type Ctx, DEFAULT_PROJECT } from './actor.js';

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
 * The project that a new thing belongs to. Throws ForbiddenError when the caller names another than its own; a caller
 * of all projects that names none works in the default one.
 */
export function projectFor(ctx: Ctx, named: string | null | undefined): string {
  const own = ctx.actor.project;
  if (named && own !== null && named !== own) {
    throw new ForbiddenError(`This token belongs to project "${own}" and cannot work in "${named}".`, ['project']);
  }
  return named ?? own ?? DEFAULT_PROJECT;
}
