import type { Ctx } from '../auth/actor.js';
import type { Page, PageRequest } from '../db/page.js';
import type { FirstPageRequest } from '../db/pages.js';
import { rangePage, rangePages } from '../db/range-page.js';
import type { Reader } from '../db/transaction.js';
import { checkListLength } from '../db/where-in.js';
import {
  TransactionEntity,
  type TransactionKind,
  type TransactionRow,
  type TransactionStatus,
} from '../entities/ledger.js';
import { allScopes, listScopes, type PlaceFilter } from './list-scopes.js';
import type { Direction } from './task-list.js';
import { needsNoScopes, type TransactionNarrowing, transactionRanges } from './transaction-ranges.js';

type Maybe<T> = T | null | undefined;

/** Which transactions; what is left out or null does not narrow. Instants are epoch milliseconds. */
export interface TransactionFilter extends PlaceFilter {
  kinds?: Maybe<readonly TransactionKind[]>;
  statuses?: Maybe<readonly TransactionStatus[]>;
  names?: Maybe<readonly string[]>;
  externalIds?: Maybe<readonly string[]>;
  /** Exclusive. */
  createdAfter?: Maybe<number>;
  /** Exclusive. */
  createdBefore?: Maybe<number>;
}

function narrowingOf(filter: TransactionFilter): TransactionNarrowing {
  checkListLength(filter.names, ['filter', 'names']);
  checkListLength(filter.externalIds, ['filter', 'externalIds']);
  return {
    kinds: filter.kinds ?? null,
    statuses: filter.statuses ?? null,
    names: filter.names ?? null,
    externalIds: filter.externalIds ?? null,
    createdAfter: filter.createdAfter ?? null,
    createdBefore: filter.createdBefore ?? null,
  };
}

const listName = (direction: Direction): string => `transactions:CREATED_AT:${direction}`;

/**
 * The first (or last) page of the transactions of each of several scopes, which the caller may see, read together: what
 * the filter says of clusters and projects is left aside. Throws InvalidInputError.
 */
export function firstTransactionPages(
  reader: Reader,
  scopes: readonly string[],
  filter: TransactionFilter,
  direction: Direction,
  request: FirstPageRequest,
): Promise<Page<TransactionRow>[]> {
  const narrowing = narrowingOf(filter);
  const lists = scopes.map((scope) => ({ ...transactionRanges([scope], narrowing), scope: listName(direction) }));
  return rangePages(reader, TransactionEntity, lists, direction === 'DESC', request);
}

/** One page of the transactions that the caller may see, by when they were made. Throws InvalidInputError. */
export async function transactionsPage(
  reader: Reader,
  ctx: Ctx,
  filter: TransactionFilter,
  direction: Direction,
  request: PageRequest,
): Promise<Page<TransactionRow>> {
  const narrowing = narrowingOf(filter);
  const visible = await listScopes(reader, ctx, filter);
  const scopes = visible ?? (needsNoScopes(narrowing) ? null : await allScopes(reader));
  const list = { ...transactionRanges(scopes, narrowing), scope: listName(direction) };
  return rangePage(reader, TransactionEntity, list, direction === 'DESC', request);
}
