import { ID_PREFIX } from '../entities/ids.js';
import type { RunView } from '../jobs/run-find.js';
import type { SchemaContext } from './context.js';
import { requestLoader } from './loader.js';
import type { TransactionShape } from './transaction.js';

/** Runs by their ids, for the fields that lead to one; null for one that the caller may not see. */
export const runLoader = requestLoader<string, RunView | null>((ids, context) =>
  context.services.runs.byIds(context, ids),
);

const RUN = `${ID_PREFIX.run}_`;

/** Transactions by their ids as they are shown, in their order: a run with its assignment. */
export async function shownTransactions(
  context: SchemaContext,
  ids: readonly string[],
): Promise<(TransactionShape | null)[]> {
  const others = ids.filter((id) => !id.startsWith(RUN));
  const runIds = ids.filter((id) => id.startsWith(RUN));
  const runs = runIds.length > 0 ? await context.services.runs.byIds(context, runIds) : [];
  const rows = others.length > 0 ? await context.services.history.byIds(context, others) : [];
  const found = new Map<string, TransactionShape>();
  for (const view of runs) if (view) found.set(view.run.id, view);
  for (const transaction of rows) if (transaction) found.set(transaction.id, { transaction });
  return ids.map((id) => found.get(id) ?? null);
}

/** Transactions by their ids, for the fields that lead to one; null for one that the caller may not see. */
export const transactionLoader = requestLoader<string, TransactionShape | null>((ids, context) =>
  shownTransactions(context, ids),
);
