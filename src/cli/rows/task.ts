import type { EventLineFragment, HistoryLineFragment } from '@orrery/sdk';
import { instant, jsonCell, type Row } from '../output/cell.js';
import { taskRow } from './run.js';

/** What a list of a transaction's tasks shows. */
export const HISTORY_COLUMNS = [
  'number',
  'task',
  'node',
  'attempt',
  'status',
  'timeStart',
  'timeEnd',
  'seconds',
  'reason',
];
/** What a list of the tasks of many transactions shows. */
export const ACROSS_COLUMNS = ['transaction', 'cluster', ...HISTORY_COLUMNS];
/** What a transaction's record shows. */
export const EVENT_COLUMNS = ['seq', 'at', 'task', 'node', 'attempt', 'status', 'statusAfter', 'reason'];

/** A task with whatever its reporter said beside it, where that was asked for. */
export type ShownTask = HistoryLineFragment & { readonly summary?: unknown };

/** An attempt of a task on a node as a row. */
export function historyRow(task: ShownTask): Row {
  const { number, ...row } = taskRow(task);
  return {
    number,
    transaction: task.transaction?.number,
    cluster: task.cluster?.externalId,
    name: task.transaction?.name,
    ...row,
    graphTask: task.graphTaskId,
    hasSummary: task.hasSummary,
    ...('summary' in task ? { summary: jsonCell(task.summary) } : {}),
  };
}

/** What was recorded of a task as a row; the instant is its reporter's, where that said one. */
export function eventRow(event: EventLineFragment): Row {
  return {
    seq: event.seq,
    at: instant(event.reportedAt ?? event.receivedAt),
    receivedAt: instant(event.receivedAt),
    task: event.task?.name,
    graphTask: event.task?.graphTaskId,
    node: event.task?.nodeId,
    attempt: event.attempt,
    status: event.status,
    statusBefore: event.statusBefore,
    statusAfter: event.statusAfter,
    reason: event.reason,
    reportId: event.reportId,
  };
}
