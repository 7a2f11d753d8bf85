import type { EventLineFragment, OrrerySdk, TaskStatus } from '@orrery/sdk';
import type { CommandContext, ServerOptions } from './command.js';
import { type TaskFlags, taskFilterOf } from './definition/task-filter.js';
import { CliFailure, EXIT } from './failure.js';
import { findTransaction, followRecord, recordMark } from './follow-transaction.js';
import { rowWriter, writeRows } from './output/format.js';
import { rowStream } from './output/row-stream.js';
import { collect, type OpenPagingOptions, type PageOf, pages, pagingOf } from './paging.js';
import { HISTORY_COLUMNS, historyRow, type ShownTask } from './rows/task.js';

/** How a transaction's tasks are shown. */
export interface TransactionTasksFlags extends ServerOptions, OpenPagingOptions, TaskFlags {
  readonly follow?: boolean;
  readonly summary?: boolean;
}

/** What a list of tasks has for columns. */
export function withSummary(columns: readonly string[], { summary }: Pick<TransactionTasksFlags, 'summary'>): string[] {
  return summary ? [...columns, 'summary'] : [...columns];
}

/** Whether an event changed a task that the flags ask for. */
function wanted(flags: TaskFlags): (event: EventLineFragment) => boolean {
  const { nodes, statuses, taskNames } = taskFilterOf(flags);
  const search = flags.search?.toLowerCase();
  return ({ task, statusBefore, statusAfter }) => {
    if (!task || statusAfter === null || statusAfter === statusBefore) return false;
    const [name, node] = [task.name, task.nodeId ?? ''];
    return (
      (nodes?.includes(node) ?? true) &&
      (statuses?.includes(statusAfter) ?? true) &&
      (taskNames?.includes(name) ?? true) &&
      (search === undefined || name.toLowerCase().includes(search) || node.toLowerCase().includes(search))
    );
  };
}

/** How far a status is: an attempt waits, then runs, then has ended. */
const RANK = { PENDING: 0, RUNNING: 1, READY: 2, ERROR: 2, SKIPPED: 2, LOST: 2, STOPPED: 2 } as const;

/**
 * Whether a status of a task is news to who has seen it in the list, or by an event before. The record is numbered a
 * moment after the rows change, so that what the list showed may be told once more.
 */
export function newsOf(
  listed: readonly Pick<ShownTask, 'id' | 'status'>[],
): (id: string, status: TaskStatus) => boolean {
  const told = new Map(listed.map((task) => [task.id, task.status]));
  return (id, status) => {
    const before = told.get(id);
    if (before === status || (before !== undefined && RANK[status] < RANK[before])) return false;
    told.set(id, status);
    return true;
  };
}

/** Lists the tasks of one transaction, and goes on with each change of them when that is asked for. */
export async function showTransactionTasks(
  sdk: OrrerySdk,
  context: CommandContext,
  flags: TransactionTasksFlags,
  id: string,
): Promise<void> {
  const { terminal } = context;
  const filter = { ...taskFilterOf(flags), search: flags.search };
  const columns = withSummary(HISTORY_COLUMNS, flags);
  const transaction = await findTransaction(sdk, id);
  // The mark first, then the list: what is recorded meanwhile comes after it.
  const after = flags.follow ? await recordMark(sdk, transaction.id) : null;
  const fetchPage = async (page: { first: number; after: string | null }): Promise<PageOf<ShownTask>> => {
    const { transaction: found } = await sdk.transactionTasks({
      id: transaction.id,
      filter,
      summaries: flags.summary === true,
      ...page,
    });
    if (!found) throw new CliFailure(`The transaction ${transaction.number} was deleted meanwhile.`, EXIT.REFUSED);
    return found.tasks;
  };
  const { output } = flags;
  const paging = pagingOf(flags, output !== 'table');
  if (after === null) {
    if (output === 'table') {
      writeRows(terminal, flags, (await collect(context, paging, fetchPage)).map(historyRow), columns);
      return;
    }
    const stream = rowStream(terminal, { output }, columns);
    for await (const tasks of pages(context, paging, fetchPage)) await stream.write(tasks.map(historyRow));
    stream.end();
    return;
  }
  const write = rowWriter(terminal, flags, columns);
  const listed: Pick<ShownTask, 'id' | 'status'>[] = [];
  for await (const tasks of pages(context, paging, fetchPage)) {
    write(tasks.map(historyRow));
    await terminal.drained();
    listed.push(...tasks.map(({ id, status }) => ({ id, status })));
  }
  const [fits, isNews] = [wanted(flags), newsOf(listed)];
  await followRecord(sdk, context, transaction, after, (event) => {
    const { task, statusAfter: status } = event;
    if (task && status && fits(event) && isNews(task.id, status)) write([{ ...historyRow(task), status }]);
  });
}
