import type { Ctx } from '../../auth/actor.js';
import type { RangeList } from '../../db/index-range.js';
import type { Reader } from '../../db/transaction.js';
import { checkListLength } from '../../db/where-in.js';
import type { TaskStatus } from '../../entities/ledger.js';
import { NotFoundError } from '../../lib/errors.js';
import { allScopes, listScopes } from '../list-scopes.js';
import { transactionsByNames } from '../read.js';
import { needsNoScopes, type TaskNarrowing, type TaskPlace, taskRanges } from '../task-ranges.js';
import { seesTransaction } from '../visible.js';
import { upTo } from './range-pages.js';

/** Which tasks are exported; null does not narrow. */
export interface TaskExportFilter {
  /** Global or external ids. */
  readonly clusterIds: readonly string[] | null;
  readonly projects: readonly string[] | null;
  /** Global ids or serial numbers. */
  readonly transactionIds: readonly string[] | null;
  readonly nodeIds: readonly string[] | null;
  readonly statuses: readonly TaskStatus[] | null;
  readonly taskNames: readonly string[] | null;
  /** When they began, in epoch milliseconds, both exclusive. */
  readonly startedAfter: number | null;
  readonly startedBefore: number | null;
}

/** Throws NotFoundError for the first cluster or project that the caller may not see. */
async function checkNamed(reader: Reader, ctx: Ctx, { clusterIds, projects }: TaskExportFilter): Promise<void> {
  for (const name of new Set(clusterIds)) {
    const found = await listScopes(reader, ctx, { clusterIds: [name] });
    if (found?.length === 0) throw new NotFoundError('cluster', name, ['cluster_id']);
  }
  for (const name of new Set(projects)) {
    const found = await listScopes(reader, ctx, { projects: [name] });
    if (found?.length === 0) throw new NotFoundError('project', name, ['projects']);
  }
}

/** The ids of the transactions that a filter names, within some scopes (null: all). Throws NotFoundError. */
async function transactionsNamed(
  reader: Reader,
  ctx: Ctx,
  names: readonly string[],
  scopes: readonly string[] | null,
): Promise<string[]> {
  checkListLength(names, ['transaction_ids']);
  const rows = (await transactionsByNames(reader, names)).filter((row) => seesTransaction(ctx, row));
  const known = new Set(rows.flatMap(({ id, number }) => [id, String(number)]));
  const missing = names.find((name) => !known.has(/^\d{1,15}$/.test(name) ? String(Number(name)) : name));
  if (missing !== undefined) throw new NotFoundError('transaction', missing, ['transaction_ids']);
  return rows.filter(({ scope }) => scopes?.includes(scope) ?? true).map(({ id }) => id);
}

async function placeOf(
  reader: Reader,
  ctx: Ctx,
  filter: TaskExportFilter,
  narrowing: TaskNarrowing,
): Promise<TaskPlace> {
  const { clusterIds, projects, transactionIds } = filter;
  const scopes = await listScopes(reader, ctx, { clusterIds, projects });
  if (transactionIds !== null) {
    return { in: 'transactions', ids: await transactionsNamed(reader, ctx, transactionIds, scopes) };
  }
  if (scopes !== null) return { in: 'scopes', scopes };
  return needsNoScopes(narrowing) ? { in: 'all' } : { in: 'scopes', scopes: await allScopes(reader) };
}

/**
 * The tasks that an export shows, of those that are there now: in the order they were made where transactions are named,
 * else by time. Throws NotFoundError and InvalidInputError.
 */
export async function exportList(reader: Reader, ctx: Ctx, filter: TaskExportFilter): Promise<RangeList> {
  const { clusterIds, projects, transactionIds, ...rest } = filter;
  checkListLength(clusterIds, ['cluster_id']);
  checkListLength(projects, ['projects']);
  checkListLength(filter.nodeIds, ['node_ids']);
  checkListLength(filter.taskNames, ['task_names']);
  await checkNamed(reader, ctx, filter);
  const narrowing: TaskNarrowing = { ...rest, search: null };
  const place = await placeOf(reader, ctx, filter, narrowing);
  const [last] = await reader.rows<{ number: number | null }>('SELECT MAX(number) AS number FROM tasks');
  return upTo(taskRanges(place, narrowing), last?.number ?? 0);
}
