import type { Tx } from '../db/transaction.js';
import type { TransactionRow, TransactionStatus } from '../entities/ledger.js';
import type { Outbox } from '../events/outbox.js';
import type { NewEvent, TaskFact } from '../events/topics.js';
import type { TransactionWork } from './work.js';

/** A transaction's row as it was and as it becomes; what it was is null for one that begins. */
export interface TransactionChange {
  readonly after: TransactionRow;
  readonly statusBefore: TransactionStatus | null;
}

function changeOf({ after, statusBefore }: TransactionChange, isDeleted: boolean): NewEvent<'transactionChanged'> {
  const { kind, clusterId, name, externalId, status, reason, progress, message, project, id } = after;
  const payload = { kind, clusterId, name, externalId, status, statusBefore, reason, progress, message };
  const gone = isDeleted ? { deleted: true as const } : {};
  return { topic: 'transactionChanged', project, subject: id, payload: { ...payload, ...gone } };
}

/** Tells of transactions that began or changed. Runs of jobs are told of by `runChanged`. */
export async function tellTransactions(tx: Tx, outbox: Outbox, changes: readonly TransactionChange[]): Promise<void> {
  const told = changes.filter(({ after }) => after.kind !== 'JOB_RUN');
  await outbox.append(tx, ...told.map((change) => changeOf(change, false)));
}

/** Tells that a transaction was deleted. Who keeps runs of jobs tells of those. */
export async function tellDeleted(tx: Tx, outbox: Outbox, row: TransactionRow): Promise<void> {
  if (row.kind !== 'JOB_RUN') await outbox.append(tx, changeOf({ after: row, statusBefore: row.status }, true));
}

/** The rows that a work made or changed, as facts. */
function factsOf(work: TransactionWork): TaskFact[] {
  return [...work.tasks.values()]
    .filter(({ before, after }) => before !== after)
    .map(({ after }) => [after.id, after.nodeId, after.taskName, after.status]);
}

/** Tells which rows were made or changed: one fact for each cluster or project, so that a batch costs one row. */
export async function tellTasks(tx: Tx, outbox: Outbox, works: readonly TransactionWork[]): Promise<void> {
  const byScope = new Map<string, NewEvent<'taskHistoryChanged'>>();
  for (const work of works) {
    const tasks = factsOf(work);
    if (tasks.length === 0) continue;
    const { id: transactionId, scope, clusterId, project } = work.transaction;
    const event = byScope.get(scope) ?? {
      topic: 'taskHistoryChanged',
      project,
      subject: clusterId ?? project ?? scope,
      payload: { clusterId, changes: [] },
    };
    byScope.set(scope, event);
    event.payload.changes.push({ transactionId, tasks });
  }
  await outbox.append(tx, ...byScope.values());
}
