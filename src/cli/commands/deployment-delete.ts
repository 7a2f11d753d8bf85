import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { writeObject } from '../output/format.js';
import { tombstoneRow } from '../rows/tombstone.js';

interface Flags extends ServerOptions {
  readonly reason: string;
}

/** `orrery deployment delete` */
export function registerDeploymentDelete(parent: Command, context: CommandContext): void {
  const command = parent
    .command('delete')
    .argument('<deployment>', 'number or id; that of a run does too')
    .description('delete a deployment that is over, with its tasks; who did it and why is kept. Admins only');
  withServer(command)
    .requiredOption('--reason <text>', 'why; it stays when the deployment is gone')
    .action(async (id: string, { reason, ...flags }: Flags) => {
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.transactionDelete({ input: { id, reason } })).transactionDelete),
      );
      const { outcome, tombstone } = payload;
      writeObject(context.terminal, flags, { outcome, ...tombstoneRow(tombstone) }, payload);
    });
  withExamples(command, ['deployment delete 12 --reason "a rehearsal"']);
}
