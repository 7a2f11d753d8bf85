import type { FoundIds } from '../history/live-names.js';
import { NotFoundError } from '../lib/errors.js';
import type { SchemaContext } from './context.js';
import { requestLoader } from './loader.js';

interface NamingFilter {
  clusterIds?: readonly string[] | null | undefined;
  transactionIds?: readonly string[] | null | undefined;
}

type Names = NamingFilter['clusterIds'];

async function idsOf(
  names: Names,
  find: (names: readonly string[]) => Promise<FoundIds>,
  what: 'cluster' | 'transaction',
): Promise<Names> {
  if (names == null || names.length === 0) return names;
  const found = await find(names);
  return found.map((id, index) => {
    if (id !== null) return id;
    throw new NotFoundError(what, names[index] ?? '', ['filter', `${what}Ids`]);
  });
}

/**
 * The filter of a subscription with global ids for the names that lists take too (a cluster's external id, a
 * transaction's number). Throws NotFoundError for what is no id and for a name that nothing has yet: it would follow
 * nothing for ever, and say nothing.
 */
export async function withIds<F extends NamingFilter>(context: SchemaContext, filter: F): Promise<F> {
  const { history } = context.services;
  const clusterIds = await idsOf(filter.clusterIds, (names) => history.clusterIds(context, names), 'cluster');
  const find = (names: readonly string[]) => history.transactionIds(context, names);
  return { ...filter, clusterIds, transactionIds: await idsOf(filter.transactionIds, find, 'transaction') };
}

const transactionIdLoader = requestLoader<string, string | null>((names, context) =>
  context.services.history.transactionIds(context, names),
);

/** The same transactions when a fact has come, for which several are looked up together; what was deleted is left out. */
export async function transactionIdsNow(context: SchemaContext, names: readonly string[]): Promise<string[]> {
  const loader = transactionIdLoader(context);
  const found = await Promise.all(names.map((name) => loader.load(name)));
  return found.filter((id) => id !== null);
}
