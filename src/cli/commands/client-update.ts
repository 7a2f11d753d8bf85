import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withProject, withSdk, withServer } from '../command.js';
import { writeObject } from '../output/format.js';
import { clientRow } from '../rows/client.js';

interface Flags extends ServerOptions {
  readonly description: string;
}

/** `orrery client update` */
export function registerClientUpdate(parent: Command, context: CommandContext): void {
  const command = parent
    .command('update')
    .argument('<client>', 'key or id')
    .description('change what people say of a client');
  withProject(withServer(command))
    .requiredOption('--description <text>', 'what it is; "" takes it away')
    .action(async (id: string, flags: Flags) => {
      const { project, description } = flags;
      const { client } = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.clientUpdate({ input: { id, project, description } })).clientUpdate),
      );
      writeObject(context.terminal, flags, clientRow(client), client);
    });
  withExamples(command, ['client update web1 --description "web server, rack 4"']);
}
