import { setImmediate as nextTurn } from 'node:timers/promises';
import { brokenCursor, decodeCursor, encodeCursor } from '../db/cursor.js';
import { COUNT_CAP, type Page, type PageRequest, pageSize } from '../db/page.js';
import type { SqlValue } from '../db/sql-value.js';
import type { Reader } from '../db/transaction.js';
import { checkListLength } from '../db/where-in.js';
import { type InputIssue, InvalidInputError } from '../lib/errors.js';
import {
  type ComparedTask,
  compareTasks,
  DEFAULT_THRESHOLD,
  type DurationThreshold,
  TASK_CHANGES,
  type TaskChange,
  type TaskDifference,
} from './task-difference.js';

type Maybe<T> = T | null | undefined;

/** Which differences are shown; what is left out or null does not narrow. */
export interface DiffFilter {
  /** Left out: all but UNCHANGED. */
  readonly changes?: Maybe<readonly TaskChange[]>;
  /** '' stands for points of synchronisation. */
  readonly nodeIds?: Maybe<readonly string[]>;
  readonly taskNames?: Maybe<readonly string[]>;
  /** Seconds, and a share of the duration before: from when on a duration has changed. */
  readonly durationSeconds?: Maybe<number>;
  readonly durationShare?: Maybe<number>;
}

/** The two transactions, by their global ids. */
export interface DiffSides {
  readonly before: string;
  readonly after: string;
}

/** What a comparison looks at. */
interface Comparison {
  readonly sides: DiffSides;
  readonly changes: ReadonlySet<TaskChange>;
  readonly nodeIds: readonly string[] | null;
  readonly taskNames: readonly string[] | null;
  readonly threshold: DurationThreshold;
}

/** The place of a task on a node in the order of both sides: the task in the graph, then the node. */
type Position = readonly [graphTaskId: string, nodeId: string];

/** Which part of both sides is read, and which way: what stands between two places; null: to the end. */
interface Stretch {
  readonly from: Position | null;
  readonly until: Position | null;
  readonly backwards: boolean;
}

/** Which rows of both sides one statement reads. */
interface Chunk extends Stretch {
  readonly limit: number;
}

interface SideRow extends ComparedTask {
  /** 0: before; 1: after. */
  readonly side: number | string;
}

/** Rows of each side that one statement reads at first, and at most. */
const FIRST_CHUNK = 200;
const LARGEST_CHUNK = 800;
const INDEX = 'ux_tasks_attempt';

const isSqlite = (reader: Reader): boolean => reader.manager.dataSource.options.type === 'better-sqlite3';

/** The rows on one side of a place. */
function beyond([graphTaskId, nodeId]: Position, sign: '<' | '>'): { sql: string; values: SqlValue[] } {
  const sql = `t.graph_task_id ${sign}= ? AND (t.graph_task_id ${sign} ? OR t.node_id ${sign} ?)`;
  return { sql, values: [graphTaskId, graphTaskId, nodeId] };
}

/** The numbers of one side's newest attempts, in the order of the unique index. */
function sideSql(
  reader: Reader,
  transactionId: string,
  { nodeIds, taskNames }: Comparison,
  { from, until, backwards, limit }: Chunk,
): { sql: string; values: SqlValue[] } {
  const order = backwards ? 'DESC' : 'ASC';
  const values: SqlValue[] = [transactionId];
  const conditions = ['t.transaction_id = ?'];
  for (const [place, behind] of [[from, true] as const, [until, false] as const]) {
    if (place === null) continue;
    const bound = beyond(place, behind === backwards ? '<' : '>');
    conditions.push(bound.sql);
    values.push(...bound.values);
  }
  for (const [column, listed] of [['node_id', nodeIds] as const, ['task_name', taskNames] as const]) {
    if (listed === null) continue;
    conditions.push(`t.${column} IN (${listed.map(() => '?').join(', ')})`);
    values.push(...listed);
  }
  conditions.push(`NOT EXISTS (SELECT 1 FROM tasks n WHERE n.transaction_id = t.transaction_id
    AND n.graph_task_id = t.graph_task_id AND n.node_id = t.node_id AND n.attempt > t.attempt)`);
  const table = isSqlite(reader) ? `tasks t INDEXED BY ${INDEX}` : `tasks t FORCE INDEX (${INDEX})`;
  const sql = `SELECT t.number AS number FROM ${table} WHERE ${conditions.join(' AND ')}
    ORDER BY t.graph_task_id ${order}, t.node_id ${order} LIMIT ${limit}`;
  return { sql, values };
}

/** Rows of both sides in one order, and how many of them are known to have no others between them. */
interface Merged {
  readonly rows: readonly SideRow[];
  readonly complete: number;
  readonly isLast: boolean;
}

/**
 * So many rows of each side from a position on, merged by the database: its collation is the order. A side that may have
 * more is complete up to its last row.
 */
async function rowsOf(reader: Reader, comparison: Comparison, chunk: Chunk): Promise<Merged> {
  const { before, after } = comparison.sides;
  const parts = [before, after].map((id) => sideSql(reader, id, comparison, chunk));
  const order = chunk.backwards ? 'DESC' : 'ASC';
  const selects = parts.map(
    ({ sql }, side) => `SELECT ${side} AS side, task.id AS id, task.graph_task_id AS graphTaskId,
      task.task_name AS taskName, task.node_id AS nodeId, task.status AS status, task.time_start AS timeStart,
      task.time_end AS timeEnd FROM (${sql}) part${side} JOIN tasks task ON task.number = part${side}.number`,
  );
  const rows = await reader.rows<SideRow>(
    `SELECT * FROM (${selects.join(' UNION ALL ')}) merged
     ORDER BY graphTaskId ${order}, nodeId ${order}, side`,
    parts.flatMap(({ values }) => values),
  );
  const numberOrNull = (value: number | null): number | null => (value === null ? null : Number(value));
  const ends = [0, 1].flatMap((side) => {
    const own = rows.flatMap((row, index) => (Number(row.side) === side ? [index] : []));
    return own.length < chunk.limit ? [] : [(own.at(-1) ?? 0) + 1];
  });
  return {
    rows: rows.map((row) => ({ ...row, timeStart: numberOrNull(row.timeStart), timeEnd: numberOrNull(row.timeEnd) })),
    complete: Math.min(rows.length, ...ends),
    isLast: ends.length === 0,
  };
}

