import type { Ctx } from '../../auth/actor.js';
import type { JobsDeps } from '../deps.js';
import { applyCell, type CommandInput, type CommandPayload, underTable } from './apply.js';

/** Puts a job under its schedule, from now on. Throws NotFoundError, and StateError: JOB_REMOVED, SCHEDULE_EXHAUSTED. */
export function startJob(deps: JobsDeps, ctx: Ctx, input: CommandInput): Promise<CommandPayload> {
  return underTable(deps, ctx, 'START', 'jobStart', input, (underway) => applyCell(deps, underway));
}
