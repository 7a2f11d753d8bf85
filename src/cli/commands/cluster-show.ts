import type { OrrerySdk } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { CliFailure, EXIT } from '../failure.js';
import { writeObject } from '../output/format.js';
import { clusterRow } from '../rows/cluster.js';

/** A cluster by its external or global id. Throws CliFailure when there is none that the caller may see. */
export async function findCluster(sdk: OrrerySdk, id: string) {
  const { cluster } = await sdk.cluster({ id });
  if (cluster) return cluster;
  throw new CliFailure(`There is no cluster "${id}": see "orrery cluster list".`, EXIT.REFUSED);
}

/** `orrery cluster show` */
export function registerClusterShow(parent: Command, context: CommandContext): void {
  const command = parent.command('show').argument('<cluster>', 'external id or id').description('show one cluster');
  withServer(command).action(async (id: string, flags: ServerOptions) => {
    const cluster = await withSdk(flags, context, (sdk) => findCluster(sdk, id));
    writeObject(context.terminal, flags, clusterRow(cluster), cluster);
  });
  withExamples(command, ['cluster show env-1', 'cluster show env-1 -o yaml']);
}
