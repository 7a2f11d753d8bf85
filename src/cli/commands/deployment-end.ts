import { type DeploymentEnd, payloadOf, type TransactionEndInput } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { type DeploymentFlags, inputFor, withDeployment } from '../definition/deployment.js';
import { oneOf } from '../definition/policy-flags.js';
import { CliFailure, EXIT } from '../failure.js';
import { past } from '../instant-option.js';
import { writeObject } from '../output/format.js';
import { transactionRow } from '../rows/transaction.js';

const ENDS: readonly DeploymentEnd[] = ['READY', 'ERROR', 'STOPPED'];

interface Flags extends ServerOptions, DeploymentFlags {
  readonly status?: DeploymentEnd;
  readonly reason?: string;
  readonly time?: string;
}

/** `orrery deployment end` */
export function registerDeploymentEnd(parent: Command, context: CommandContext): void {
  const command = parent
    .command('end')
    .description('end a deployment: what waits is SKIPPED, what runs is LOST, or STOPPED where it was stopped');
  withDeployment(withServer(command), 'transactionEnd')
    .addOption(oneOf('--status <status>', 'how it ended', ENDS))
    .option('--reason <text>', 'why it ended so')
    .option('--time <date>', 'when it ended: a date, or how long ago (default: now)', past)
    .action(async (deployment: string | undefined, flags: Flags) => {
      const { status, reason, time } = flags;
      const input = inputFor(deployment, flags, { status, reason, time });
      if (input.status === undefined) throw new CliFailure('Say how it ended: --status ready.', EXIT.USAGE);
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.transactionEnd({ input: input as TransactionEndInput })).transactionEnd),
      );
      const { transaction, outcome } = payload;
      writeObject(context.terminal, flags, { outcome, ...transactionRow(transaction) }, payload);
    });
  withExamples(command, [
    'deployment end 12 --status ready',
    'deployment end --external-id deploy-42 --cluster env-1 --status error --reason "node 5 does not boot"',
    'deployment end --file end.json',
  ]);
}
