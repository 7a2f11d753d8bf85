import type { Ctx } from '../auth/actor.js';
import { seesClient } from '../auth/scope.js';
import type { Page, PageRequest } from '../db/page.js';
import type { FirstPageRequest } from '../db/pages.js';
import { RowQuery } from '../db/row-query.js';
import type { Reader } from '../db/transaction.js';
import type { TransactionRow } from '../entities/ledger.js';
import { JobRunEntity, type JobRunRow } from '../entities/run.js';
import { transactionByName, transactionsByIds } from '../history/read.js';
import type { JobsDeps } from './deps.js';
import { listRuns, listRunsOfEach, type RunFilter, type RunOrder } from './run-list.js';

/** A run as it is shown: its assignment and its transaction. */
export interface RunView {
  run: JobRunRow;
  transaction: TransactionRow;
}

type ReadDeps = Pick<JobsDeps, 'db'>;

/** Runs with their transactions, in their order, but those that were deleted meanwhile; one statement for all. */
export async function viewRuns(reader: Reader, runs: readonly JobRunRow[]): Promise<RunView[]> {
  const transactions = await transactionsByIds(
    reader,
    runs.map((run) => run.id),
  );
  return runs.flatMap((run) => {
    const transaction = transactions.get(run.id);
    return transaction ? { run, transaction } : [];
  });
}

/** The runs with these ids, in their order; null for each that the caller may not see. */
export async function runsByIds(deps: ReadDeps, ctx: Ctx, ids: readonly string[]): Promise<(RunView | null)[]> {
  if (ids.length === 0) return [];
  const query = new RowQuery(deps.db.reader, JobRunEntity, 'run');
  const rows = await query.andWhere('run.id IN (:...ids)', { ids: [...new Set(ids)] }).rows(null, [], null);
  const visible = rows.filter((run) => seesClient(ctx, run.project, run.clientKey));
  const views = new Map((await viewRuns(deps.db.reader, visible)).map((view) => [view.run.id, view]));
  return ids.map((id) => views.get(id) ?? null);
}

/** The run with this global id or serial number; null when the caller may see none. */
export async function findRunView(deps: ReadDeps, ctx: Ctx, name: string): Promise<RunView | null> {
  const transaction = /^\d+$/.test(name) ? await transactionByName(deps.db.reader, name) : null;
  const [view] = await runsByIds(deps, ctx, [transaction?.id ?? name]);
  return view ?? null;
}

/** Pages of runs as they are shown; one statement for all. */
async function viewPages(reader: Reader, pages: readonly Page<JobRunRow>[]): Promise<Page<RunView>[]> {
  const runs = pages.flatMap((page) => page.edges.map(({ node }) => node));
  const views = new Map((await viewRuns(reader, runs)).map((view) => [view.run.id, view]));
  return pages.map((page) => {
    const edges = page.edges.flatMap(({ cursor, node: run }) => {
      const node = views.get(run.id);
      return node ? [{ node, cursor }] : [];
    });
    return { ...page, edges };
  });
}

/** One page of runs as they are shown, in two statements. */
export async function pageOfRuns(
  deps: ReadDeps,
  ctx: Ctx,
  filter: RunFilter,
  order: RunOrder,
  request: PageRequest,
): Promise<Page<RunView>> {
  const [page] = await viewPages(deps.db.reader, [await listRuns(deps, ctx, filter, order, request)]);
  if (!page) throw new Error('A page was read and is not there.');
  return page;
}

/** The first (or last) page of each of several lists of runs, in three statements. */
export async function pagesOfRuns(
  deps: ReadDeps,
  ctx: Ctx,
  filters: readonly RunFilter[],
  order: RunOrder,
  request: FirstPageRequest,
): Promise<Page<RunView>[]> {
  return viewPages(deps.db.reader, await listRunsOfEach(deps, ctx, filters, order, request));
}
