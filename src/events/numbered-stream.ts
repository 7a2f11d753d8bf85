import type { Tx } from '../db/transaction.js';
import { addCounts, type CountedEvent } from './task-counts.js';

/** A table whose rows get a position (`seq`) after their commit; a row without one has `seq` NULL. */
export interface NumberedStream {
  readonly table: 'events' | 'task_events';
  /** The guard row in `stream_heads`; it also counts the positions given. */
  readonly head: string;
  /**
   * The column whose values have a series of their own; null: the table is one series. A series goes on from its
   * highest position kept, so that row must outlive the others of its series.
   */
  readonly group: 'transaction_id' | null;
  /** The index by which rows without a position are found, in the order of their series and their ids. */
  readonly index: string;
  /** Further columns that are read of each row, for what is derived with its number. */
  readonly columns: string;
  /** Derives what follows from rows, once, in the transaction that numbers them. */
  readonly derive: (tx: Tx, rows: readonly CountedEvent[]) => Promise<void>;
}

/** The event log: 1, 2, 3 ... over all rows. */
export const EVENT_STREAM: NumberedStream = {
  table: 'events',
  head: 'events',
  group: null,
  index: 'ux_events_seq',
  columns: 'NULL AS status_before, NULL AS status_after',
  derive: async () => {},
};

/** The task events: 1, 2, 3 ... within each transaction, whose tasks are counted by them. */
export const TASK_EVENT_STREAM: NumberedStream = {
  table: 'task_events',
  head: 'task_events',
  group: 'transaction_id',
  index: 'ix_task_events_unnumbered',
  columns: 'status_before, status_after',
  derive: addCounts,
};
