import type { QueryDeepPartialEntity } from 'typeorm/query-builder/QueryPartialEntity.js';
import type { Tx } from '../db/transaction.js';
import { insertRows, updateRows } from '../db/write.js';
import {
  ReportEntity,
  TaskEntity,
  type TaskRow,
  TaskSummaryEntity,
  TransactionEntity,
  type TransactionRow,
} from '../entities/ledger.js';
import { summariesOf } from './load.js';
import { rules } from './reduce.js';
import type { LedgerReport } from './report.js';
import type { SummaryOffer, TaskChange } from './work.js';

/** What SQL numbers goes in without its number. */
const withoutNumber = <T extends { number: number }>({ number: _given, ...row }: T): Omit<T, 'number'> => row;

/** Rows whose change is the same are written in one statement, at most so many at once. */
const MOST_IDS = 500;

function differences(before: TaskRow, after: TaskRow): Partial<TaskRow> {
  const changed = Object.entries(after).filter(([column, value]) => before[column as keyof TaskRow] !== value);
  return Object.fromEntries(changed);
}

async function updateTasks(tx: Tx, changes: readonly { before: TaskRow; after: TaskRow }[]): Promise<void> {
  const alike = new Map<string, { change: Partial<TaskRow>; ids: string[] }>();
  for (const { before, after } of changes) {
    const change = differences(before, after);
    if (Object.keys(change).length === 0) continue;
    const key = JSON.stringify(change);
    const group = alike.get(key) ?? { change, ids: [] };
    group.ids.push(after.id);
    alike.set(key, group);
  }
  for (const { change, ids } of alike.values()) {
    for (let from = 0; from < ids.length; from += MOST_IDS) {
      const some = ids.slice(from, from + MOST_IDS);
      const query = tx.manager
        .createQueryBuilder()
        .update(TaskEntity)
        .set(change as QueryDeepPartialEntity<TaskRow>);
      await query.where('id IN (:...some)', { some }).execute();
    }
  }
}

/** Writes new and changed task rows. */
export async function writeTasks(tx: Tx, changes: readonly TaskChange[]): Promise<void> {
  const fresh = changes.filter(({ before }) => before === undefined);
  await insertRows(
    tx,
    TaskEntity,
    fresh.map(({ after }) => withoutNumber(after)),
  );
  await updateTasks(
    tx,
    changes.flatMap(({ before, after }) => (before ? [{ before, after }] : [])),
  );
}

/** Keeps the summaries that rule over what is kept. */
export async function writeSummaries(tx: Tx, offers: readonly SummaryOffer[], at: number): Promise<void> {
  if (offers.length === 0) return;
  const best = new Map<string, SummaryOffer>();
  for (const offer of offers) {
    const other = best.get(offer.taskId);
    if (!other || rules(offer.decision, other.decision)) best.set(offer.taskId, offer);
  }
  const kept = await summariesOf(tx, [...best.keys()]);
  for (const { taskId, summary, decision } of best.values()) {
    const { status, at: decidedAt, by: decidedBy } = decision;
    const row = { summary: { value: summary }, status, decidedAt, decidedBy, createdAt: at };
    const old = kept.get(taskId);
    if (!old) await insertRows(tx, TaskSummaryEntity, [{ taskId, ...row }]);
    else if (rules(decision, { status: old.status, at: old.decidedAt, by: old.decidedBy }))
      await updateRows(tx, TaskSummaryEntity, { taskId }, row);
  }
}

/** Remembers which reports were taken in. */
export async function writeReports(tx: Tx, reports: readonly LedgerReport[], receivedAt: number): Promise<void> {
  const rows = reports.flatMap(({ transactionId, reportId }) => (reportId === null ? [] : { transactionId, reportId }));
  await insertRows(
    tx,
    ReportEntity,
    rows.map((row) => ({ ...row, receivedAt })),
  );
}

/** Writes transactions that begin. */
export async function insertTransactions(tx: Tx, rows: readonly TransactionRow[]): Promise<void> {
  await insertRows(tx, TransactionEntity, rows.map(withoutNumber));
}

/** Writes what reports change in a transaction's row. */
export async function updateTransaction(tx: Tx, row: TransactionRow): Promise<void> {
  const { id, status, reason, progress, message, timeStart, timeEnd, counts } = row;
  const change = { status, reason, progress, message, timeStart, timeEnd, counts };
  await updateRows(tx, TransactionEntity, { id }, change);
}
