import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { ACROSS_COLUMNS, historyRow } from '../rows/task.js';

interface Flags extends ServerOptions, PagingOptions {
  readonly succeeded?: boolean;
}

const COLUMNS = ACROSS_COLUMNS.filter((column) => column !== 'cluster' && column !== 'node');

/** `orrery cluster node` */
export function registerClusterNode(parent: Command, context: CommandContext): void {
  const command = parent
    .command('node')
    .argument('<cluster>', 'external id or id')
    .argument('<node>', 'what reporters call it')
    .description('show where a node stands: the newest attempt of each task that it ever had to do');
  withPaging(withServer(command))
    .option('--succeeded', 'the newest attempt of each that succeeded')
    .action(async (cluster: string, node: string, flags: Flags) => {
      const tasks = await withSdk(flags, context, (sdk) =>
        collect(context, flags, async (page) => {
          const found = flags.succeeded
            ? (await sdk.lastSuccesses({ cluster, node, ...page })).cluster?.node?.lastSuccesses
            : (await sdk.lastTasks({ cluster, node, ...page })).cluster?.node?.lastTasks;
          if (found) return found;
          const message = `There is no cluster "${cluster}", or nothing was ever reported of its node "${node}".`;
          throw new CliFailure(message, EXIT.REFUSED);
        }),
      );
      writeRows(context.terminal, flags, tasks.map(historyRow), COLUMNS);
    });
  withExamples(command, ['cluster node env-1 5', 'cluster node env-1 5 --succeeded -o csv']);
}
