import { In } from 'typeorm';
import type { Tx } from '../db/transaction.js';
import { JobRunEntity } from '../entities/run.js';
import type { Belongings } from '../history/retention/work.js';
import type { JobsDeps } from './deps.js';
import { tellRun } from './run-tell.js';

type TellDeps = Pick<JobsDeps, 'outbox'>;

const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');

async function tellDeleted(tx: Tx, deps: TellDeps, ids: readonly string[]): Promise<void> {
  const runs = await tx.manager.getRepository(JobRunEntity).findBy({ id: In([...ids]) });
  const rest = { jobKey: null, reason: null, progress: null, deleted: true as const };
  await tellRun(
    tx,
    deps,
    runs.map((run) => ({ run, ...rest })),
  );
}

async function deleteOutput(tx: Tx, runId: string, limit: number): Promise<number> {
  const found = await tx.rows<{ position: number }>('SELECT position FROM run_output WHERE run_id = ? LIMIT ?', [
    runId,
    limit,
  ]);
  const positions = found.map(({ position }) => position);
  if (positions.length === 0) return 0;
  const sql = `DELETE FROM run_output WHERE run_id = ? AND position IN (${marks(positions)})`;
  return tx.execute(sql, [runId, ...positions]);
}

async function deleteAttempts(tx: Tx, ids: readonly string[], limit: number): Promise<number> {
  const sql = `SELECT task_id AS id FROM run_output_attempts WHERE run_id IN (${marks(ids)}) LIMIT ?`;
  const found = (await tx.rows<{ id: string }>(sql, [...ids, limit])).map(({ id }) => id);
  if (found.length === 0) return 0;
  return tx.execute(`DELETE FROM run_output_attempts WHERE task_id IN (${marks(found)})`, found);
}

/** What goes with the transactions of runs: their assignments at once, their output a part at a time. */
export function runBelongings(deps: TellDeps): Belongings {
  return {
    kind: 'JOB_RUN',
    async detach(tx, transactionIds, tell) {
      if (tell) await tellDeleted(tx, deps, transactionIds);
      await tx.execute(`DELETE FROM job_runs WHERE id IN (${marks(transactionIds)})`, transactionIds);
    },
    async clear(tx, transactionIds, limit) {
      let deleted = 0;
      for (const id of transactionIds) {
        if (deleted < limit) deleted += await deleteOutput(tx, id, limit - deleted);
      }
      if (deleted < limit) deleted += await deleteAttempts(tx, transactionIds, limit - deleted);
      return deleted;
    },
  };
}
