import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { instant } from '../output/cell.js';
import { writeObject } from '../output/format.js';
import { serviceText } from '../rows/service.js';

interface Flags extends ServerOptions {
  readonly reason?: string;
}

/** `orrery service remove` */
export function registerServiceRemove(parent: Command, context: CommandContext): void {
  const command = parent
    .command('remove')
    .argument('<service>', 'id, host/name, or the name where only one has it')
    .description('forget a service that has stopped or failed; started again, it is a new one');
  withServer(command)
    .option('--reason <text>', 'why, for the activity')
    .action(async (id: string, flags: Flags) => {
      const { reason } = flags;
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.serviceRemove({ input: { id, reason } })).serviceRemove),
      );
      const { service } = payload;
      const fields = { outcome: 'REMOVED', service: serviceText(service), id: service.id, state: service.state };
      writeObject(context.terminal, flags, { ...fields, lastSeenAt: instant(service.lastSeenAt) }, payload);
    });
  withExamples(command, ['service remove ctl-1/engine --reason "the host is gone"']);
}
