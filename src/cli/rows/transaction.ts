import type { TransactionLineFragment } from '@orrery/sdk';
import { instant, type Row } from '../output/cell.js';
import { secondsBetween } from './run.js';

/** What a list of deployments shows. */
export const DEPLOYMENT_COLUMNS = [
  'number',
  'cluster',
  'name',
  'status',
  'progress',
  'tasks',
  'timeStart',
  'timeEnd',
  'seconds',
  'reason',
];

type Counts = TransactionLineFragment['taskCounts'];

/** How many tasks stand where: `ready 95, error 5`. */
export function countsText(counts: Counts): string {
  return counts.map(({ status, count }) => `${status.toLowerCase()} ${count}`).join(', ');
}

/** Statuses of tasks that were carried out. */
const CARRIED_OUT = new Set(['READY', 'ERROR']);

/**
 * How far a deployment is, 0 to 100: what its reporters said, or where none did the share of its tasks that were carried
 * out. (What its end closes is skipped too, so that one that is skipped counts only while it is open.)
 */
function progressOf({ progress, status, taskCounts }: TransactionLineFragment): number {
  if (progress > 0) return progress;
  const isOpen = status === 'PENDING' || status === 'RUNNING';
  const sum = (counts: Counts): number => counts.reduce((all, { count }) => all + count, 0);
  const done = taskCounts.filter((one) => CARRIED_OUT.has(one.status) || (isOpen && one.status === 'SKIPPED'));
  return Math.floor((100 * sum(done)) / Math.max(1, sum(taskCounts)));
}

function placeOf(transaction: TransactionLineFragment): Row {
  if (transaction.__typename === 'JobRun') return { project: transaction.project };
  const { cluster, externalId, attempts } = transaction;
  return { cluster: cluster?.externalId, externalId, attempts };
}

/** A deployment, a run or a plan as a row. */
export function transactionRow(transaction: TransactionLineFragment): Row {
  return {
    number: transaction.number,
    id: transaction.id,
    kind: transaction.kind,
    ...placeOf(transaction),
    name: transaction.name,
    status: transaction.status,
    reason: transaction.reason,
    progress: transaction.__typename === 'Deployment' ? progressOf(transaction) : transaction.progress,
    message: transaction.message,
    tasks: countsText(transaction.taskCounts),
    dryRun: transaction.dryRun,
    createdAt: instant(transaction.createdAt),
    timeStart: instant(transaction.timeStart),
    timeEnd: instant(transaction.timeEnd),
    seconds: secondsBetween(transaction.timeStart, transaction.timeEnd),
  };
}
