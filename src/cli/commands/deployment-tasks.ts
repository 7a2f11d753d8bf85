import type { Command } from 'commander';
import { type CommandContext, withExamples, withSdk, withServer } from '../command.js';
import { withTaskFilter } from '../definition/task-filter.js';
import { withOpenPaging } from '../paging.js';
import { showTransactionTasks, type TransactionTasksFlags } from '../transaction-tasks.js';

/** `orrery deployment tasks` */
export function registerDeploymentTasks(parent: Command, context: CommandContext): void {
  const command = parent
    .command('tasks')
    .argument('<deployment>', 'number or id')
    .description('list the tasks of a deployment, in the order they were made; the same as "orrery tasks-history"');
  withTaskFilter(withOpenPaging(withServer(command)))
    .option('--search <text>', 'with this text in name or node')
    .option('--summary', 'with the summary of each')
    .option('-f, --follow', 'go on with each change until it is over; exit code 0 for READY, else 1')
    .action(async (id: string, flags: TransactionTasksFlags) => {
      await withSdk(flags, context, (sdk) => showTransactionTasks(sdk, context, flags, id));
    });
  withExamples(command, [
    'deployment tasks 12',
    'deployment tasks 12 --nodes 5 6 --statuses error',
    'deployment tasks 12 -f',
  ]);
}
