import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { absence } from '../follow-transaction.js';
import { writeObject } from '../output/format.js';
import { transactionRow } from '../rows/transaction.js';

/** `orrery deployment show` */
export function registerDeploymentShow(parent: Command, context: CommandContext): void {
  const command = parent
    .command('show')
    .argument('<deployment>', 'number or id')
    .description('show one deployment; as json or yaml with its graph and what it was given');
  withServer(command).action(async (id: string, flags: ServerOptions) => {
    const transaction = await withSdk(flags, context, async (sdk) => {
      const found = (await sdk.deploymentInput({ id })).transaction;
      if (found) return found;
      throw new CliFailure(await absence(sdk, id), EXIT.REFUSED);
    });
    writeObject(context.terminal, flags, transactionRow(transaction), transaction);
  });
  withExamples(command, ['deployment show 12', 'deployment show 12 -o yaml']);
}
