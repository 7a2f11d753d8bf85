import { rowsWith } from '../db/row-reading.js';
import type { Reader } from '../db/transaction.js';
import {
  TaskEntity,
  type TaskRow,
  TaskSummaryEntity,
  type TaskSummaryRow,
  TransactionEntity,
  TransactionInputEntity,
  type TransactionInputRow,
  type TransactionRow,
} from '../entities/ledger.js';

const byId = <T extends { id: string }>(rows: readonly T[]): Map<string, T> =>
  new Map(rows.map((row) => [row.id, row]));

/** The transactions with these ids, by id; those that are not there are left out. */
export async function transactionsByIds(reader: Reader, ids: readonly string[]): Promise<Map<string, TransactionRow>> {
  return byId(await rowsWith(reader, TransactionEntity, 'id', ids));
}

/** Whether a name is a serial number. */
export const isNumber = (name: string): boolean => /^\d{1,15}$/.test(name);

/** The transactions with these global ids or serial numbers; those that are not there are left out. */
export async function transactionsByNames(reader: Reader, names: readonly string[]): Promise<TransactionRow[]> {
  const numbers = names.filter(isNumber).map(Number);
  const ids = names.filter((name) => !isNumber(name));
  const found = [
    ...(await rowsWith(reader, TransactionEntity, 'id', ids)),
    ...(await rowsWith(reader, TransactionEntity, 'number', numbers)),
  ];
  return [...byId(found).values()];
}

/** The transaction with this global id or serial number; null when there is none. */
export async function transactionByName(reader: Reader, name: string): Promise<TransactionRow | null> {
  const [row] = await transactionsByNames(reader, [name]);
  return row ?? null;
}

/** The tasks with these ids, by id; those that are not there are left out. */
export async function tasksByIds(reader: Reader, ids: readonly string[]): Promise<Map<string, TaskRow>> {
  return byId(await rowsWith(reader, TaskEntity, 'id', ids));
}

/** The task with this global id or serial number; null when there is none. */
export async function taskByName(reader: Reader, name: string): Promise<TaskRow | null> {
  const [row] = isNumber(name)
    ? await rowsWith(reader, TaskEntity, 'number', [Number(name)])
    : await rowsWith(reader, TaskEntity, 'id', [name]);
  return row ?? null;
}

/** What was reported beside the rows of these tasks, by task. */
export async function summariesByTasks(reader: Reader, ids: readonly string[]): Promise<Map<string, TaskSummaryRow>> {
  const rows = await rowsWith(reader, TaskSummaryEntity, 'task_id', ids);
  return new Map(rows.map((row) => [row.taskId, row]));
}

/** What transactions were given, by transaction; those that were given nothing are left out. */
export async function inputsByTransactions(
  reader: Reader,
  ids: readonly string[],
): Promise<Map<string, TransactionInputRow>> {
  const rows = await rowsWith(reader, TransactionInputEntity, 'transaction_id', ids);
  return new Map(rows.map((row) => [row.transactionId, row]));
}
