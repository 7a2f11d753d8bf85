import type { Database } from '../../src/db/database.js';
import { insertRows } from '../../src/db/write.js';
import { TaskEntity, type TaskRow, TransactionEntity, type TransactionRow } from '../../src/entities/ledger.js';
import { systemIds } from '../../src/lib/ids.js';

/** A transaction as it goes in: SQL gives its number. */
export type NewTransaction = Omit<TransactionRow, 'number'>;
/** A task as it goes in: SQL gives its number. */
export type NewTask = Omit<TaskRow, 'number'>;

/** A deployment of a cluster, or a run of a job of a project, that succeeded. */
export function transactionRow(
  place: { clusterId: string } | { project: string },
  createdAt: number,
  rest: Partial<NewTransaction> = {},
): NewTransaction {
  const ofCluster = 'clusterId' in place;
  return {
    id: systemIds.next(ofCluster ? 'deploy' : 'run'),
    kind: ofCluster ? 'DEPLOYMENT' : 'JOB_RUN',
    project: ofCluster ? null : place.project,
    clusterId: ofCluster ? place.clusterId : null,
    scope: ofCluster ? place.clusterId : `project/${place.project}`,
    subjectId: null,
    externalId: null,
    name: 'deploy',
    status: 'READY',
    reason: null,
    progress: 100,
    message: null,
    messageAt: null,
    messageBy: null,
    dryRun: false,
    attempts: 1,
    resetAt: null,
    createdAt,
    timeStart: createdAt,
    timeEnd: createdAt + 60_000,
    ...rest,
  };
}

/** A task of a transaction that succeeded; `index` tells the tasks of one transaction apart. */
export function taskRow(transaction: NewTransaction, index: number, rest: Partial<NewTask> = {}): NewTask {
  const timeStart = rest.timeStart === undefined ? transaction.createdAt + index : rest.timeStart;
  return {
    id: systemIds.next('task'),
    transactionId: transaction.id,
    clusterId: transaction.clusterId,
    scope: transaction.scope,
    graphTaskId: `task-${index}`,
    taskName: `task-${index}`,
    nodeId: '1',
    attempt: 1,
    status: 'READY',
    reason: null,
    announced: true,
    timeStart,
    timeEnd: timeStart === null ? null : timeStart + 1_000,
    orderedAt: timeStart ?? transaction.createdAt,
    exitCode: 0,
    custom: null,
    hasSummary: false,
    closed: false,
    decidedAt: transaction.createdAt,
    decidedBy: 'seed',
    givenBy: null,
    createdAt: transaction.createdAt,
    ...rest,
  };
}

/** Rows of one statement's worth of work. */
const BATCH = 10_000;

/** Writes transactions and tasks as they are, past the ledger's one door: a history that is there already. */
export async function writeHistory(
  db: Database,
  transactions: readonly NewTransaction[],
  tasks: readonly NewTask[],
): Promise<void> {
  await db.transaction((tx) => insertRows(tx, TransactionEntity, transactions));
  for (let from = 0; from < tasks.length; from += BATCH) {
    await db.transaction((tx) => insertRows(tx, TaskEntity, tasks.slice(from, from + BATCH)));
  }
}
