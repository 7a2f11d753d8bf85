import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { absence, findTransaction, followRecord } from '../follow-transaction.js';
import { rowWriter, writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { EVENT_COLUMNS, eventRow } from '../rows/task.js';

interface Flags extends ServerOptions, PagingOptions {
  readonly after?: string;
  readonly follow?: boolean;
}

/** `orrery deployment events` */
export function registerDeploymentEvents(parent: Command, context: CommandContext): void {
  const command = parent
    .command('events')
    .argument('<deployment>', 'number or id')
    .description('show the record of a deployment: everything that was reported of its tasks, in order');
  withPaging(withServer(command))
    .option('--after <number>', 'what follows this number of the record')
    .option('-f, --follow', 'all there is, then what comes until it is over; exit code 0 for READY, else 1')
    .action(async (id: string, flags: Flags) => {
      await withSdk(flags, context, async (sdk) => {
        if (flags.follow) {
          const write = rowWriter(context.terminal, flags, EVENT_COLUMNS);
          await followRecord(sdk, context, await findTransaction(sdk, id), flags.after ?? '0', (event) =>
            write([eventRow(event)]),
          );
          return;
        }
        const events = await collect(context, flags, async ({ first, after }) => {
          const { transaction } = await sdk.transactionEvents({ id, first, after: after ?? flags.after });
          if (transaction) return transaction.taskEvents;
          throw new CliFailure(await absence(sdk, id), EXIT.REFUSED);
        });
        writeRows(context.terminal, flags, events.map(eventRow), EVENT_COLUMNS);
      });
    });
  withExamples(command, [
    'deployment events 12 --all',
    'deployment events 12 --follow -o json',
    'deployment events 12 --after 500',
  ]);
}
