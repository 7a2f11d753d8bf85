import type { ExportedTask } from '../../history/export/export-service.js';
import type { TransactionName } from '../../history/export/transaction-names.js';
import { clusterIn, projectIn } from '../../history/scope.js';
import { csvRecord, csvText } from '../../lib/csv.js';
import { numberText } from '../../lib/number-text.js';
import { csvOf, secondsOf, timeOf } from './fields.js';

/** The line that CSV begins with. */
export const TASK_CSV_HEADER = csvRecord([
  'number',
  'id',
  'transaction_number',
  'transaction_id',
  'transaction_name',
  'cluster_id',
  'cluster_external_id',
  'project',
  'graph_task_id',
  'task_name',
  'node_id',
  'attempt',
  'status',
  'reason',
  'time_start',
  'time_end',
  'duration',
  'exit_code',
  'custom',
]);

/** A task as a line of CSV. Instants are ISO 8601 in UTC. */
export function taskCsv(
  task: ExportedTask,
  transaction: TransactionName | undefined,
  cluster: string | undefined,
): string {
  const { number, id, transactionId, scope, attempt, status, exitCode } = task;
  const where = `${transaction?.number ?? ''},${transactionId},${csvOf(transaction?.name)},${csvOf(clusterIn(scope))},${csvOf(cluster)},${csvOf(projectIn(scope))}`;
  const what = `${csvText(task.graphTaskId)},${csvText(task.taskName)},${csvText(task.nodeId)},${attempt},${status},${csvOf(task.reason)}`;
  const duration = secondsOf(task);
  const when = `${timeOf(task.timeStart) ?? ''},${timeOf(task.timeEnd) ?? ''},${duration === null ? '' : numberText(duration)}`;
  return `${numberText(number)},${id},${where},${what},${when},${exitCode ?? ''},${csvOf(task.custom)}\r\n`;
}

/** A task as a line of JSON; `summary` is there only where summaries were asked for. */
export function taskJsonLine(
  task: ExportedTask,
  transaction: TransactionName | undefined,
  cluster: string | undefined,
): string {
  const line = JSON.stringify({
    number: task.number,
    id: task.id,
    transaction_number: transaction?.number ?? null,
    transaction_id: task.transactionId,
    transaction_name: transaction?.name ?? null,
    cluster_id: clusterIn(task.scope),
    cluster_external_id: cluster ?? null,
    project: projectIn(task.scope),
    graph_task_id: task.graphTaskId,
    task_name: task.taskName,
    node_id: task.nodeId || null,
    attempt: task.attempt,
    status: task.status,
    reason: task.reason,
    time_start: timeOf(task.timeStart),
    time_end: timeOf(task.timeEnd),
    duration: secondsOf(task),
    exit_code: task.exitCode,
  });
  // The database gives it as JSON already.
  const summary = task.summary === undefined ? '' : `,"summary":${JSON.stringify(task.summary)}`;
  return `${line.slice(0, -1)},"custom":${task.custom ?? 'null'}${summary}}\n`;
}
