import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ctx } from '../auth/actor.js';
import {
  type Axis,
  combinedRanges,
  type IndexRange,
  type Key,
  partSql,
  type RangeList,
  unionRows,
} from '../db/index-range.js';
import type { Reader } from '../db/transaction.js';
import { checkListLength } from '../db/where-in.js';
import { TASK_STATUSES, type TaskRow } from '../entities/ledger.js';
import { InvalidInputError } from '../lib/errors.js';
import { mergePages } from '../lib/merge-pages.js';
import { DAY } from '../lib/time.js';
import { allScopes, listScopes, type PlaceFilter } from './list-scopes.js';
import { tasksByIds } from './read.js';
import { type StatsRow, type TaskFigures, TaskFiguresBuilder } from './task-stats.js';

type Maybe<T> = T | null | undefined;

/** Which attempts statistics are made of. Instants are epoch milliseconds. */
export interface StatsFilter extends PlaceFilter {
  readonly taskName: string;
  readonly nodeIds?: Maybe<readonly string[]>;
  /** Began (or were made, where they have not begun) from this instant on; left out: 30 days before its end. */
  readonly from?: Maybe<number>;
  /** And before this one; left out: now. */
  readonly to?: Maybe<number>;
}

/** Statistics of one task name, and what they cover. */
export interface TaskStats {
  readonly taskName: string;
  readonly from: number;
  readonly to: number;
  /** Whether there were more attempts than are looked at: the newest are, and `from` is the oldest of them. */
  readonly truncated: boolean;
  readonly figures: TaskFigures;
  /** The newest attempt that succeeded, also before the window. */
  readonly lastSuccess: TaskRow | null;
}

/** How statistics are read. */
export interface StatsReading {
  /** The store's clock, in epoch milliseconds. */
  readonly now: number;
  /** Ends the reading. */
  readonly signal: AbortSignal;
  /** Attempts that they are made of, at most; left out: MOST_ATTEMPTS. */
  readonly most?: number;
}

/** Attempts that statistics are made of, at most. */
const MOST_ATTEMPTS = 200_000;
const DEFAULT_WINDOW = 30 * DAY;
/** Ranges that each have a node of their own; more nodes than fit are looked up row by row. */
const MOST_NODE_RANGES = 500;
/** Ranges of an index that are looked into: those that have rows are read side by side. */
const MOST_RANGES = 3_500;
/** So few ranges are read without a look into them before. */
const FEW = 7;
/** Rows that are held of all ranges together, about. */
const MOST_HELD = 20_000;
const LARGEST_PAGE = 500;

type ReadRow = StatsRow & { number: number; orderedAt: number };

const COLUMNS = `number AS number, ordered_at AS orderedAt, scope AS scope, node_id AS nodeId,
  graph_task_id AS graphTaskId, status AS status, time_start AS timeStart, time_end AS timeEnd`;

const keyOf = ({ orderedAt, number }: ReadRow): Key => [orderedAt, number];

/** The rows of one range, the newest first. SQLite reads in this process: others have their turn after each page. */
async function* newestFirst(
  reader: Reader,
  list: RangeList,
  range: IndexRange,
  limit: number,
): AsyncGenerator<readonly ReadRow[]> {
  for (let from: Key | null = null; ; ) {
    const { sql, values } = partSql(reader, COLUMNS, { list, range, descending: true, from, limit });
    const rows: ReadRow[] = await reader.prepared<ReadRow>(sql, values);
    await nextTurn();
    const last = rows.at(-1);
    if (last) yield rows;
    if (!last || rows.length < limit) return;
    from = keyOf(last);
  }
}

/** Where attempts of a task are looked for. */
interface Place {
  readonly taskName: string;
  readonly scopes: readonly string[];
  readonly nodeIds: readonly string[] | null;
}

