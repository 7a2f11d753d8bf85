import type { Tx } from '../../db/transaction.js';
import { insertRows } from '../../db/write.js';
import { type TransactionKind, TransactionRemainsEntity, type TransactionRow } from '../../entities/ledger.js';
import { holdHead, pastFrozen } from '../../events/head-guard.js';
import { TASK_EVENT_STREAM } from '../../events/numbered-stream.js';
import { BATCH, type Belongings, marks, type Purge, SUMMARY_BATCH } from './work.js';

/** Transactions cleared together. */
const TOGETHER = 20;

type Detached = Pick<TransactionRow, 'id' | 'kind'>;

function byKind(rows: readonly Detached[]): Map<TransactionKind, string[]> {
  const ids = new Map<TransactionKind, string[]>();
  for (const { id, kind } of rows) ids.set(kind, [...(ids.get(kind) ?? []), id]);
  return ids;
}

/**
 * Deletes transactions themselves, which the caller has locked: nobody finds them any more, and no report reaches them.
 * What else there is of them stands in `transaction_remains` until it is cleared.
 */
export async function detach(
  tx: Tx,
  belongings: readonly Belongings[],
  rows: readonly Detached[],
  tell = false,
): Promise<void> {
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return;
  const grouped = byKind(rows);
  for (const one of belongings) {
    const own = grouped.get(one.kind);
    if (own) await one.detach(tx, own, tell);
  }
  await tx.execute(`DELETE FROM transactions WHERE id IN (${marks(ids)})`, ids);
  for (const table of ['transaction_counts', 'transaction_inputs']) {
    await tx.execute(`DELETE FROM ${table} WHERE transaction_id IN (${marks(ids)})`, ids);
  }
  const remains = rows.map(({ id: transactionId, kind }) => ({ transactionId, kind }));
  await insertRows(tx, TransactionRemainsEntity, remains);
}

/** Deletes rows of tasks, with their summaries. */
export async function deleteTasks(
  tx: Tx,
  tasks: readonly { number: number; id: string }[],
): Promise<{ tasks: number; summaries: number }> {
  if (tasks.length === 0) return { tasks: 0, summaries: 0 };
  const ids = tasks.map(({ id }) => id);
  const numbers = tasks.map(({ number }) => Number(number));
  const summaries = await tx.execute(`DELETE FROM task_summaries WHERE task_id IN (${marks(ids)})`, ids);
  return { summaries, tasks: await tx.execute(`DELETE FROM tasks WHERE number IN (${marks(numbers)})`, numbers) };
}

/** Runs one step until it finds nothing more, a transaction each time. False: the signal was faster. */
async function untilDone(purge: Purge, limit: number, step: (tx: Tx) => Promise<number>): Promise<boolean> {
  while (!purge.signal.aborted) if ((await purge.db.transaction(step)) < limit) return true;
  return false;
}

function clearTasks(purge: Purge, ids: readonly string[]): Promise<boolean> {
  const sql = `SELECT number, id FROM tasks WHERE transaction_id IN (${marks(ids)}) LIMIT ${BATCH}`;
  return untilDone(purge, BATCH, async (tx) => {
    const found = await tx.rows<{ number: number; id: string }>(sql, ids);
    const deleted = await deleteTasks(tx, found);
    tx.afterCommit(() => {
      purge.count('tasks', deleted.tasks);
      purge.count('summaries', deleted.summaries);
    });
    return found.length;
  });
}

function clearEvents(purge: Purge, ids: readonly string[]): Promise<boolean> {
  const sql = `SELECT id FROM task_events WHERE transaction_id IN (${marks(ids)}) LIMIT ${BATCH}`;
  return untilDone(purge, BATCH, async (tx) => {
    const found = (await tx.rows<{ id: string }>(sql, ids)).map(({ id }) => id);
    if (found.length === 0) return 0;
    const deleted = await tx.execute(`DELETE FROM task_events WHERE id IN (${marks(found)})`, found);
    tx.afterCommit(() => purge.count('events', deleted));
    return found.length;
  });
}

/** The key of a report that was taken in. */
export interface ReportKey {
  transactionId: string;
  reportId: string;
}

/** Forgets reports, by their keys. */
export async function deleteReports(tx: Tx, keys: readonly ReportKey[]): Promise<number> {
  const grouped = new Map<string, string[]>();
  for (const { transactionId, reportId } of keys) {
    grouped.set(transactionId, [...(grouped.get(transactionId) ?? []), reportId]);
  }
  let deleted = 0;
  for (const [id, reports] of grouped) {
    const sql = `DELETE FROM reports WHERE transaction_id = ? AND report_id IN (${marks(reports)})`;
    deleted += await tx.execute(sql, [id, ...reports]);
  }
  return deleted;
}

function clearReports(purge: Purge, ids: readonly string[]): Promise<boolean> {
  const sql = `SELECT transaction_id AS transactionId, report_id AS reportId FROM reports
    WHERE transaction_id IN (${marks(ids)}) LIMIT ${BATCH}`;
  return untilDone(purge, BATCH, async (tx) => {
    const found = await tx.rows<ReportKey>(sql, ids);
    const deleted = await deleteReports(tx, found);
    tx.afterCommit(() => purge.count('reports', deleted));
    return found.length;
  });
}

async function clearBelongings(purge: Purge, rows: readonly Detached[]): Promise<boolean> {
  const grouped = byKind(rows);
  for (const one of purge.belongings) {
    const own = grouped.get(one.kind);
    const done = !own || (await untilDone(purge, SUMMARY_BATCH, (tx) => one.clear(tx, own, SUMMARY_BATCH)));
    if (!done) return false;
  }
  return true;
}

/**
 * Nothing is left of them but, perhaps, counts: who numbered their last events meanwhile has made that row again. The
 * guard row of the numbering makes sure that nobody is at it.
 */
async function forget(purge: Purge, ids: readonly string[]): Promise<void> {
  const { head } = TASK_EVENT_STREAM;
  const forgetThem = async (tx: Tx): Promise<void> => {
    await holdHead(tx, purge.db, head);
    await tx.execute(`DELETE FROM transaction_counts WHERE transaction_id IN (${marks(ids)})`, ids);
    await tx.execute(
      `UPDATE transaction_tombstones SET cleared_at = ? WHERE id IN (${marks(ids)}) AND cleared_at IS NULL`,
      [await tx.now(), ...ids],
    );
    await tx.execute(`DELETE FROM transaction_remains WHERE transaction_id IN (${marks(ids)})`, ids);
  };
  await pastFrozen(purge.db, head, () => purge.db.transaction(forgetThem));
}

/**
 * Deletes what is left of deleted transactions, in small batches. Whoever was stopped in the middle is followed by the
 * next call, on whichever server; two at once harm nothing.
 */
export async function clearRemains(purge: Purge): Promise<void> {
  while (!purge.signal.aborted) {
    const rows = await purge.db.reader.rows<Detached>(
      `SELECT transaction_id AS id, kind FROM transaction_remains ORDER BY transaction_id LIMIT ${TOGETHER}`,
    );
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) return;
    const done =
      (await clearTasks(purge, ids)) &&
      (await clearEvents(purge, ids)) &&
      (await clearReports(purge, ids)) &&
      (await clearBelongings(purge, rows));
    if (!done) return;
    await forget(purge, ids);
  }
}
