import type { Database } from '../../db/database.js';
import type { Tx } from '../../db/transaction.js';
import type { TransactionKind } from '../../entities/ledger.js';
import type { DeletedKind } from './rules.js';

/** What another folder keeps of the transactions of one kind: it goes with them. */
export interface Belongings {
  readonly kind: TransactionKind;
  /** Deletes, with the transactions, what cannot be without them; `tell`: who follows them is told. */
  detach(tx: Tx, transactionIds: readonly string[], tell: boolean): Promise<void>;
  /** Deletes at most `limit` rows of what may be left for a while; returns how many. */
  clear(tx: Tx, transactionIds: readonly string[], limit: number): Promise<number>;
}

/** Deletion under way. */
export interface Purge {
  readonly db: Database;
  readonly belongings: readonly Belongings[];
  readonly signal: AbortSignal;
  /** Counts what was deleted and committed. */
  count(kind: DeletedKind, rows: number): void;
}

/** Rows deleted from one table in one transaction. */
export const BATCH = 500;
/** Summaries are wide. */
export const SUMMARY_BATCH = 200;

/** `?, ?, ?` */
export const marks = (values: readonly unknown[]): string => values.map(() => '?').join(', ');
