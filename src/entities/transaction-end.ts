import { EntitySchema } from 'typeorm';
import { id, instant } from './columns.js';

/** A deployment that ended lately, and whose tasks are still to be looked at once more. */
export interface TransactionEndRow {
  transactionId: string;
  /** By the store's clock, whatever its reporter says. */
  endedAt: number;
}

export const TransactionEndEntity = new EntitySchema<TransactionEndRow>({
  name: 'TransactionEnd',
  tableName: 'transaction_ends',
  columns: { transactionId: id({ primary: true }), endedAt: instant() },
  indices: [{ name: 'ix_transaction_ends_ended', columns: ['endedAt'] }],
});
