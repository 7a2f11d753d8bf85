import type { EventLineFragment, OrrerySdk } from '@orrery/sdk';
import type { CommandContext, ServerOptions } from './command.js';
import { type TaskFlags, taskFilterOf } from './definition/task-filter.js';
import { CliFailure, EXIT } from './failure.js';
import { findTransaction, followRecord, recordMark } from './follow-transaction.js';
import { rowWriter, writeRows } from './output/format.js';
import { collect, type PagingOptions } from './paging.js';
import { HISTORY_COLUMNS, historyRow, type ShownTask } from './rows/task.js';

/** How a transaction's tasks are shown. */
export interface TransactionTasksFlags extends ServerOptions, PagingOptions, TaskFlags {
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
  const tasks = await collect<ShownTask>(context, flags, async (page) => {
    const { transaction: found } = await sdk.transactionTasks({
      id: transaction.id,
      filter,
      summaries: flags.summary === true,
      ...page,
    });
    if (!found) throw new CliFailure(`The transaction ${transaction.number} was deleted meanwhile.`, EXIT.REFUSED);
    return found.tasks;
  });
  if (after === null) {
    writeRows(terminal, flags, tasks.map(historyRow), columns);
    return;
  }
  const write = rowWriter(terminal, flags, columns);
  write(tasks.map(historyRow));
  const fits = wanted(flags);
  await followRecord(sdk, context, transaction, after, (event) => {
    if (event.task && fits(event)) write([{ ...historyRow(event.task), status: event.statusAfter }]);
  });
}
