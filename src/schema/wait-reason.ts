import type { JobRunRow } from '../entities/run.js';
import type { ClientPlace } from '../jobs/client-list.js';
import type { ReasonCode } from '../jobs/reasons.js';
import { type ClientStanding, waitReason } from '../jobs/why-not.js';
import type { SchemaContext } from './context.js';
import { requestLoader } from './loader.js';

const standingLoader = requestLoader<ClientPlace, ClientStanding>((places, context) =>
  context.services.runs.standings(places),
);

type WaitingRun = Pick<JobRunRow, 'state' | 'project' | 'clientKey'>;

/** Where the client of a run stands, when the run waits for it; null for any other run. */
export async function standingOf(run: WaitingRun, context: SchemaContext): Promise<ClientStanding | null> {
  const { project, clientKey } = run;
  return run.state === 'WAITING' ? standingLoader(context).load({ project, clientKey }) : null;
}

/** Why a run does not run yet; null when it runs or has ended. */
export async function waitReasonOf(run: WaitingRun, context: SchemaContext): Promise<ReasonCode | null> {
  return waitReason(run.state, await standingOf(run, context));
}
