import { payloadOf } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { writeObject } from '../output/format.js';
import { clusterRow } from '../rows/cluster.js';

interface Flags extends ServerOptions {
  readonly name?: string;
  readonly release?: string;
}

/** `orrery cluster create` */
export function registerClusterCreate(parent: Command, context: CommandContext): void {
  const command = parent
    .command('create')
    .argument('<external-id>', 'what its owner calls it')
    .description('make a cluster; one that was removed comes back');
  withServer(command)
    .option('--name <text>', 'its name for people (default: the external id)')
    .option('--release <version>', 'the release it runs: 9.0')
    .action(async (externalId: string, flags: Flags) => {
      const input = { externalId, name: flags.name, releaseVersion: flags.release };
      const payload = await withSdk(flags, context, async (sdk) =>
        payloadOf((await sdk.clusterCreate({ input })).clusterCreate),
      );
      const { cluster, outcome } = payload;
      writeObject(context.terminal, flags, { outcome, ...clusterRow(cluster) }, payload);
    });
  withExamples(command, ['cluster create env-1', 'cluster create env-1 --name "Berlin, production" --release 9.0']);
}
