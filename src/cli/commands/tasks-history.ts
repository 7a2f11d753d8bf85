import type { OrrerySdk } from '@orrery/sdk';
import { type Command, Option } from 'commander';
import { type CommandContext, texts, withExamples, withSdk, withServer } from '../command.js';
import { taskFilterOf, withTaskFilter } from '../definition/task-filter.js';
import { CliFailure, EXIT } from '../failure.js';
import { showList } from '../followed-list.js';
import { past } from '../instant-option.js';
import { pagingOf, withOpenPaging } from '../paging.js';
import { ACROSS_COLUMNS, historyRow, type ShownTask } from '../rows/task.js';
import { showTransactionTasks, type TransactionTasksFlags, withSummary } from '../transaction-tasks.js';
import { findCluster } from './cluster-show.js';

interface Flags extends TransactionTasksFlags {
  readonly taskId?: string;
  readonly cluster?: string[];
  readonly since?: string;
  readonly until?: string;
}

/** The transaction that is asked for, by either way to say it. Throws CliFailure when they differ. */
function transactionOf(argument: string | undefined, { taskId }: Flags): string | undefined {
  if (argument === undefined || taskId === undefined || argument === taskId) return argument ?? taskId;
  throw new CliFailure(`Say one transaction, not ${argument} and ${taskId}.`, EXIT.USAGE);
}

/** Of one transaction nobody asks where and when. Throws CliFailure. */
function requireAlone({ cluster, project, since, until }: Flags): void {
  if ((cluster ?? project ?? since ?? until) === undefined) return;
  throw new CliFailure('--cluster, --project, --since and --until go without a transaction.', EXIT.USAGE);
}

/** Lists the tasks of all transactions, and goes on with what changes when that is asked for. */
async function showAcross(sdk: OrrerySdk, context: CommandContext, flags: Flags): Promise<void> {
  const { nodes: nodeIds, statuses, taskNames } = taskFilterOf(flags);
  const { cluster, project, since: startedAfter, until: startedBefore } = flags;
  const clusters = cluster && (await Promise.all(cluster.map((name) => findCluster(sdk, name))));
  const clusterIds = clusters?.map(({ id }) => id);
  const projects = project === undefined ? undefined : [project];
  const filter = { clusterIds, projects, nodeIds, statuses, taskNames, startedAfter, startedBefore };
  const summaries = flags.summary === true;
  await showList<ShownTask>(context, { ...flags, ...pagingOf(flags, false) }, sdk, {
    columns: withSummary(ACROSS_COLUMNS, flags),
    row: historyRow,
    newestFirst: true,
    page: async (page) => (await sdk.taskHistory({ filter, summaries, ...page })).taskHistory,
    async *changes(after) {
      const live = { clusterIds, nodeIds, statuses, taskNames };
      for await (const { taskHistoryChanged } of sdk.taskHistoryChanged({ filter: live, after })) {
        yield taskHistoryChanged.tasks.map(historyRow);
      }
    },
  });
}

/** `orrery tasks-history` */
export function registerTasksHistory(parent: Command, context: CommandContext): void {
  const command = parent
    .command('tasks-history')
    .argument('[transaction]', 'number or id of a deployment or a run (default: all that ever ran, the newest first)')
    .description('list the tasks that were executed: of one deployment or run, or of all of them');
  withTaskFilter(withOpenPaging(withServer(command)))
    .option('--task-id <transaction>', 'the same as [transaction]')
    .option('--search <text>', 'of one transaction: with this text in name or node')
    .option('-c, --cluster <clusters>', 'on these clusters: one or several external ids, with commas', texts)
    .option('--project <name>', 'of the runs of this project')
    .option('--since <date>', 'that began after: a date, or how long ago', past)
    .option('--until <date>', 'that began before: a date, or how long ago', past)
    .option('--summary', 'with the summary of each')
    .addOption(
      new Option(
        '-f, --follow',
        'go on with each change; of one transaction until it is over, with exit code 0 for READY, else 1',
      ).conflicts(['until', 'project']),
    )
    .action(async (argument: string | undefined, flags: Flags) => {
      const transaction = transactionOf(argument, flags);
      if (transaction !== undefined) requireAlone(flags);
      else if (flags.search !== undefined) {
        throw new CliFailure('--search goes with one transaction.', EXIT.USAGE);
      }
      await withSdk(flags, context, (sdk) =>
        transaction === undefined
          ? showAcross(sdk, context, flags)
          : showTransactionTasks(sdk, context, flags, transaction),
      );
    });
  withExamples(command, [
    'tasks-history --task-id 1',
    'tasks-history --task-id 1 --node-id 5,6',
    'tasks-history --task-id 1 --statuses error,ready',
    'tasks-history --task-id 1 --node-id 5,6 --statuses error,ready',
    'tasks-history 1',
    'tasks-history 1 --nodes 1 2',
    'tasks-history 1 --statuses error ready',
    'tasks-history 1 --nodes 1 --statuses error',
    'tasks-history --cluster env-1 --node 5 --status error --since 7d',
    'tasks-history 1 --follow && echo ready',
    'tasks-history 1 --all --summary -o json',
  ]);
}
