import { encodeCursor } from '../db/cursor.js';
import type { Page, PageRequest } from '../db/page.js';
import type { FirstPageRequest } from '../db/pages.js';
import { type RangePageList, rangePage, rangePages } from '../db/range-page.js';
import type { Reader } from '../db/transaction.js';
import { TaskEventEntity, type TaskEventRow } from '../entities/ledger.js';

const scopeOf = (transactionId: string): string => `taskEvents:${transactionId}`;

function eventsOf(transactionId: string): RangePageList {
  // Those without a number are not in the record yet.
  const numbered = { sql: 'seq > 0', values: [] };
  const range = { index: 'ux_task_events_seq', equals: [['transaction_id', transactionId] as const], also: [numbered] };
  return { table: 'task_events', order: ['seq'], ranges: [range], scope: scopeOf(transactionId) };
}

/** The cursor of a number in a transaction's record. */
export const taskEventMark = (transactionId: string, seq: number): string =>
  encodeCursor(scopeOf(transactionId), [seq]);

/** One page of what was recorded of a transaction's tasks, in the order of the record. Throws InvalidInputError. */
export function taskEventsPage(
  reader: Reader,
  transactionId: string,
  request: PageRequest,
): Promise<Page<TaskEventRow>> {
  return rangePage(reader, TaskEventEntity, eventsOf(transactionId), false, request);
}

/** The first (or last) such page of each of many transactions, read together. In the order of the ids. */
export function firstTaskEventPages(
  reader: Reader,
  transactionIds: readonly string[],
  request: FirstPageRequest,
): Promise<Page<TaskEventRow>[]> {
  return rangePages(reader, TaskEventEntity, transactionIds.map(eventsOf), false, request);
}
