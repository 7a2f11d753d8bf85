import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { writeObject } from '../output/format.js';
import { positive } from '../paging.js';
import { clusterRow } from '../rows/cluster.js';

interface Flags extends ServerOptions {
  readonly expectedRevision?: number;
}

/** `orrery cluster remove` */
export function registerClusterRemove(parent: Command, context: CommandContext): void {
  const command = parent
    .command('remove')
    .argument('<cluster>', 'external id or id')
    .description('remove a cluster from lists; its history is kept, and it comes back with its next deployment');
  withServer(command)
    .option('--expected-revision <number>', 'refuse when somebody else changed it meanwhile', positive)
    .action(async (id: string, { expectedRevision, ...flags }: Flags) => {
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.clusterRemove({ input: { id, expectedRevision } })).clusterRemove),
      );
      const { cluster, outcome } = payload;
      writeObject(context.terminal, flags, { outcome, ...clusterRow(cluster) }, payload);
    });
  withExamples(command, ['cluster remove env-1']);
}
