import { MINUTE } from '../src/lib/time.js';
import type { SeededHistory } from './history-seed.js';

/** Rows that a page shows; one more tells whether another page follows. */
export const PAGE = 50;

const SHOWN = `edges { cursor node { id number name nodeId status attempt timeStart timeEnd duration exitCode hasSummary } }
  pageInfo { hasNextPage endCursor }`;

/** What a page shows of a task, as columns. */
const COLUMNS = `id, number, task_name AS name, node_id AS nodeId, status, attempt, time_start AS timeStart, time_end AS timeEnd,
  exit_code AS exitCode, has_summary AS hasSummary`;

export const QUERIES = {
  transaction: `query ($id: ID!, $filter: TaskFilter, $first: Int, $after: String) { transaction(id: $id) {
    tasks(filter: $filter, first: $first, after: $after) { ${SHOWN} } } }`,
  history: `query ($filter: TaskHistoryFilter, $first: Int, $after: String) {
    taskHistory(filter: $filter, first: $first, after: $after) { ${SHOWN} } }`,
};

type Value = string | number;
type Values = Readonly<Record<string, readonly Value[]>>;

/** One list, as GraphQL variables and as SQL. */
export interface ListCase {
  readonly name: string;
  readonly query: keyof typeof QUERIES;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly index: string;
  /** What the first columns of the index have: one of these values each. */
  readonly equals: Values;
  /** Only what began after this instant. */
  readonly startedAfter?: number;
}

const STATUSES = ['PENDING', 'RUNNING', 'READY', 'ERROR', 'SKIPPED', 'LOST', 'STOPPED'];
const BEGUN = ['RUNNING', 'READY', 'ERROR', 'LOST', 'STOPPED'];

/** The seed's filters, each combination: of one transaction, the large one. */
function transactionCases({ large: id }: SeededHistory): ListCase[] {
  const make = (name: string, filter: object, suffix: string, equals: Values): ListCase => ({
    name: `transaction, ${name}`,
    query: 'transaction',
    variables: { id, filter },
    index: `ix_tasks_transaction${suffix}`,
    equals: { transaction_id: [id], ...equals },
  });
  const [nodes, two, some] = [['busy'], ['busy', 'node-7'], ['ERROR', 'READY']];
  return [
    make('all', {}, '', {}),
    make('a node', { nodes }, '_node', { node_id: nodes, status: STATUSES }),
    make('two nodes', { nodes: two }, '_node', { node_id: two, status: STATUSES }),
    make('a status', { statuses: ['ERROR'] }, '_status', { status: ['ERROR'] }),
    make('two statuses', { statuses: some }, '_status', { status: some }),
    make('a node and a status', { nodes, statuses: ['ERROR'] }, '_node', { node_id: nodes, status: ['ERROR'] }),
    make('two nodes and two statuses', { nodes: two, statuses: some }, '_node', { node_id: two, status: some }),
    make('a task', { taskNames: ['task-5'] }, '_name', { task_name: ['task-5'], status: STATUSES }),
  ];
}

/** Across transactions: of a cluster, and of all. */
function historyCases({ clusters, from, to }: SeededHistory): ListCase[] {
  const cluster = clusters[0] ?? '';
  const make = (name: string, filter: object, suffix: string, equals: Values, startedAfter?: number): ListCase => ({
    name: `cluster, ${name}`,
    query: 'history',
    variables: {
      filter: {
        clusterId: cluster,
        ...filter,
        ...(startedAfter === undefined ? {} : { startedAfter: new Date(startedAfter).toISOString() }),
      },
    },
    index: `ix_tasks_scope${suffix}`,
    equals: { scope: [cluster], ...equals },
    ...(startedAfter === undefined ? {} : { startedAfter }),
  });
  const [nodeIds, error, names] = [['busy'], ['ERROR'], ['rare']];
  const middle = from + Math.floor((to - from) / (2 * MINUTE)) * MINUTE;
  return [
    make('all', {}, '', {}),
    make('a node', { nodeIds }, '_node', { node_id: nodeIds, status: STATUSES }),
    make('a status', { statuses: error }, '_status', { status: error }),
    make('a node and a status', { nodeIds, statuses: error }, '_node', { node_id: nodeIds, status: error }),
    make('the rare task', { taskNames: names }, '_name', { task_name: names, status: STATUSES }),
    make('since half of the time', {}, '_status', { status: BEGUN }, middle),
    make(
      'a node and a status since',
      { nodeIds, statuses: error },
      '_node',
      { node_id: nodeIds, status: error },
      middle,
    ),
    {
      name: 'all clusters, a status',
      query: 'history',
      variables: { filter: { statuses: error } },
      index: 'ix_tasks_status',
      equals: { status: error },
    },
    {
      name: 'all clusters, all',
      query: 'history',
      variables: { filter: {} },
      index: 'ix_tasks_status',
      equals: { status: STATUSES },
    },
  ];
}

