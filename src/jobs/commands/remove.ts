import type { Ctx } from '../../auth/actor.js';
import type { JobsDeps } from '../deps.js';
import { applyCell, type CommandInput, type CommandPayload, underTable } from './apply.js';

/** Removes a job, its runs aborted first; its history is kept. Throws NotFoundError. */
export function removeJob(deps: JobsDeps, ctx: Ctx, input: CommandInput): Promise<CommandPayload> {
  return underTable(deps, ctx, 'REMOVE', 'jobRemove', input, (underway) => applyCell(deps, underway));
}
