import { givenTable } from '../db/given-table.js';
import { locked, shared } from '../db/lock.js';
import { rowsWhere } from '../db/rows.js';
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
import type { LedgerReport, TaskReport } from './report.js';

async function rowsLocked(tx: Tx, ids: readonly string[], lock: typeof locked): Promise<TransactionRow[]> {
  if (ids.length === 0) return [];
  const query = tx.manager.getRepository(TransactionEntity).createQueryBuilder('t');
  return lock(tx, query.where('t.id IN (:...ids)', { ids }).orderBy('t.id')).getMany();
}

/** Whether a report changes its transaction's own row. */
const changesTransaction = ({ startedAt, progress, word, end, reset }: LedgerReport): boolean =>
  [startedAt, progress, word, end, reset].some((change) => change !== undefined);

/**
 * The rows of the transactions that are reported of, locked against an end meanwhile. Who only reports of tasks shares
 * the lock, so that many reporters of one transaction do not wait for each other. Throws NotFoundError.
 */
export async function lockTransactions(
  tx: Tx,
  groups: ReadonlyMap<string, readonly LedgerReport[]>,
): Promise<TransactionRow[]> {
  const ids = [...groups.keys()].sort();
  const changed = new Set(ids.filter((id) => groups.get(id)?.some(changesTransaction)));
  const rows = [
    ...(await rowsLocked(tx, [...changed], locked)),
    ...(await rowsLocked(
      tx,
      ids.filter((id) => !changed.has(id)),
      shared,
    )),
  ];
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

/** What the attempts of one task on one node have in common. */
export type TaskPlace = Pick<TaskReport, 'graphTaskId' | 'nodeId'>;

/** The known rows that reports on one transaction are about (every attempt of those tasks), locked. */
export function tasksOf(tx: Tx, transactionId: string, reports: readonly LedgerReport[]): Promise<TaskRow[]> {
  return attemptsOf(
    tx,
    transactionId,
    reports.flatMap((report) => report.tasks ?? []),
  );
}

/** Every attempt that there is of these tasks of a transaction, locked. */
export async function attemptsOf(tx: Tx, transactionId: string, places: readonly TaskPlace[]): Promise<TaskRow[]> {
  if (places.length === 0) return [];
  const pairs = new Set(places.map(({ graphTaskId, nodeId }) => JSON.stringify([graphTaskId, nodeId])));
  const sqlite = tx.manager.dataSource.options.type === 'better-sqlite3';
  const where = 't.transaction_id = ? AND t.graph_task_id = given.task AND t.node_id = given.node';
  return rowsWhere(tx, TaskEntity, where, [`[${[...pairs].join()}]`, transactionId], {
    forEach: givenTable(sqlite, { task: 'VARCHAR(191)', node: 'VARCHAR(191)' }),
    // Of a large transaction MariaDB reads every task of the node, where it may choose.
    index: 'ux_tasks_attempt',
    lock: 'FOR UPDATE',
  });
}

/** Rows that an end finds open, closed at once so many at a time: a transaction may have a hundred thousand. */
const MOST_OPEN = 2_000;

/** Some of the rows of a transaction that are open, locked; none: all are closed. */
export async function openTasks(tx: Tx, transactionId: string): Promise<TaskRow[]> {
  const where = `t.transaction_id = ? AND t.status IN ('PENDING', 'RUNNING') LIMIT ${MOST_OPEN}`;
  return rowsWhere(tx, TaskEntity, where, [transactionId], { lock: 'FOR UPDATE' });
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
