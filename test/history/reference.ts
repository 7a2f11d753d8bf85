import type { TaskRow, TaskStatus } from '../../src/entities/ledger.js';

/** Plain answers over all rows at once, which the tests hold the program's against. */

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function groups<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const row of rows) found.set(keyOf(row), [...(found.get(keyOf(row)) ?? []), row]);
  return found;
}

const inTime = (a: TaskRow, b: TaskRow): number => a.orderedAt - b.orderedAt || a.number - b.number;

/** The id of the newest row of each task name on a node, by name. */
export function lastTasks(rows: readonly TaskRow[], clusterId: string, nodeId: string, ready: boolean): string[] {
  const own = rows.filter(
    (row) => row.clusterId === clusterId && row.nodeId === nodeId && (!ready || row.status === 'READY'),
  );
  return [...groups(own, ({ taskName }) => taskName)]
    .sort(([a], [b]) => byBytes(a, b))
    .map(([, some]) => some.sort(inTime).at(-1)?.id ?? '');
}

export interface StatsQuery {
  taskName: string;
  clusterIds: readonly string[];
  nodeIds: readonly string[] | null;
  from: number;
  to: number;
}

/** Counts by status, percentiles in seconds, flaky rate and last success. */
export function taskStats(all: readonly TaskRow[], { taskName, clusterIds, nodeIds, from, to }: StatsQuery) {
  const place = all.filter(
    (row) =>
      row.taskName === taskName && clusterIds.includes(row.scope) && (nodeIds === null || nodeIds.includes(row.nodeId)),
  );
  const rows = place.filter(({ orderedAt }) => orderedAt >= from && orderedAt < to);
  const durations = rows
    .filter(({ status }) => status === 'READY' || status === 'ERROR')
    .flatMap(({ timeStart, timeEnd }) => (timeStart === null || timeEnd === null ? [] : [timeEnd - timeStart]))
    .sort((a, b) => a - b);
  // The nearest rank: the least duration that is not exceeded by so large a share.
  const percentile = (share: number): number | null => {
    const value = durations.find((_, index) => index + 1 >= share * durations.length);
    return value === undefined ? null : value / 1_000;
  };
  const outcomes: Partial<Record<TaskStatus, string>> = { READY: 'good', ERROR: 'bad', LOST: 'bad' };
  let [pairs, flips] = [0, 0];
  for (const some of groups(rows, (row) => `${row.scope} ${row.nodeId} ${row.graphTaskId}`).values()) {
    const seen = some.sort(inTime).flatMap(({ status }) => outcomes[status] ?? []);
    for (const [index, outcome] of seen.entries()) {
      if (index === 0) continue;
      pairs += 1;
      flips += outcome === seen[index - 1] ? 0 : 1;
    }
  }
  const counts = [...groups(rows, ({ status }) => status)].map(([status, some]) => ({ status, count: some.length }));
  const successes = place.filter(({ status, orderedAt }) => status === 'READY' && orderedAt < to);
  return {
    attemptCount: rows.length,
    statusCounts: counts.sort((a, b) => byBytes(a.status, b.status)),
    duration: { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) },
    flakyRate: pairs === 0 ? null : flips / pairs,
    lastSuccess: successes.sort(inTime).at(-1)?.id ?? null,
  };
}

/** The newest attempt of each task on each node of a transaction, by both. */
export function newestAttempts(rows: readonly TaskRow[], transactionId: string): Map<string, TaskRow> {
  const own = rows.filter((row) => row.transactionId === transactionId);
  const tasks = groups(own, ({ graphTaskId, nodeId }) => JSON.stringify([graphTaskId, nodeId]));
  return new Map(
    [...tasks].flatMap(([key, some]) => {
      const newest = some.sort((a, b) => a.attempt - b.attempt).at(-1);
      return newest ? [[key, newest]] : [];
    }),
  );
}

export interface DiffQuery {
  before: string;
  after: string;
  changes: readonly string[] | null;
  nodeIds: readonly string[] | null;
  taskNames: readonly string[] | null;
  durationSeconds: number;
  durationShare: number;
}

const took = ({ timeStart, timeEnd }: TaskRow): number | null =>
  timeStart === null || timeEnd === null ? null : (timeEnd - timeStart) / 1_000;

/** What differs, in the order of the task in the graph and the node. */
export function transactionDiff(rows: readonly TaskRow[], query: DiffQuery) {
  const fits = ({ nodeId, taskName }: TaskRow): boolean =>
    (query.nodeIds?.includes(nodeId) ?? true) && (query.taskNames?.includes(taskName) ?? true);
  const sides = [query.before, query.after].map((id) => newestAttempts(rows.filter(fits), id));
  const keys = [...new Set(sides.flatMap((side) => [...side.keys()]))];
  const all = keys.flatMap((key) => {
    const [before, after] = sides.map((side) => side.get(key));
    const task = after ?? before;
    if (!task) return [];
    const [long, longer] = [before ? took(before) : null, after ? took(after) : null];
    const durationChange = long === null || longer === null ? null : longer - long;
    const { durationSeconds: least, durationShare: share } = query;
    const large =
      durationChange !== null &&
      durationChange !== 0 &&
      Math.abs(durationChange) >= least &&
      Math.abs(durationChange) >= share * (long ?? 0);
    let change = large ? 'DURATION_CHANGED' : 'UNCHANGED';
    if (before && after && before.status !== after.status) change = 'STATUS_CHANGED';
    if (!before) change = 'NEW';
    if (!after) change = 'GONE';
    const ids = { before: before ? { id: before.id } : null, after: after ? { id: after.id } : null };
    const { graphTaskId, taskName, nodeId } = task;
    return [{ graphTaskId, taskName, nodeId: nodeId || null, change, durationChange, ...ids }];
  });
  return all
    .filter(({ change }) => (query.changes === null ? change !== 'UNCHANGED' : query.changes.includes(change)))
    .sort((a, b) => byBytes(a.graphTaskId, b.graphTaskId) || byBytes(a.nodeId ?? '', b.nodeId ?? ''));
}
