import { type Axis, type Condition, combinedRanges, type IndexRange, type RangeList } from '../db/index-range.js';
import { TASK_STATUSES, type TaskStatus } from '../entities/ledger.js';

/** Where tasks are listed: in some transactions, in some scopes, or all there are. */
export type TaskPlace =
  | { readonly in: 'transactions'; readonly ids: readonly string[] }
  | { readonly in: 'scopes'; readonly scopes: readonly string[] }
  | { readonly in: 'all' };

/** What a list of tasks is narrowed to; null does not narrow, and an empty list fits no row. */
export interface TaskNarrowing {
  readonly nodeIds: readonly string[] | null;
  readonly taskNames: readonly string[] | null;
  readonly statuses: readonly TaskStatus[] | null;
  /** When they began, in epoch milliseconds, both exclusive. */
  readonly startedAfter: number | null;
  readonly startedBefore: number | null;
  /** What is searched for in the name and the node. */
  readonly search: Condition | null;
}

export const NOT_NARROWED: TaskNarrowing = {
  nodeIds: null,
  taskNames: null,
  statuses: null,
  startedAfter: null,
  startedBefore: null,
  search: null,
};

/** What has not begun, or never will. */
const NOT_BEGUN: ReadonlySet<TaskStatus> = new Set<TaskStatus>(['PENDING', 'SKIPPED']);

type Column = 'transaction_id' | 'scope' | 'node_id' | 'task_name' | 'status';

/** The columns of an index before those of the order. */
interface Index {
  readonly name: string;
  readonly columns: readonly Column[];
}

/** The indexes of a place, by what a list is narrowed to. */
interface Indexes {
  readonly plain: Index;
  readonly status: Index;
  readonly node: Index;
  readonly name: Index;
  readonly both: Index;
}

const IN_TRANSACTIONS: Indexes = {
  plain: { name: 'ix_tasks_transaction', columns: ['transaction_id'] },
  status: { name: 'ix_tasks_transaction_status', columns: ['transaction_id', 'status'] },
  node: { name: 'ix_tasks_transaction_node', columns: ['transaction_id', 'node_id', 'status'] },
  name: { name: 'ix_tasks_transaction_name', columns: ['transaction_id', 'task_name', 'status'] },
  // One task on one node has as many rows as attempts: their statuses are looked at.
  both: { name: 'ix_tasks_transaction_both', columns: ['transaction_id', 'node_id', 'task_name'] },
};

const IN_SCOPES: Indexes = {
  plain: { name: 'ix_tasks_scope', columns: ['scope'] },
  status: { name: 'ix_tasks_scope_status', columns: ['scope', 'status'] },
  node: { name: 'ix_tasks_scope_node', columns: ['scope', 'node_id', 'status'] },
  name: { name: 'ix_tasks_scope_name', columns: ['scope', 'task_name', 'status'] },
  both: { name: 'ix_tasks_scope_both', columns: ['scope', 'node_id', 'task_name', 'status'] },
};

const OF_ALL: Index = { name: 'ix_tasks_status', columns: ['status'] };

/** Whether tasks of all scopes are listed by one index, so that the scopes need not be known. */
export const needsNoScopes = ({ nodeIds, taskNames }: TaskNarrowing): boolean => nodeIds === null && taskNames === null;

function indexOf(place: TaskPlace, { nodeIds, taskNames }: TaskNarrowing, statuses: readonly TaskStatus[]): Index {
  if (place.in === 'all') return OF_ALL;
  const indexes = place.in === 'transactions' ? IN_TRANSACTIONS : IN_SCOPES;
  if (nodeIds !== null) return taskNames === null ? indexes.node : indexes.both;
  if (taskNames !== null) return indexes.name;
  return statuses.length === TASK_STATUSES.length ? indexes.plain : indexes.status;
}

function statusesOf({ statuses, startedAfter, startedBefore }: TaskNarrowing): TaskStatus[] {
  const wanted = TASK_STATUSES.filter((status) => statuses === null || statuses.includes(status));
  return startedAfter === null && startedBefore === null ? wanted : wanted.filter((status) => !NOT_BEGUN.has(status));
}

/** What the index does not narrow by, but for what it is ordered by. */
function restOf(narrowing: TaskNarrowing, { columns }: Index, statuses: readonly TaskStatus[]): Condition[] {
  const { startedAfter, startedBefore, search } = narrowing;
  const rest: Condition[] = [];
  if (startedAfter !== null) rest.push({ sql: 'ordered_at > ?', values: [startedAfter] });
  if (startedBefore !== null) rest.push({ sql: 'ordered_at < ?', values: [startedBefore] });
  if (!columns.includes('status') && statuses.length < TASK_STATUSES.length) {
    rest.push({ sql: `status IN (${statuses.map(() => '?').join(', ')})`, values: statuses });
  }
  if (search !== null) rest.push(search);
  return rest;
}

/** Nearly all tasks of a history succeeded. */
const isRare = ({ equals }: IndexRange): boolean =>
  equals.some(([column, value]) => column === 'status' && value !== 'READY');

/**
 * The ranges of one index that hold the rows of a list: in transactions by number, else by when they began. Within
 * transactions `search` and the times are looked up in the rows that the rest of the narrowing fits; everything else is
 * read no further than the page needs. Throws InvalidInputError when the filter names too many combinations.
 */
export function taskRanges(place: TaskPlace, narrowing: TaskNarrowing): RangeList {
  const statuses = statusesOf(narrowing);
  const index = indexOf(place, narrowing, statuses);
  const values: Record<Column, readonly string[]> = {
    transaction_id: place.in === 'transactions' ? place.ids : [],
    scope: place.in === 'scopes' ? place.scopes : [],
    node_id: [...new Set(narrowing.nodeIds)],
    task_name: [...new Set(narrowing.taskNames)],
    status: statuses,
  };
  const none = statuses.length === 0;
  const axes = index.columns.map((column): Axis => [column, values[column]]);
  const ranges = none ? [] : combinedRanges(index.name, axes, restOf(narrowing, index, statuses));
  return {
    table: 'tasks',
    order: place.in === 'transactions' ? ['number'] : ['ordered_at', 'number'],
    ranges: statuses.includes('READY') ? ranges.map((range) => ({ ...range, rare: isRare(range) })) : ranges,
  };
}
