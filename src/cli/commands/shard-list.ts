import type { ShardState } from '@orrery/sdk';
import type { Command } from 'commander';
import {
  type CommandContext,
  listOf,
  liveCursor,
  type ServerOptions,
  withExamples,
  withSdk,
  withServer,
} from '../command.js';
import { labels } from '../labels.js';
import { rowWriter, writeRows } from '../output/format.js';
import { collect, type PagingOptions, withPaging } from '../paging.js';
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
    const after = flags.follow ? await liveCursor(sdk) : undefined;
    const shards = await collect(context, flags, async (page) => (await sdk.shards({ filter, ...page })).shards);
    if (!flags.follow) return writeRows(context.terminal, flags, shards.map(shardRow), SHARD_COLUMNS);
    const write = rowWriter(context.terminal, flags, SHARD_MOVE_COLUMNS);
    write(shards.map(heldRow));
    const moves = { tag, serviceIds: service && [service.id] };
    for await (const { shardMoved } of sdk.shardMoved({ filter: moves, after })) write([moveRow(shardMoved)]);
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
