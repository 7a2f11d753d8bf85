import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { writeObject } from '../output/format.js';
import { clientRow } from '../rows/client.js';

/** `orrery client remove` */
export function registerClientRemove(parent: Command, context: CommandContext): void {
  const command = parent
    .command('remove')
    .argument('<client>', 'key or id')
    .description('remove a client; the history of its runs is kept, and its agent can register again');
  withProject(withServer(command)).action(async (id: string, flags: ServerOptions) => {
    const input = { id, project: flags.project };
    const { client } = await withSdk(flags, context, async (sdk) =>
      payloadOf((await sdk.clientRemove({ input })).clientRemove),
    );
    writeObject(context.terminal, flags, { ...clientRow(client), state: 'REMOVED' }, client);
  });
  withExamples(command, ['client remove web1']);
}
