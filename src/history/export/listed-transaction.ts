import type { TransactionKind, TransactionStatus } from '../../entities/ledger.js';
import type { RowForm } from './range-pages.js';

/** One row of a long list of transactions, as the database gives it. Instants are epoch milliseconds. */
export interface ListedTransaction {
  readonly number: number;
  readonly id: string;
  readonly kind: TransactionKind;
  readonly scope: string;
  readonly externalId: string | null;
  readonly name: string;
  readonly status: TransactionStatus;
  readonly reason: string | null;
  /** 1 for one that changed nothing, else 0. */
  readonly dryRun: number;
  readonly attempts: number;
  readonly createdAt: number;
  readonly timeStart: number | null;
  readonly timeEnd: number | null;
}

/** How such rows are read for a list. */
export const TRANSACTION_FORM: RowForm<ListedTransaction> = {
  columns: `number, id, kind, scope, external_id AS externalId, name, status, reason, dry_run AS dryRun, attempts,
    created_at AS createdAt, time_start AS timeStart, time_end AS timeEnd`,
  keyOf: ({ createdAt, number }) => [createdAt, number],
  textOf: ({ reason }) => reason?.length ?? 0,
};
