import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject } from '../output/format.js';
import { clientRow } from '../rows/client.js';

/** `orrery client show` */
export function registerClientShow(parent: Command, context: CommandContext): void {
  const command = parent
    .command('show')
    .argument('<client>', 'key or id')
    .description('show one client: its agent, what that can execute, its jobs');
  withProject(withServer(command)).action(async (id: string, flags: ServerOptions) => {
    const { client } = await withSdk(flags, context, (sdk) => sdk.client({ id, project: flags.project }));
    if (!client) throw new CliFailure(`There is no client "${id}": see "orrery client list".`, EXIT.REFUSED);
    const fields = {
      ...clientRow(client),
      capabilities: JSON.stringify(client.capabilities),
      jobs: client.jobs.nodes.map((job) => `${job.key} (${job.status})`),
    };
    writeObject(context.terminal, flags, fields, client);
  });
  withExamples(command, ['client show web1', 'client show web1 -o yaml']);
}
