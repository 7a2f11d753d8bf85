import type { Database } from '../db/database.js';
import { readRows } from '../db/rows.js';
import { TaskEventEntity, type TaskEventRow } from '../entities/ledger.js';

/** An event of a task that has its number. */
export interface NumberedTaskEvent extends TaskEventRow {
  seq: number;
}

/** Reads the record of what happened to the tasks of transactions. */
export interface TaskEventLog {
  /** The next events above a number, at most `limit`, in order. Empty: nothing more is there now. */
  page(transactionId: string, after: number, limit: number): Promise<NumberedTaskEvent[]>;
  /** The oldest and the last number kept; 1 and 0 when there is none. */
  bounds(transactionId: string): Promise<{ oldest: number; last: number }>;
  /** Whether some events of a transaction are committed and have no number yet. */
  hasUnnumbered(transactionId: string): Promise<boolean>;
}

export function createTaskEventLog(db: Database): TaskEventLog {
  return {
    async page(transactionId, after, limit) {
      const query = db.manager
        .createQueryBuilder(TaskEventEntity, 'event')
        .where('event.transactionId = :transactionId AND event.seq > :after', { transactionId, after })
        .orderBy('event.seq', 'ASC')
        .limit(limit);
      const rows = await readRows(query, { without: [], byIds: null });
      return rows.map((row) => ({ ...row, seq: Number(row.seq) }));
    },
    async bounds(transactionId) {
      const [row] = await db.reader.rows<{ oldest: number | string | null; last: number | string | null }>(
        'SELECT MIN(seq) AS oldest, MAX(seq) AS last FROM task_events WHERE transaction_id = ?',
        [transactionId],
      );
      return { oldest: Number(row?.oldest ?? 1), last: Number(row?.last ?? 0) };
    },
    async hasUnnumbered(transactionId) {
      const rows = await db.reader.rows('SELECT id FROM task_events WHERE seq IS NULL AND transaction_id = ? LIMIT 1', [
        transactionId,
      ]);
      return rows.length > 0;
    },
  };
}
