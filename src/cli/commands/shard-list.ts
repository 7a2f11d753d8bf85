import type { ShardState } from '@orrery/sdk';
import type { Command } from 'commander';
import { type CommandContext, listOf, type ServerOptions, withExamples, withSdk, withServer } from '../command.js';
import { showList } from '../followed-list.js';
import { labels } from '../labels.js';
import { type PagingOptions, withPaging } from '../paging.js';
import { heldRow, moveRow, SHARD_COLUMNS, SHARD_MOVE_COLUMNS, shardRow } from '../rows/shard.js';
import { findService } from './service-show.js';

const STATES: readonly ShardState[] = ['OWNED', 'FREE', 'EXPIRED', 'UNASSIGNED'];

interface Flags extends ServerOptions, PagingOptions {
  readonly service?: string;
  readonly tag?: Record<string, string>;
  readonly state?: ShardState[];
  readonly follow?: boolean;
}

async function listShards(context: CommandContext, flags: Flags): Promise<void> {
  await withSdk(flags, context, async (sdk) => {
    const { tag, state: states } = flags;
    const service = flags.service === undefined ? undefined : await findService(sdk, flags.service);
    const filter = { serviceId: service?.id, tag, states };
    await showList(context, flags, sdk, {
      columns: SHARD_COLUMNS,
      row: shardRow,
      newestFirst: false,
      page: async (page) => (await sdk.shards({ filter, ...page })).shards,
      followed: { columns: SHARD_MOVE_COLUMNS, row: heldRow },
      async *changes(after) {
        const moves = { tag, serviceIds: service && [service.id] };
        for await (const { shardMoved } of sdk.shardMoved({ filter: moves, after })) yield [moveRow(shardMoved)];
      },
    });
  });
}

function define(parent: Command, context: CommandContext, name: string, path: string): Command {
  const command = parent.command(name).description('list the slices of the schedule, and who owns them');
  withPaging(withServer(command))
    .option('--service <service>', 'that this service owns')
    .option('--tag <labels>', 'with exactly this tag: zone=eu; "any" for what fits every service', labels)
    .addOption(listOf('-s, --state <states>', 'in these states', STATES))
    .option('-f, --follow', 'go on with each move: who, why, from, to')
    .action((flags: Flags) => listShards(context, flags));
  return withExamples(command, [path, `${path} --state free,unassigned`, `${path} --service ctl-1/engine --follow`]);
}

/** `orrery shard list` */
export function registerShardList(parent: Command, context: CommandContext): void {
  define(parent, context, 'list', 'shard list').alias('ls');
}

/** `orrery shards` */
export function registerShards(parent: Command, context: CommandContext): void {
  define(parent, context, 'shards', 'shards');
}
