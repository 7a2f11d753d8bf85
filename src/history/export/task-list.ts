import type { Ctx } from '../../auth/actor.js';
import { visibleProject } from '../../auth/scope.js';
import type { Reader } from '../../db/transaction.js';
import { checkListLength } from '../../db/where-in.js';
import type { TaskStatus, TransactionRow } from '../../entities/ledger.js';
import { NotFoundError } from '../../lib/errors.js';
import { transactionByName } from '../read.js';
import { projectScope } from '../scope.js';
import { needsNoScopes, type TaskNarrowing, type TaskPlace, taskRanges } from '../task-ranges.js';
import { seesTransaction } from '../visible.js';
import { type ListedTask, taskForm } from './listed-task.js';
import { rangeListPages, upTo } from './range-pages.js';

/** Which tasks are exported; null does not narrow. */
export interface TaskExportFilter {
  /** The cluster's id, or what its owner calls it. */
  readonly clusterId: string | null;
  /** Global ids or serial numbers. */
  readonly transactionIds: readonly string[] | null;
  readonly nodeIds: readonly string[] | null;
  readonly statuses: readonly TaskStatus[] | null;
  readonly taskNames: readonly string[] | null;
  /** When they began, in epoch milliseconds, both exclusive. */
  readonly startedAfter: number | null;
  readonly startedBefore: number | null;
}

/** The cluster that a caller of all projects names. Throws NotFoundError. */
export async function clusterScope(reader: Reader, ctx: Ctx, name: string): Promise<string> {
  const path = ['cluster_id'];
  if (visibleProject(ctx) !== null) throw new NotFoundError('cluster', name, path);
  const sql = 'SELECT id FROM clusters WHERE id = ? OR external_id = ? ORDER BY id = ? DESC LIMIT 1';
  const [row] = await reader.rows<{ id: string }>(sql, [name, name, name]);
  if (!row) throw new NotFoundError('cluster', name, path);
  return row.id;
}

/** The transactions that a filter names, in the order of their numbers. Throws NotFoundError. */
async function transactionsNamed(reader: Reader, ctx: Ctx, names: readonly string[]): Promise<TransactionRow[]> {
  checkListLength(names, ['transaction_ids']);
  const found = new Map<number, TransactionRow>();
  for (const name of names) {
    const row = await transactionByName(reader, name);
    if (!row || !seesTransaction(ctx, row)) throw new NotFoundError('transaction', name, ['transaction_ids']);
    found.set(row.number, row);
  }
  return [...found.values()].sort((a, b) => a.number - b.number);
}

async function* ofEach(
  reader: Reader,
  transactions: readonly TransactionRow[],
  narrowing: TaskNarrowing,
): AsyncGenerator<readonly ListedTask[]> {
  for (const { id } of transactions) {
    const list = taskRanges({ in: 'transactions', ids: [id] }, narrowing);
    yield* rangeListPages(reader, list, taskForm('number'));
  }
}

/** The scopes whose tasks a list has, where it does not name a cluster. */
async function placeOf(reader: Reader, ctx: Ctx, narrowing: TaskNarrowing): Promise<TaskPlace> {
  const project = visibleProject(ctx);
  if (project !== null) return { in: 'scopes', scopes: [projectScope(project)] };
  if (needsNoScopes(narrowing)) return { in: 'all' };
  const rows = await reader.rows<{ scope: string }>('SELECT DISTINCT scope FROM transactions');
  return { in: 'scopes', scopes: rows.map(({ scope }) => scope) };
}

/** The tasks that an export shows. Throws NotFoundError and InvalidInputError. */
export async function tasksOf(
  reader: Reader,
  ctx: Ctx,
  filter: TaskExportFilter,
): Promise<AsyncGenerator<readonly ListedTask[]>> {
  const { clusterId, transactionIds, ...rest } = filter;
  const narrowing: TaskNarrowing = { ...rest, search: null };
  checkListLength(filter.nodeIds, ['node_ids']);
  checkListLength(filter.taskNames, ['task_names']);
  const scope = clusterId === null ? null : await clusterScope(reader, ctx, clusterId);
  if (transactionIds !== null) {
    const named = await transactionsNamed(reader, ctx, transactionIds);
    const inside = named.filter((transaction) => scope === null || transaction.scope === scope);
    return ofEach(reader, inside, narrowing);
  }
  const place: TaskPlace = scope === null ? await placeOf(reader, ctx, narrowing) : { in: 'scopes', scopes: [scope] };
  const [last] = await reader.rows<{ number: number | null }>('SELECT MAX(number) AS number FROM tasks');
  const list = upTo(taskRanges(place, narrowing), last?.number ?? 0);
  return rangeListPages(reader, list, taskForm('time'));
}
