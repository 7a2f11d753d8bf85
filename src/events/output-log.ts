import type { Database } from '../db/database.js';
import type { RunOutputRow } from '../entities/run.js';

/** Reads the output of runs. */
export interface OutputLog {
  /** The next pieces above a position, at most `limit`, in order. Empty: nothing more is there now. */
  page(runId: string, after: number, limit: number): Promise<RunOutputRow[]>;
}

interface StoredPiece extends Omit<RunOutputRow, 'at' | 'bytesBefore' | 'cutBytes'> {
  bytesBefore: number | string;
  cutBytes: number | string;
  at: number | string;
}

export function createOutputLog(db: Database): OutputLog {
  return {
    async page(runId, after, limit) {
      const rows = await db.reader.rows<StoredPiece>(
        `SELECT run_id AS runId, position, task_id AS taskId, attempt, sequence, stream, text, bytes_before AS bytesBefore, lines_before AS linesBefore, cut_bytes AS cutBytes, cut_lines AS cutLines, at FROM run_output WHERE run_id = ? AND position > ? ORDER BY position LIMIT ${limit}`,
        [runId, after],
      );
      return rows.map((row) => {
        const numbers = { bytesBefore: Number(row.bytesBefore), cutBytes: Number(row.cutBytes), at: Number(row.at) };
        return { ...row, ...numbers };
      });
    },
  };
}