export const listCases = (seeded: SeededHistory): ListCase[] => [...transactionCases(seeded), ...historyCases(seeded)];

/** The position of a task in the lists. */
export interface Mark {
  number: number;
  orderedAt: number;
}

export interface Statement {
  sql: string;
  values: Value[];
}

const combinations = (equals: Values): (readonly [string, Value])[][] =>
  Object.entries(equals).reduce<(readonly [string, Value])[][]>(
    (all, [column, values]) => all.flatMap((some) => values.map((value) => [...some, [column, value] as const])),
    [[]],
  );

/** The order of a list, and what lies after a mark in it. */
function orderOf(
  { query, startedAfter }: ListCase,
  mark: Mark | null,
): { order: string; after: string; values: Value[] } {
  const since = startedAfter === undefined ? '' : ' AND ordered_at > ?';
  const values: Value[] = startedAfter === undefined ? [] : [startedAfter];
  if (query === 'transaction') {
    const after = mark ? ' AND number > ?' : '';
    return { order: 'number', after: since + after, values: mark ? [...values, mark.number] : values };
  }
  const after = mark ? ' AND ordered_at <= ? AND (ordered_at < ? OR (ordered_at = ? AND number < ?))' : '';
  const { orderedAt: at = 0, number = 0 } = mark ?? {};
  return {
    order: 'ordered_at DESC, number DESC',
    after: since + after,
    values: mark ? [...values, at, at, at, number] : values,
  };
}

/**
 * The statements of a page that we know, of which the limit is the quickest: one that leaves the work to the optimizer,
 * and one that names the index and has a part for each range of it.
 */
export function statementsOf(list: ListCase, mark: Mark | null): Statement[] {
  const { order, after, values } = orderOf(list, mark);
  const limit = `ORDER BY ${order} LIMIT ${PAGE + 1}`;
  const all = Object.entries(list.equals);
  const within = all.map(([column, some]) => `${column} IN (${some.map(() => '?').join(', ')})`).join(' AND ');
  const plain = {
    sql: `SELECT ${COLUMNS} FROM tasks WHERE ${within}${after} ${limit}`,
    values: [...all.flatMap(([, some]) => some), ...values],
  };
  const ranges = combinations(list.equals);
  const where = (range: (readonly [string, Value])[]): string => range.map(([column]) => `${column} = ?`).join(' AND ');
  const [only] = ranges;
  const forced = `FROM tasks FORCE INDEX (${list.index}) WHERE`;
  if (only && ranges.length === 1) {
    const sql = `SELECT ${COLUMNS} ${forced} ${where(only)}${after} ${limit}`;
    return [plain, { sql, values: [...only.map(([, value]) => value), ...values] }];
  }
  const parts = ranges.map((range) => `(SELECT number, ordered_at ${forced} ${where(range)}${after} ${limit})`);
  const merged = `SELECT number FROM (${parts.join(' UNION ALL ')}) parts ${limit}`;
  const united = {
    sql: `SELECT ${COLUMNS} FROM (${merged}) page JOIN tasks USING (number) ORDER BY ${order}`,
    values: ranges.flatMap((range) => [...range.map(([, value]) => value), ...values]),
  };
  return [plain, united];
}
