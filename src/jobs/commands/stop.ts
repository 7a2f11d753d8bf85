import type { Ctx } from '../../auth/actor.js';
import type { JobsDeps } from '../deps.js';
import { applyCell, type CommandInput, type CommandPayload, underTable } from './apply.js';

/** Takes a job off its schedule; what runs may finish. Throws NotFoundError, and StateError: JOB_REMOVED. */
export function stopJob(deps: JobsDeps, ctx: Ctx, input: CommandInput): Promise<CommandPayload> {
  return underTable(deps, ctx, 'STOP', 'jobStop', input, (underway) => applyCell(deps, underway));
}
