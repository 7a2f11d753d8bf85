import type { Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { TaskEventEntity, type TaskRow, type TransactionRow } from '../entities/ledger.js';
import { taskEventsChannel } from '../events/numbering-bell.js';
import type { Outbox } from '../events/outbox.js';
import type { IdSource } from '../lib/ids.js';
import { freshReports, lockTransactions, tasksOf } from './load.js';
import type { LedgerReport } from './report.js';
import { beginningOf, TransactionWork } from './work.js';
import { insertTransactions, updateTransaction, writeReports, writeSummaries, writeTasks } from './write.js';

/** What the ledger stands on. */
export interface LedgerDeps {
  readonly outbox: Outbox;
  readonly ids: IdSource;
}

/** What came of the reports. */
export interface Applied {
  /** Every transaction that something new was reported of, as it is now (one that begins has no number yet). */
  readonly transactions: ReadonlyMap<string, TransactionRow>;
  /** The tasks that reports were about, and those that an end closed, as they are now. */
  readonly tasks: readonly TaskRow[];
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

/**
 * The one door of the ledger: takes reports in, within the caller's transaction, so that each subject's own state is
 * set with them. The same reports in any order, repeated or batched otherwise, end in the same rows.
 *
 * Throws NotFoundError for a transaction that neither is there nor begins.
 */
export async function apply(tx: Tx, deps: LedgerDeps, reports: readonly LedgerReport[]): Promise<Applied> {
  const now = await tx.now();
  const fresh = await freshReports(tx, reports);
  const groups = byTransaction(fresh);
  const begun = new Map(fresh.flatMap((report) => beginningOf(report, now) ?? []).map((row) => [row.id, row]));
  const others = [...groups.keys()].filter((id) => !begun.has(id)).sort();
  const works: TransactionWork[] = [];
  for (const row of begun.values()) works.push(new TransactionWork(row, [], deps.ids, now));
  for (const row of await lockTransactions(tx, others)) {
    works.push(new TransactionWork(row, await tasksOf(tx, row.id, groups.get(row.id) ?? []), deps.ids, now));
  }
  for (const work of works) for (const report of groups.get(work.transaction.id) ?? []) work.take(report);

  const changes = works.flatMap((work) => [...work.tasks.values()]).filter(({ before, after }) => before !== after);
  const transactions = new Map(works.map(({ transaction }) => [transaction.id, transaction]));
  await insertTransactions(
    tx,
    [...transactions.values()].filter(({ id }) => begun.has(id)),
  );
  for (const row of transactions.values()) if (!begun.has(row.id)) await updateTransaction(tx, row);
  await writeTasks(tx, changes);
  await insertRows(
    tx,
    TaskEventEntity,
    works.flatMap((work) => work.events),
  );
  await writeSummaries(
    tx,
    works.flatMap((work) => work.summaries),
    now,
  );
  await writeReports(tx, fresh, now);
  for (const work of works) {
    if (work.events.length > 0) deps.outbox.ringAfterCommit(tx, taskEventsChannel(work.transaction.id));
  }
  return { transactions, tasks: changes.map(({ after }) => after), repeated: reports.length - fresh.length };
}
