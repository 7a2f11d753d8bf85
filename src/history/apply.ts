import { setImmediate as nextTurn } from 'node:timers/promises';
import { retryWhenTaken } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { TaskEventEntity, type TaskRow, type TransactionRow } from '../entities/ledger.js';
import { taskEventsChannel } from '../events/numbering-bell.js';
import type { Outbox } from '../events/outbox.js';
import type { IdSource } from '../lib/ids.js';
import { freshReports, lockTransactions, openTasks, tasksOf } from './load.js';
import type { Ending } from './reduce.js';
import type { LedgerReport } from './report.js';
import { type TransactionChange, tellTasks, tellTransactions } from './tell.js';
import { beginningOf, endingOf, TransactionWork } from './work.js';
import {
  insertTransactions,
  updateTransaction,
  writeCounts,
  writeEnds,
  writeReports,
  writeSummaries,
  writeTasks,
} from './write.js';

/** What the ledger stands on. */
export interface LedgerDeps {
  readonly outbox: Outbox;
  readonly ids: IdSource;
}

/** What came of the reports. */
export interface Applied {
  /** Every transaction that something new was reported of, as it is now (one that begins has no number yet). */
  readonly transactions: ReadonlyMap<string, TransactionRow>;
  /** The tasks that reports were about, as they are now. */
  readonly tasks: readonly TaskRow[];
  /** Those of them of which a report is about an attempt that was not over. */
  readonly goOn: ReadonlySet<string>;
  /** How many reports had been taken in before. */
  readonly repeated: number;
}

function byTransaction(reports: readonly LedgerReport[]): Map<string, LedgerReport[]> {
  const groups = new Map<string, LedgerReport[]>();
  for (const report of reports) {
    const group = groups.get(report.transactionId);
    if (group) group.push(report);
    else groups.set(report.transactionId, [report]);
  }
  return groups;
}

/** Writes what works have found, and tells of it. */
async function writeWorks(tx: Tx, deps: LedgerDeps, works: readonly TransactionWork[]): Promise<void> {
  const changes = works.flatMap((work) => [...work.tasks.values()]).filter(({ before, after }) => before !== after);
  const events = works.flatMap((work) => work.events);
  // At once: the database writes the tasks while the statements of the rest are made here.
  await Promise.all([
    writeTasks(tx, changes),
    insertRows(tx, TaskEventEntity, events),
    writeCounts(tx, works),
    tellTasks(tx, deps.outbox, works),
  ]);
  for (const { transaction, events: own, ends, begins } of works) {
    // Who follows the events learns of an end too, where it closes nothing. What begins has no followers yet.
    if ((own.length > 0 && !begins) || ends) deps.outbox.ringAfterCommit(tx, taskEventsChannel(transaction.id));
  }
}

/** Closes what the end of a transaction finds open, a part at a time. Returns how many tasks. */
async function closeOpen(tx: Tx, deps: LedgerDeps, transaction: TransactionRow, ending: Ending): Promise<number> {
  const now = await tx.now();
  for (let closed = 0; ; ) {
    const open = await openTasks(tx, transaction.id);
    if (open.length === 0) return closed;
    const closing = new TransactionWork(transaction, [], deps.ids, now);
    closing.close(open, ending);
    await writeWorks(tx, deps, [closing]);
    closed += open.length;
    // SQLite writes in this process: others have their turn.
    await nextTurn();
  }
}

/** Closes what is open in a transaction that is over, which must be locked. Returns how many tasks. */
export async function closeLeftOpen(tx: Tx, deps: LedgerDeps, transaction: TransactionRow): Promise<number> {
  const ending = endingOf(transaction);
  return ending ? closeOpen(tx, deps, transaction, ending) : 0;
}

async function take(tx: Tx, deps: LedgerDeps, fresh: readonly LedgerReport[], now: number) {
  const groups = byTransaction(fresh);
  const begun = new Map(fresh.flatMap((report) => beginningOf(report, now) ?? []).map((row) => [row.id, row]));
  const works = [...begun.values()].map((row) => new TransactionWork(row, [], deps.ids, now, true));
  const known = await lockTransactions(tx, new Map([...groups].filter(([id]) => !begun.has(id))));
  for (const row of known) {
    works.push(new TransactionWork(row, await tasksOf(tx, row.id, groups.get(row.id) ?? []), deps.ids, now));
  }
  for (const work of works) for (const report of groups.get(work.transaction.id) ?? []) work.take(report);

  await writeReports(tx, fresh, now);
  await insertTransactions(
    tx,
    works.map(({ transaction }) => transaction).filter(({ id }) => begun.has(id)),
  );
  const before = new Map(known.map((row) => [row.id, row]));
  const told: TransactionChange[] = [];
  for (const { transaction, changed } of works) {
    const old = before.get(transaction.id);
    if (old && changed) await updateTransaction(tx, transaction);
    if (!old || changed) told.push({ after: transaction, statusBefore: old?.status ?? null });
  }
  await tellTransactions(tx, deps.outbox, told);
  await writeWorks(tx, deps, works);
  await writeSummaries(
    tx,
    works.flatMap((work) => work.summaries),
    now,
  );
  for (const { transaction, ends } of works) if (ends) await closeOpen(tx, deps, transaction, ends);
  await writeEnds(
    tx,
    works.filter(({ ends }) => ends !== null).map(({ transaction }) => transaction),
    now,
  );
  return works;
}

/**
 * The one door of the ledger: takes reports in, within the caller's transaction, so that each subject's own state is
 * set with them. The same reports in any order, repeated or batched otherwise, end in the same rows.
 *
 * Throws NotFoundError for a transaction that neither is there nor begins, and ConflictRetry (which runs the caller's
 * transaction again) when another reporter made the same row first.
 */
export async function apply(tx: Tx, deps: LedgerDeps, reports: readonly LedgerReport[]): Promise<Applied> {
  const now = await tx.now();
  const fresh = await freshReports(tx, reports);
  const works = await retryWhenTaken(() => take(tx, deps, fresh, now));
  const tasks = works.flatMap((work) => [...work.tasks.values()]).filter(({ touched }) => touched);
  return {
    transactions: new Map(works.map(({ transaction }) => [transaction.id, transaction])),
    goOn: new Set(works.filter(({ goesOn }) => goesOn).map(({ transaction }) => transaction.id)),
    tasks: tasks.map(({ after }) => after),
    repeated: reports.length - fresh.length,
  };
}
