import type { Reader } from '../../db/transaction.js';
import type { TransactionStatus } from '../../entities/ledger.js';
import { isOver } from '../statuses.js';
import type { Sweep } from './progress.js';
import { marks, type Purge, SUMMARY_BATCH } from './work.js';

interface OldSummary {
  taskId: string;
  at: number;
  /** Of its transaction; null: it was deleted. */
  status: TransactionStatus | null;
}

const OLD = `SELECT s.task_id AS taskId, s.created_at AS at, x.status FROM task_summaries s
  LEFT JOIN tasks t ON t.id = s.task_id LEFT JOIN transactions x ON x.id = t.transaction_id
  WHERE s.created_at >= ? AND s.created_at < ? AND (s.created_at > ? OR s.task_id > ?)
  ORDER BY s.created_at, s.task_id LIMIT ${SUMMARY_BATCH}`;

async function oldSummaries(reader: Reader, last: OldSummary, before: number): Promise<OldSummary[]> {
  const rows = await reader.rows<OldSummary>(OLD, [last.at, before, last.at, last.taskId]);
  return rows.map((row) => ({ ...row, at: Number(row.at) }));
}

/** Deletes summaries, unless newer ones came meanwhile: whoever reports one holds the lock of its task's row. */
async function deleteSummaries(purge: Purge, ids: readonly string[], before: number): Promise<void> {
  if (ids.length === 0) return;
  await purge.db.transaction(async (tx) => {
    const lock = purge.db.dialect === 'sqlite' ? '' : ' FOR UPDATE';
    await tx.rows(`SELECT id FROM tasks WHERE id IN (${marks(ids)}) ORDER BY id${lock}`, ids);
    const still = `SELECT task_id AS taskId FROM task_summaries WHERE task_id IN (${marks(ids)}) AND created_at < ?`;
    const old = (await tx.rows<{ taskId: string }>(still, [...ids, before])).map(({ taskId }) => taskId);
    if (old.length === 0) return;
    const deleted = await tx.execute(`DELETE FROM task_summaries WHERE task_id IN (${marks(old)})`, old);
    await tx.execute(`UPDATE tasks SET has_summary = 0 WHERE id IN (${marks(old)})`, old);
    tx.afterCommit(() => purge.count('summaries', deleted));
  });
}

/** Deletes summaries that were reported before `before`, but those of open transactions; their tasks stay without. */
export async function purgeSummaries(purge: Purge, sweep: Sweep, before: number): Promise<Sweep> {
  let last: OldSummary = { taskId: '', at: sweep.position, status: null };
  while (!purge.signal.aborted) {
    const chunk = await oldSummaries(purge.db.reader, last, before);
    const going = chunk.filter(({ status }) => status === null || isOver(status)).map(({ taskId }) => taskId);
    await deleteSummaries(purge, going, before);
    last = chunk.at(-1) ?? last;
    if (chunk.length < SUMMARY_BATCH) break;
  }
  return { ...sweep, position: last.at };
}
