import type { OrrerySdk } from '@orrery/sdk';
import { type CommandContext, liveCursor } from './command.js';
import type { Row } from './output/cell.js';
import { type OutputOptions, rowWriter, writeRows } from './output/format.js';
import { collect, type PageOf, type PagingOptions } from './paging.js';

/** The options of a list that can be followed. */
export interface FollowOptions extends OutputOptions, PagingOptions {
  readonly follow?: boolean;
}

/** How something is shown, line by line. */
interface Shape<N> {
  readonly columns: readonly string[];
  readonly row: (node: N) => Row;
}

/** A list, and what changes in it. */
export interface FollowedList<N> extends Shape<N> {
  readonly page: (page: { first: number; after: string | null }) => Promise<PageOf<N>>;
  /** Whether the list begins with the newest: followed, it ends with them. */
  readonly newestFirst: boolean;
  /** How what is there is shown before the changes; left out: as in the list. */
  readonly followed?: Shape<N>;
  /** The lines of each change from this cursor on. */
  readonly changes: (after: string) => AsyncIterable<readonly Row[]>;
}

/** Writes a list; with `follow` goes on with its changes, without a gap between the two, until the signal. */
export async function showList<N>(
  context: CommandContext,
  flags: FollowOptions,
  sdk: OrrerySdk,
  list: FollowedList<N>,
): Promise<void> {
  const after = flags.follow ? await liveCursor(sdk) : null;
  const nodes = await collect(context, flags, list.page);
  if (after === null) {
    writeRows(context.terminal, flags, nodes.map(list.row), list.columns);
    return;
  }
  const { columns, row } = list.followed ?? list;
  const write = rowWriter(context.terminal, flags, columns);
  write((list.newestFirst ? nodes.toReversed() : nodes).map(row));
  for await (const rows of list.changes(after)) write(rows);
}
