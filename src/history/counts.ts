import type { Reader } from '../db/transaction.js';
import { TASK_STATUSES, type TaskStatus } from '../entities/ledger.js';
import { COUNT_COLUMNS, type CountedEvent, countChanges } from '../events/task-counts.js';

/** How many tasks have each status; statuses that no task has are left out. */
export type TaskCounts = ReadonlyMap<TaskStatus, number>;

type CountsRow = Record<(typeof COUNT_COLUMNS)[number], number | null> & CountedEvent;

/**
 * The number of tasks in each status, by transaction: what was counted, and what events that have no number yet add. One
 * statement reads both, so that no event is counted twice or not at all.
 */
export async function countsOf(reader: Reader, transactionIds: readonly string[]): Promise<Map<string, TaskCounts>> {
  const ids = [...new Set(transactionIds)];
  if (ids.length === 0) return new Map();
  const marks = ids.map(() => '?').join(', ');
  const rows = await reader.rows<CountsRow>(
    `SELECT transaction_id AS series, ${COUNT_COLUMNS.join(', ')}, NULL AS status_before, NULL AS status_after
     FROM transaction_counts WHERE transaction_id IN (${marks})
     UNION ALL
     SELECT transaction_id, ${COUNT_COLUMNS.map(() => 'NULL').join(', ')}, status_before, status_after
     FROM task_events WHERE seq IS NULL AND transaction_id IN (${marks})`,
    [...ids, ...ids],
  );
  const changes = countChanges(rows.filter(({ pending }) => pending === null));
  const counted = new Map(rows.filter(({ pending }) => pending !== null).map((row) => [row.series, row]));
  return new Map(
    ids.map((id) => {
      const [before, change] = [counted.get(id), changes.get(id)];
      const counts = TASK_STATUSES.map((status, index): [TaskStatus, number] => {
        const column = COUNT_COLUMNS[index] ?? 'pending';
        return [status, Number(before?.[column] ?? 0) + (change?.[column] ?? 0)];
      });
      return [id, new Map(counts.filter(([, count]) => count > 0))];
    }),
  );
}
