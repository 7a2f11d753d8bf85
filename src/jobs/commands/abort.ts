import type { Ctx } from '../../auth/actor.js';
import type { JobsDeps } from '../deps.js';
import { applyCell, type CommandInput, type CommandPayload, underTable } from './apply.js';

/** Ends every open run of a job; the schedule goes on. Throws NotFoundError. */
export function abortJob(deps: JobsDeps, ctx: Ctx, input: CommandInput): Promise<CommandPayload> {
  return underTable(deps, ctx, 'ABORT', 'jobAbort', input, (underway) => applyCell(deps, underway));
}
