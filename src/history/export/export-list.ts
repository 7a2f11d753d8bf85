import type { Ctx } from '../../auth/actor.js';
import type { RangeList } from '../../db/index-range.js';
import type { Reader } from '../../db/transaction.js';
import { checkListLength } from '../../db/where-in.js';
import type { TaskStatus } from '../../entities/ledger.js';
import { NotFoundError } from '../../lib/errors.js';
import { allScopes, listScopes, type PlaceFilter } from '../list-scopes.js';
import { transactionsByNames } from '../read.js';
import { searchOf } from '../task-list.js';
import { needsNoScopes, type TaskNarrowing, type TaskPlace, taskRanges } from '../task-ranges.js';
import { needsNoScopes as allInOneIndex, type TransactionNarrowing, transactionRanges } from '../transaction-ranges.js';
import { seesTransaction } from '../visible.js';

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
  /** A part of the name or the node, in whatever case: where transactions are named. */
  readonly search: string | null;
  /** When they began, in epoch milliseconds, both exclusive. */
  readonly startedAfter: number | null;
  readonly startedBefore: number | null;
}

/** A list without the rows that are made while it is read: it ends, however many they are. */
async function untilNow(reader: Reader, list: RangeList): Promise<RangeList> {
  const [last] = await reader.rows<{ number: number | null }>(`SELECT MAX(number) AS number FROM ${list.table}`);
  const bound = { sql: 'number <= ?', values: [last?.number ?? 0] };
  return { ...list, ranges: list.ranges.map((range) => ({ ...range, also: [...range.also, bound] })) };
}

/** Throws NotFoundError for the first cluster or project that the caller may not see. */
async function checkPlace(reader: Reader, ctx: Ctx, { clusterIds, projects }: PlaceFilter): Promise<void> {
  checkListLength(clusterIds, ['cluster_id']);
  checkListLength(projects, ['projects']);
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

async function taskPlace(
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
export async function taskExportList(reader: Reader, ctx: Ctx, filter: TaskExportFilter): Promise<RangeList> {
  const { clusterIds, projects, transactionIds, ...rest } = filter;
  checkListLength(filter.nodeIds, ['node_ids']);
  checkListLength(filter.taskNames, ['task_names']);
  await checkPlace(reader, ctx, filter);
  const narrowing: TaskNarrowing = { ...rest, search: searchOf(reader, filter.search, ['search']) };
  const place = await taskPlace(reader, ctx, filter, narrowing);
  return untilNow(reader, taskRanges(place, narrowing));
}

/** Which transactions are exported; null does not narrow. */
export interface TransactionExportFilter extends TransactionNarrowing {
  /** Global or external ids. */
  readonly clusterIds: readonly string[] | null;
  readonly projects: readonly string[] | null;
}

/**
 * The transactions that an export shows, of those that are there now, by when they were made. Throws NotFoundError and
 * InvalidInputError.
 */
export async function transactionExportList(
  reader: Reader,
  ctx: Ctx,
  filter: TransactionExportFilter,
): Promise<RangeList> {
  checkListLength(filter.names, ['names']);
  checkListLength(filter.externalIds, ['external_ids']);
  await checkPlace(reader, ctx, filter);
  const visible = await listScopes(reader, ctx, filter);
  const scopes = visible ?? (allInOneIndex(filter) ? null : await allScopes(reader));
  return untilNow(reader, transactionRanges(scopes, filter));
}
