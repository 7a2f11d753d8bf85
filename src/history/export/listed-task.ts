import type { RangeList } from '../../db/index-range.js';
import type { TaskStatus } from '../../entities/ledger.js';
import type { JsonValue } from '../../lib/json.js';
import type { RowForm } from './range-pages.js';

/** One row of a long list of tasks, as the database gives it. Instants are epoch milliseconds. */
export interface ListedTask {
  readonly number: number;
  readonly id: string;
  readonly transactionId: string;
  readonly scope: string;
  readonly graphTaskId: string;
  readonly taskName: string;
  /** '' for a point of synchronisation. */
  readonly nodeId: string;
  readonly attempt: number;
  readonly status: TaskStatus;
  readonly reason: string | null;
  readonly timeStart: number | null;
  readonly timeEnd: number | null;
  readonly orderedAt: number;
  readonly exitCode: number | null;
  /** What its reporter adds, as JSON: most lists pass it on as it is. */
  readonly custom: string | null;
  /** 1 where a summary was reported, else 0. */
  readonly hasSummary: number;
}

/** The columns of such a row, as SQL. */
export const TASK_COLUMNS = `number, id, transaction_id AS transactionId, scope, graph_task_id AS graphTaskId,
  task_name AS taskName, node_id AS nodeId, attempt, status, reason, time_start AS timeStart, time_end AS timeEnd,
  ordered_at AS orderedAt, exit_code AS exitCode, custom, has_summary AS hasSummary`;

/** How such rows are read for a list. */
export const taskForm = ({ order }: Pick<RangeList, 'order'>): RowForm<ListedTask> => ({
  columns: TASK_COLUMNS,
  keyOf: order.length === 1 ? ({ number }) => [number] : ({ orderedAt, number }) => [orderedAt, number],
  textOf: ({ custom, reason }) => (custom?.length ?? 0) + (reason?.length ?? 0),
});

/** A row with what was reported beside it; null where nothing was, or it is not kept any more. */
export interface SummarizedTask extends ListedTask {
  readonly summary: JsonValue;
}
