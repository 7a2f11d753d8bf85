import type { Command } from 'commander';
import { type CommandContext, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
import { TOMBSTONE_COLUMNS, tombstoneRow } from '../rows/tombstone.js';
import { findCluster } from './cluster-show.js';

interface Flags extends ServerOptions, PagingOptions {
  readonly cluster?: string;
}

/** `orrery deployment deleted` */
export function registerDeploymentDeleted(parent: Command, context: CommandContext): void {
  const command = parent
    .command('deleted')
    .description('list deployments and runs that were deleted, the latest first: by whom, when and why');
  withPaging(withServer(command))
    .option('-c, --cluster <cluster>', 'of this cluster: external id or id')
    .action(async (flags: Flags) => {
      const tombstones = await withSdk(flags, context, async (sdk) => {
        const clusterId = flags.cluster === undefined ? undefined : (await findCluster(sdk, flags.cluster)).id;
        return collect(
          context,
          flags,
          async (page) => (await sdk.transactionTombstones({ filter: { clusterId }, ...page })).transactionTombstones,
        );
      });
      writeRows(context.terminal, flags, tombstones.map(tombstoneRow), TOMBSTONE_COLUMNS);
    });
  withExamples(command, ['deployment deleted', 'deployment deleted --cluster env-1 -o csv']);
}
