import { locked } from '../db/lock.js';
import type { Tx } from '../db/transaction.js';
import {
  ReportEntity,
  TaskEntity,
  type TaskRow,
  TaskSummaryEntity,
  type TaskSummaryRow,
  TransactionEntity,
  type TransactionRow,
} from '../entities/ledger.js';
import { NotFoundError } from '../lib/errors.js';
import type { LedgerReport } from './report.js';

/** The rows of transactions, locked, so that counts and statuses are written by one at a time. Throws NotFoundError. */
export async function lockTransactions(tx: Tx, ids: readonly string[]): Promise<TransactionRow[]> {
  if (ids.length === 0) return [];
  const query = tx.manager.getRepository(TransactionEntity).createQueryBuilder('t');
  const rows = await locked(tx, query.where('t.id IN (:...ids)', { ids }).orderBy('t.id')).getMany();
  const found = new Set(rows.map((row) => row.id));
  for (const id of ids) if (!found.has(id)) throw new NotFoundError('transaction', id, ['transactionId']);
  return rows;
}

/** Of these reports, those that were not taken in before; of a report given twice, the first. */
export async function freshReports(tx: Tx, reports: readonly LedgerReport[]): Promise<LedgerReport[]> {
  const named = reports.filter((report) => report.reportId !== null);
  if (named.length === 0) return [...reports];
  const rows = await tx.manager
    .getRepository(ReportEntity)
    .createQueryBuilder('r')
    .where('r.transactionId IN (:...transactions) AND r.reportId IN (:...ids)', {
      transactions: [...new Set(named.map((report) => report.transactionId))],
      ids: named.map((report) => report.reportId),
    })
    .getMany();
  const seen = new Set(rows.map((row) => `${row.transactionId} ${row.reportId}`));
  return reports.filter((report) => {
    if (report.reportId === null) return true;
    const key = `${report.transactionId} ${report.reportId}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** The known rows that reports on one transaction are about; when one ends it, every open row besides. */
export async function tasksOf(tx: Tx, transactionId: string, reports: readonly LedgerReport[]): Promise<TaskRow[]> {
  const tasks = reports.flatMap((report) => report.tasks ?? []);
  const ends = reports.some((report) => report.end);
  if (tasks.length === 0 && !ends) return [];
  const query = tx.manager.getRepository(TaskEntity).createQueryBuilder('t');
  query.where('t.transactionId = :transactionId', { transactionId });
  const open = "t.status IN ('PENDING', 'RUNNING')";
  if (tasks.length === 0) return query.andWhere(open).getMany();
  const graphTaskIds = [...new Set(tasks.map((task) => task.graphTaskId))];
  const nodeIds = [...new Set(tasks.map((task) => task.nodeId))];
  const named = 't.graphTaskId IN (:...graphTaskIds) AND t.nodeId IN (:...nodeIds)';
  return query.andWhere(ends ? `(${open} OR (${named}))` : named, { graphTaskIds, nodeIds }).getMany();
}

/** The decisions behind the summaries kept of these tasks. */
export async function summariesOf(tx: Tx, taskIds: readonly string[]): Promise<Map<string, TaskSummaryRow>> {
  if (taskIds.length === 0) return new Map();
  const rows = await tx.manager
    .getRepository(TaskSummaryEntity)
    .createQueryBuilder('s')
    .select(['s.taskId', 's.status', 's.decidedAt', 's.decidedBy'])
    .where('s.taskId IN (:...taskIds)', { taskIds })
    .getMany();
  return new Map(rows.map((row) => [row.taskId, row]));
}