/** The ranges that hold the attempts with these statuses from one instant to another. Throws InvalidInputError. */
function rangesOf(place: Place, statuses: readonly string[], from: number, to: number): RangeList {
  const { taskName, scopes, nodeIds } = place;
  const also = [{ sql: 'ordered_at >= ? AND ordered_at < ?', values: [from, to] }];
  const axes = (...middle: Axis[]): Axis[] => [['scope', scopes], ...middle, ['status', statuses]];
  const name: Axis = ['task_name', [taskName]];
  const order = { table: 'tasks', order: ['ordered_at', 'number'] };
  if (nodeIds !== null && scopes.length * nodeIds.length * statuses.length <= MOST_NODE_RANGES) {
    return { ...order, ranges: combinedRanges('ix_tasks_scope_both', axes(['node_id', nodeIds], name), also) };
  }
  if (scopes.length * statuses.length > MOST_RANGES) {
    const message = 'There are too many clusters and projects to look in: name some.';
    throw new InvalidInputError([{ path: ['filter', 'clusterIds'], message }]);
  }
  const onNodes =
    nodeIds === null ? [] : [{ sql: `node_id IN (${nodeIds.map(() => '?').join(', ')})`, values: nodeIds }];
  return { ...order, ranges: combinedRanges('ix_tasks_scope_name', axes(name), [...also, ...onNodes]) };
}

/** The ranges of a list that have rows: many at once are looked into by one statement. */
async function nonEmpty(reader: Reader, list: RangeList): Promise<RangeList> {
  if (list.ranges.length <= FEW) return list;
  const looks = list.ranges.map((range, index) =>
    partSql(reader, `${index} AS part`, { list, range, descending: true, from: null, limit: 1 }),
  );
  const found = await unionRows<{ part: number | string }>(reader, looks);
  const parts = new Set(found.map(({ part }) => Number(part)));
  return { ...list, ranges: list.ranges.filter((_, index) => parts.has(index)) };
}

async function* pagesOf(reader: Reader, all: RangeList, most: number): AsyncGenerator<readonly ReadRow[]> {
  const list = await nonEmpty(reader, all);
  const size = Math.max(1, Math.min(most, LARGEST_PAGE, Math.floor(MOST_HELD / Math.max(1, list.ranges.length))));
  const sources = list.ranges.map((range) => newestFirst(reader, list, range, size));
  yield* mergePages(sources, (a, b) => b.orderedAt - a.orderedAt || b.number - a.number);
}

async function lastSuccessOf(reader: Reader, place: Place, to: number): Promise<TaskRow | null> {
  for await (const [first] of pagesOf(reader, rangesOf(place, ['READY'], 0, to), 1)) {
    if (!first) continue;
    const [row] = await reader.rows<{ id: string }>('SELECT id FROM tasks WHERE number = ?', [first.number]);
    return row ? ((await tasksByIds(reader, [row.id])).get(row.id) ?? null) : null;
  }
  return null;
}

function windowOf({ from, to }: StatsFilter, now: number): { from: number; to: number } {
  const end = to ?? now + 1;
  const window = { from: from ?? end - DEFAULT_WINDOW, to: end };
  if (window.from < window.to) return window;
  throw new InvalidInputError([{ path: ['window', 'from'], message: 'A window begins before it ends.' }]);
}

/**
 * Statistics of the attempts of one task name that the caller may see: exact over at most MOST_ATTEMPTS of them, read as
 * a stream from the ranges of an index. Throws InvalidInputError, and the signal's reason when it ends.
 */
export async function taskStats(
  reader: Reader,
  ctx: Ctx,
  filter: StatsFilter,
  { now, signal, most = MOST_ATTEMPTS }: StatsReading,
): Promise<TaskStats> {
  checkListLength(filter.nodeIds, ['filter', 'nodeIds']);
  const { taskName } = filter;
  const scopes = (await listScopes(reader, ctx, filter)) ?? (await allScopes(reader));
  const place = { taskName, scopes, nodeIds: filter.nodeIds ? [...new Set(filter.nodeIds)] : null };
  const window = windowOf(filter, now);
  const builder = new TaskFiguresBuilder();
  let oldest = window.from;
  let truncated = false;
  reading: for await (const page of pagesOf(
    reader,
    rangesOf(place, TASK_STATUSES, window.from, window.to),
    LARGEST_PAGE,
  )) {
    signal.throwIfAborted();
    for (const row of page) {
      truncated = builder.attempts === most;
      if (truncated) break reading;
      builder.add(row);
      oldest = row.orderedAt;
    }
  }
  const lastSuccess = await lastSuccessOf(reader, place, window.to);
  const from = truncated ? oldest : window.from;
  return { taskName, from, to: window.to, truncated, figures: builder.figures(), lastSuccess };
}
