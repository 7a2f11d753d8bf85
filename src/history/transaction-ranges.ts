import { type Axis, type Condition, checkRangeCount, combinedRanges, type RangeList } from '../db/index-range.js';
import {
  TRANSACTION_KINDS,
  TRANSACTION_STATUSES,
  type TransactionKind,
  type TransactionStatus,
} from '../entities/ledger.js';
import { isProjectScope } from './scope.js';

/** What a list of transactions is narrowed to; null does not narrow, and an empty list fits no row. */
export interface TransactionNarrowing {
  readonly kinds: readonly TransactionKind[] | null;
  readonly statuses: readonly TransactionStatus[] | null;
  readonly names: readonly string[] | null;
  readonly externalIds: readonly string[] | null;
  /** When they were made, in epoch milliseconds, both exclusive. */
  readonly createdAfter: number | null;
  readonly createdBefore: number | null;
}

const chosen = <T extends string>(all: readonly T[], wanted: readonly T[] | null): T[] =>
  all.filter((value) => wanted === null || wanted.includes(value));

/** The kinds that a scope has: runs of jobs belong to projects, everything else to clusters. */
function kindsIn(scope: string | null, kinds: TransactionNarrowing['kinds']): TransactionKind[] {
  const wanted = chosen(TRANSACTION_KINDS, kinds);
  return scope === null ? wanted : wanted.filter((kind) => (kind === 'JOB_RUN') === isProjectScope(scope));
}

function times({ createdAfter, createdBefore }: TransactionNarrowing): Condition[] {
  const all: Condition[] = [];
  if (createdAfter !== null) all.push({ sql: 'created_at > ?', values: [createdAfter] });
  if (createdBefore !== null) all.push({ sql: 'created_at < ?', values: [createdBefore] });
  return all;
}

const among = (column: string, values: readonly string[]): Condition => ({
  sql: values.length === 0 ? '1 = 0' : `${column} IN (${values.map(() => '?').join(', ')})`,
  values,
});

/** The index of a list in one scope, or in all (null), and what its first columns have. */
function indexOf(scope: string | null, narrowing: TransactionNarrowing): { index: string; axes: readonly Axis[] } {
  const { kinds, statuses, names, externalIds } = narrowing;
  const place: readonly Axis[] = scope === null ? [] : [['scope', [scope]]];
  if (externalIds !== null) {
    return { index: 'ix_transactions_external_id', axes: [['external_id', [...new Set(externalIds)]], ...place] };
  }
  const states: readonly Axis[] = [
    ['kind', kindsIn(scope, kinds)],
    ['status', chosen(TRANSACTION_STATUSES, statuses)],
  ];
  if (names !== null) {
    return { index: 'ix_transactions_name', axes: [...place, ['name', [...new Set(names)]], ...states] };
  }
  const narrowed = statuses !== null || kindsIn(scope, kinds).length < kindsIn(scope, null).length;
  if (!narrowed) return { index: scope === null ? 'ix_transactions_created' : 'ix_transactions_scope', axes: place };
  const index = scope === null ? 'ix_transactions_kind_status' : 'ix_transactions_scope_status';
  return { index, axes: [...place, ...states] };
}

/** Whether transactions of all scopes are listed by one index, so that the scopes need not be known. */
export const needsNoScopes = ({ names, externalIds }: TransactionNarrowing): boolean =>
  names === null || externalIds !== null;

/**
 * The ranges of indexes that hold the rows of a list in these scopes (null: in all), ordered by when they were made.
 * With `externalIds` the rest is looked up in the rows of that id: one of each cluster at most. Throws InvalidInputError
 * when the filter names too many combinations.
 */
export function transactionRanges(scopes: readonly string[] | null, narrowing: TransactionNarrowing): RangeList {
  const also = times(narrowing);
  if (narrowing.externalIds !== null) {
    also.push(among('kind', chosen(TRANSACTION_KINDS, narrowing.kinds)));
    also.push(among('status', chosen(TRANSACTION_STATUSES, narrowing.statuses)));
    if (narrowing.names !== null) also.push(among('name', narrowing.names));
  }
  const ranges = (scopes ?? [null]).flatMap((scope) => {
    const { index, axes } = indexOf(scope, narrowing);
    return combinedRanges(index, axes, also);
  });
  checkRangeCount(ranges.length);
  return { table: 'transactions', order: ['created_at', 'number'], ranges };
}