const positionOf = ({ graphTaskId, nodeId }: ComparedTask): Position => [graphTaskId, nodeId];
const isSame = (a: Position, b: Position): boolean => a[0] === b[0] && a[1] === b[1];

/** The two sides of each task in the rows that are complete: a task's second side stands beside its first. */
function* pairsIn({ rows, complete }: Merged): Generator<[ComparedTask | null, ComparedTask | null]> {
  for (let at = 0; at < complete; at += 1) {
    const [row, next] = [rows[at], rows[at + 1]];
    if (!row) return;
    if (next && isSame(positionOf(row), positionOf(next))) {
      yield [row, next];
      at += 1;
    } else if (Number(row.side) === 0) yield [row, null];
    else yield [null, row];
  }
}

/** A difference, and where it stands. */
interface Placed {
  readonly position: Position;
  readonly difference: TaskDifference;
}

/** The differences in a stretch: a statement for each so many rows, none of which is held afterwards. */
async function* differences(
  reader: Reader,
  comparison: Comparison,
  stretch: Stretch,
  signal: AbortSignal,
): AsyncGenerator<Placed> {
  let position = stretch.from;
  for (let limit = FIRST_CHUNK; ; limit = Math.min(LARGEST_CHUNK, 4 * limit)) {
    // SQLite reads in this process: others have their turn.
    await nextTurn();
    signal.throwIfAborted();
    const merged = await rowsOf(reader, comparison, { ...stretch, from: position, limit });
    for (const [before, after] of pairsIn(merged)) {
      const task = before ?? after;
      if (!task) continue;
      position = positionOf(task);
      const difference = compareTasks(before, after, comparison.threshold);
      if (comparison.changes.has(difference.change)) yield { position, difference };
    }
    if (merged.isLast) return;
  }
}

function thresholdOf({ durationSeconds, durationShare }: DiffFilter): DurationThreshold {
  const issues: InputIssue[] = [];
  for (const [field, value] of Object.entries({ durationSeconds, durationShare })) {
    if (value != null && !(value >= 0)) issues.push({ path: ['filter', field], message: 'This is not less than 0.' });
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
  return {
    least: durationSeconds == null ? DEFAULT_THRESHOLD.least : durationSeconds * 1_000,
    share: durationShare ?? DEFAULT_THRESHOLD.share,
  };
}

function comparisonOf(sides: DiffSides, filter: DiffFilter): Comparison {
  const { changes, nodeIds, taskNames } = filter;
  checkListLength(nodeIds, ['filter', 'nodeIds']);
  checkListLength(taskNames, ['filter', 'taskNames']);
  const nothing = nodeIds?.length === 0 || taskNames?.length === 0;
  const shown = changes ?? TASK_CHANGES.filter((change) => change !== 'UNCHANGED');
  return {
    sides,
    changes: new Set(nothing ? [] : shown),
    nodeIds: nodeIds ?? null,
    taskNames: taskNames ?? null,
    threshold: thresholdOf(filter),
  };
}

const WHOLE: Stretch = { from: null, until: null, backwards: false };

/** The position of one of a request's cursors. Throws InvalidInputError. */
function positionIn(request: PageRequest, field: 'after' | 'before', list: string): Position | null {
  const mark = request[field];
  if (mark == null) return null;
  const [graphTaskId, nodeId] = decodeCursor(mark, list, 2, [field]);
  if (typeof graphTaskId === 'string' && typeof nodeId === 'string') return [graphTaskId, nodeId];
  throw brokenCursor([field]);
}

/**
 * One page of what differs between two transactions, task by task: the newest attempts of both, which are read side by
 * side in the order of their unique index, as far as the page needs. Throws InvalidInputError for a wrong filter, page or
 * cursor, and the signal's reason when it ends.
 */
export async function transactionDiffPage(
  reader: Reader,
  sides: DiffSides,
  filter: DiffFilter,
  request: PageRequest,
  signal: AbortSignal,
): Promise<Page<TaskDifference>> {
  const { size, backwards } = pageSize(request);
  const comparison = comparisonOf(sides, filter);
  const list = `diff:${sides.before}:${sides.after}`;
  const [after, before] = [positionIn(request, 'after', list), positionIn(request, 'before', list)];
  const [from, until] = backwards ? [before, after] : [after, before];
  const found: Placed[] = [];
  if (comparison.changes.size > 0) {
    for await (const placed of differences(reader, comparison, { from, until, backwards }, signal)) {
      if (found.push(placed) > size) break;
    }
  }
  const more = found.length > size;
  const shown = found.slice(0, size);
  if (backwards) shown.reverse();
  return {
    edges: shown.map(({ position, difference }) => ({ node: difference, cursor: encodeCursor(list, [...position]) })),
    hasNextPage: backwards ? request.before != null : more,
    hasPreviousPage: backwards ? more : request.after != null,
    async total() {
      let total = 0;
      if (comparison.changes.size === 0) return total;
      for await (const _placed of differences(reader, comparison, WHOLE, signal)) {
        total += 1;
        if (total >= COUNT_CAP) break;
      }
      return total;
    },
  };
}
