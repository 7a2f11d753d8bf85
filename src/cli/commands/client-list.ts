import type { ClientState } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, listOf, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { CLIENT_COLUMNS, clientRow } from '../rows/client.js';

const STATES: readonly ClientState[] = ['ONLINE', 'OFFLINE'];

interface Flags extends ServerOptions, PagingOptions {
  readonly state?: ClientState[];
  readonly search?: string;
}

/** `orrery client list` */
export function registerClientList(parent: Command, context: CommandContext): void {
  const command = parent.command('list').alias('ls').description('list the hosts that run an agent');
  withPaging(withServer(command))
    .addOption(listOf('-s, --state <states>', 'in these states', STATES))
    .option('--search <text>', 'with this text in key, host name or description')
    .action(async (flags: Flags) => {
      const filter = { states: flags.state, search: flags.search };
      const clients = await withSdk(flags, context, (sdk) =>
        collect(context, flags, async (page) => (await sdk.clients({ filter, ...page })).clients),
      );
      writeRows(context.terminal, flags, clients.map(clientRow), CLIENT_COLUMNS);
    });
  withExamples(command, ['client list', 'client list --state offline -o json']);
}
