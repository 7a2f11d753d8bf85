import type { ServiceState } from '@orrery/sdk';
import type { Command } from 'commander';
import {
  type CommandContext,
  listOf,
  type ServerOptions,
  texts,
  withExamples,
  withSdk,
  withServer,
} from '../command.js';
import { showList } from '../followed-list.js';
import { labels } from '../labels.js';
import { type PagingOptions, withPaging } from '../paging.js';
import {
  SERVICE_COLUMNS,
  SERVICE_FACT_COLUMNS,
  serviceChangeRow,
  serviceFactRow,
  serviceRow,
} from '../rows/service.js';

const STATES: readonly ServiceState[] = ['ACTIVE', 'DRAINING', 'STOPPED', 'FAILED'];

interface Flags extends ServerOptions, PagingOptions {
  readonly state?: ServiceState[];
  readonly host?: string[];
  readonly name?: string[];
  readonly label?: Record<string, string>;
  readonly follow?: boolean;
}

async function listServices(context: CommandContext, flags: Flags): Promise<void> {
  const { state: states, host: hosts, name: names, label } = flags;
  await withSdk(flags, context, async (sdk) => {
    const filter = { states, hosts, names, labels: label };
    await showList(context, flags, sdk, {
      columns: SERVICE_COLUMNS,
      row: serviceRow,
      newestFirst: false,
      page: async (page) => (await sdk.services({ filter, ...page })).services,
      followed: { columns: SERVICE_FACT_COLUMNS, row: serviceFactRow },
      async *changes(after) {
        const changes = sdk.serviceStateChanged({ filter: { states, hosts }, after });
        for await (const { serviceStateChanged: fact } of changes) {
          if (names === undefined || names.includes(fact.name)) yield [serviceChangeRow(fact)];
        }
      },
    });
  });
}

function define(parent: Command, context: CommandContext, name: string, path: string): Command {
  const command = parent.command(name).description('list the server processes: who is alive, and what each owns');
  withPaging(withServer(command))
    .addOption(listOf('-s, --state <states>', 'in these states', STATES))
    .option('--host <hosts>', 'on these hosts: one or several, with commas', texts)
    .option('--name <names>', 'with these names: one or several, with commas', texts)
    .option('--label <labels>', 'with all of these labels: zone=eu,disk=fast', labels)
    .option('-f, --follow', 'go on with what becomes of them, as it happens')
    .action((flags: Flags) => listServices(context, flags));
  return withExamples(command, [path, `${path} --state failed,stopped`, `${path} --label zone=eu --follow`]);
}

/** `orrery service list` */
export function registerServiceList(parent: Command, context: CommandContext): void {
  define(parent, context, 'list', 'service list').alias('ls');
}

/** `orrery services` */
export function registerServices(parent: Command, context: CommandContext): void {
  define(parent, context, 'services', 'services');
}
