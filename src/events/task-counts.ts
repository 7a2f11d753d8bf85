import type { Tx } from '../db/transaction.js';
import type { TaskStatus } from '../entities/ledger.js';

/** The step of a task's row that an event records; null columns: an event of a version that counted otherwise. */
export interface CountedEvent {
  series: string;
  status_before: TaskStatus | null;
  status_after: TaskStatus | null;
}

/** The columns of a transaction's counts, as their row has them. */
export const COUNT_COLUMNS = ['pending', 'running', 'ready', 'error', 'skipped', 'lost', 'stopped'] as const;
type CountColumn = (typeof COUNT_COLUMNS)[number];

const COLUMN_OF: Readonly<Record<TaskStatus, CountColumn>> = {
  PENDING: 'pending',
  RUNNING: 'running',
  READY: 'ready',
  ERROR: 'error',
  SKIPPED: 'skipped',
  LOST: 'lost',
  STOPPED: 'stopped',
};

type Counts = Record<CountColumn, number>;

const none = (): Counts => ({ pending: 0, running: 0, ready: 0, error: 0, skipped: 0, lost: 0, stopped: 0 });

/** How much events change the counts of their transactions, by transaction. */
export function countChanges(events: readonly CountedEvent[]): Map<string, Counts> {
  const changes = new Map<string, Counts>();
  for (const { series, status_before: before, status_after: after } of events) {
    if (after === null || before === after) continue;
    const counts = changes.get(series) ?? none();
    changes.set(series, counts);
    counts[COLUMN_OF[after]] += 1;
    if (before !== null) counts[COLUMN_OF[before]] -= 1;
  }
  return changes;
}

/**
 * Adds what events changed to the counts of their transactions. Each event is counted once, with its number, so that no
 * reporter has to wait for another's turn at the counts.
 */
export async function addCounts(tx: Tx, events: readonly CountedEvent[]): Promise<void> {
  const changes = [...countChanges(events)];
  if (changes.length === 0) return;
  const sqlite = tx.manager.dataSource.options.type === 'better-sqlite3';
  const given = (column: string): string => (sqlite ? `excluded.${column}` : `VALUES(${column})`);
  const sums = COUNT_COLUMNS.map((column) => `${column} = transaction_counts.${column} + ${given(column)}`);
  const marks = `(?${', ?'.repeat(COUNT_COLUMNS.length)})`;
  await tx.execute(
    `INSERT INTO transaction_counts (transaction_id, ${COUNT_COLUMNS.join(', ')})
     VALUES ${changes.map(() => marks).join(', ')}
     ${sqlite ? 'ON CONFLICT (transaction_id) DO UPDATE SET' : 'ON DUPLICATE KEY UPDATE'} ${sums.join(', ')}`,
    changes.flatMap(([transactionId, counts]) => [transactionId, ...COUNT_COLUMNS.map((column) => counts[column])]),
  );
}
