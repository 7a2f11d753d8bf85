import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, texts, withExamples, withSdk, withServer } from '../command.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { CLUSTER_COLUMNS, clusterRow } from '../rows/cluster.js';

interface Flags extends ServerOptions, PagingOptions {
  readonly release?: string[];
  readonly search?: string;
  readonly removed?: boolean;
}

/** `orrery cluster list` */
export function registerClusterList(parent: Command, context: CommandContext): void {
  const command = parent.command('list').alias('ls').description('list the clusters that are deployed to, by name');
  withPaging(withServer(command))
    .option('--release <versions>', 'of these releases: one or several, with commas', texts)
    .option('--search <text>', 'with this text in external id or name')
    .option('--removed', 'removed ones too')
    .action(async (flags: Flags) => {
      const filter = { releaseVersions: flags.release, search: flags.search, includeRemoved: flags.removed };
      const clusters = await withSdk(flags, context, (sdk) =>
        collect(context, flags, async (page) => (await sdk.clusters({ filter, ...page })).clusters),
      );
      writeRows(context.terminal, flags, clusters.map(clusterRow), CLUSTER_COLUMNS);
    });
  withExamples(command, ['cluster list', 'cluster list --release 9.0 --removed -o csv']);
}
