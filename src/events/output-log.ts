import type { Database } from '../db/database.js';
import { RunOutputEntity, type RunOutputRow } from '../entities/run.js';

/** Reads the output of runs. */
export interface OutputLog {
  /** The next pieces above a position, at most `limit`, in order. Empty: nothing more is there now. */
  page(runId: string, after: number, limit: number): Promise<RunOutputRow[]>;
}

export function createOutputLog(db: Database): OutputLog {
  return {
    page: (runId, after, limit) =>
      db.manager
        .createQueryBuilder(RunOutputEntity, 'piece')
        .where('piece.runId = :runId AND piece.position > :after', { runId, after })
        .orderBy('piece.position', 'ASC')
        .limit(limit)
        .getMany(),
  };
}
