import type { Tx } from '../db/transaction.js';
import type { JobRunRow } from '../entities/run.js';
import { apply } from '../history/apply.js';
import type { JobsDeps } from './deps.js';
import { advance, attemptsOf, reportOf } from './run-advance.js';
import { waitForClient } from './run-store.js';

/**
 * Takes a run from the agent that held it: the attempt under way is LOST. What its retries or mandatory actions still
 * ask for waits for the client again; else the run ends. The run and its job must be locked.
 */
export async function takeBack(tx: Tx, deps: JobsDeps, run: JobRunRow, reason: string): Promise<JobRunRow> {
  const underWay = (await attemptsOf(tx, run.id)).filter((task) => task.status === 'RUNNING');
  const lost = underWay.map((task) => reportOf(task, 'LOST', { reason }));
  if (lost.length > 0) await apply(tx, deps, [{ transactionId: run.id, reportId: null, tasks: lost }]);
  const advanced = await advance(tx, deps, run);
  return advanced.run.state === 'ENDED' ? advanced.run : waitForClient(tx, deps, advanced.run, reason);
}
