import type { Tx } from '../db/transaction.js';
import { insertRows, overwriteRows, updateRows } from '../db/write.js';
import {
  ReportEntity,
  TaskEntity,
  TaskSummaryEntity,
  TransactionEntity,
  type TransactionRow,
} from '../entities/ledger.js';
import { TransactionEndEntity } from '../entities/transaction-end.js';
import { addCounts } from '../events/task-counts.js';
import { summariesOf } from './load.js';
import { rules } from './reduce.js';
import type { LedgerReport } from './report.js';
import { saidOf } from './word.js';
import type { SummaryOffer, TaskChange, TransactionWork } from './work.js';

/** What SQL numbers goes in without its number. */
const withoutNumber = <T extends { number: number }>({ number: _given, ...row }: T): Omit<T, 'number'> => row;

/** Writes new and changed task rows. */
export async function writeTasks(tx: Tx, changes: readonly TaskChange[]): Promise<void> {
  const fresh = changes.filter(({ before }) => before === undefined);
  const known = changes.filter(({ before }) => before !== undefined);
  await insertRows(
    tx,
    TaskEntity,
    fresh.map(({ after }) => withoutNumber(after)),
  );
  await overwriteRows(
    tx,
    TaskEntity,
    known.map(({ after }) => after),
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
  const winning = [...best.values()].filter(({ taskId, decision }) => {
    const old = kept.get(taskId);
    return !old || rules(decision, { status: old.status, at: old.decidedAt, by: old.decidedBy });
  });
  const rows = winning.map(({ taskId, summary, decision: { status, at: decidedAt, by: decidedBy } }) => {
    return { taskId, summary: { value: summary }, status, decidedAt, decidedBy, createdAt: at };
  });
  await overwriteRows(tx, TaskSummaryEntity, rows);
}

/** Counts the tasks of transactions that begin: the others are counted when their events get their numbers. */
export async function writeCounts(tx: Tx, works: readonly TransactionWork[]): Promise<void> {
  const events = works.filter(({ begins }) => begins).flatMap((work) => work.events);
  const steps = events.map(({ transactionId: series, statusBefore, statusAfter }) => {
    return { series, status_before: statusBefore, status_after: statusAfter };
  });
  await addCounts(tx, steps);
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
  const { id, status, reason, attempts, resetAt, timeStart, timeEnd } = row;
  const change = { status, reason, ...saidOf(row), attempts, resetAt, timeStart, timeEnd };
  await updateRows(tx, TransactionEntity, { id }, change);
}

/** Notes which deployments have ended. (A run's reporters write its own row, which its end writes too.) */
export async function writeEnds(tx: Tx, ended: readonly TransactionRow[], endedAt: number): Promise<void> {
  const deployments = ended.filter(({ kind }) => kind === 'DEPLOYMENT');
  await overwriteRows(
    tx,
    TransactionEndEntity,
    deployments.map(({ id: transactionId }) => ({ transactionId, endedAt })),
  );
}
