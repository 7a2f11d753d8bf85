import type { DifferenceLineFragment, TaskChange } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, listOf, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { together } from '../definition/task-filter.js';
import { CliFailure, EXIT } from '../failure.js';
import { findTransaction } from '../follow-transaction.js';
import { seconds } from '../instant-option.js';
import type { Row } from '../output/cell.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';

const CHANGES: readonly TaskChange[] = ['NEW', 'GONE', 'STATUS_CHANGED', 'DURATION_CHANGED', 'UNCHANGED'];
const COLUMNS = ['change', 'task', 'node', 'before', 'after', 'secondsBefore', 'secondsAfter', 'secondsMore'];

interface Flags extends ServerOptions, PagingOptions {
  readonly change?: TaskChange[];
  readonly nodes?: string[];
  readonly taskName?: string[];
  readonly duration?: number;
}

const rounded = (value: number | null | undefined): number | null =>
  value === null || value === undefined ? null : Math.round(value * 1_000) / 1_000;

/** What became of a task from one deployment to another as a row. */
function differenceRow({ before, after, ...difference }: DifferenceLineFragment): Row {
  return {
    change: difference.change,
    task: difference.taskName,
    graphTask: difference.graphTaskId,
    node: difference.nodeId,
    before: before?.status,
    after: after?.status,
    secondsBefore: rounded(before?.duration),
    secondsAfter: rounded(after?.duration),
    secondsMore: rounded(difference.durationChange),
    reason: after?.reason,
  };
}

/** `orrery deployment diff` */
export function registerDeploymentDiff(parent: Command, context: CommandContext): void {
  const command = parent
    .command('diff')
    .argument('<deployment>', 'number or id of the first')
    .argument('<other-deployment>', 'number or id of the second')
    .description('show what became of each task from one deployment to another: new, gone, status, duration');
  withPaging(withServer(command))
    .addOption(listOf('--change <changes>', 'of these kinds (default: all but unchanged)', CHANGES))
    .option('--nodes <nodes...>', 'on these nodes: one or several, with blanks or commas', together)
    .option('--task-name <names...>', 'of these names: one or several, with blanks or commas', together)
    .option('--duration <length>', 'from such a difference on a duration has changed: 5s, 1m (default: 1s)', seconds)
    .action(async (a: string, b: string, flags: Flags) => {
      const { change: changes, nodes: nodeIds, taskName: taskNames, duration: durationSeconds } = flags;
      const filter = { changes, nodeIds, taskNames, durationSeconds };
      const differences = await withSdk(flags, context, (sdk) =>
        collect(context, flags, async (page) => {
          const { transactionDiff } = await sdk.transactionDiff({ a, b, filter, ...page });
          if (transactionDiff) return transactionDiff.tasks;
          for (const id of [a, b]) await findTransaction(sdk, id);
          throw new CliFailure('One of the two was deleted meanwhile.', EXIT.REFUSED);
        }),
      );
      if (differences.length === 0 && flags.output === 'table') context.terminal.err('Nothing differs.\n');
      else writeRows(context.terminal, flags, differences.map(differenceRow), COLUMNS);
    });
  withExamples(command, ['deployment diff 11 12', 'deployment diff 11 12 --change status_changed --nodes 5 6 -o csv']);
}
