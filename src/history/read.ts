import { In } from 'typeorm';
import { readRows } from '../db/rows.js';
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

/** The transactions with these ids, by id; those that are not there are left out. */
export async function transactionsByIds(reader: Reader, ids: readonly string[]): Promise<Map<string, TransactionRow>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.manager.getRepository(TransactionEntity).findBy({ id: In([...ids]) });
  return new Map(rows.map((row) => [row.id, row]));
}

/** Whether a name is a serial number. */
const isNumber = (name: string): boolean => /^\d{1,15}$/.test(name);

/** The transaction with this global id or serial number; null when there is none. */
export async function transactionByName(reader: Reader, name: string): Promise<TransactionRow | null> {
  const transactions = reader.manager.getRepository(TransactionEntity);
  return isNumber(name) ? transactions.findOneBy({ number: Number(name) }) : transactions.findOneBy({ id: name });
}

/** Ids of one statement: a live fact names up to a thousand tasks, and several are shown together. */
const MOST_IDS = 1_000;

/** The tasks with these ids, by id; those that are not there are left out. */
export async function tasksByIds(reader: Reader, ids: readonly string[]): Promise<Map<string, TaskRow>> {
  const found = new Map<string, TaskRow>();
  for (let from = 0; from < ids.length; from += MOST_IDS) {
    const query = reader.manager.getRepository(TaskEntity).createQueryBuilder('task');
    query.where('task.id IN (:...ids)', { ids: ids.slice(from, from + MOST_IDS) });
    for (const row of await readRows(query, { without: [], byIds: null })) found.set(row.id, row);
  }
  return found;
}

/** What was reported beside the rows of these tasks, by task. */
export async function summariesByTasks(reader: Reader, ids: readonly string[]): Promise<Map<string, TaskSummaryRow>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.manager.getRepository(TaskSummaryEntity).findBy({ taskId: In([...ids]) });
  return new Map(rows.map((row) => [row.taskId, row]));
}

/** The task with this global id or serial number; null when there is none. */
export async function taskByName(reader: Reader, name: string): Promise<TaskRow | null> {
  const tasks = reader.manager.getRepository(TaskEntity);
  return isNumber(name) ? tasks.findOneBy({ number: Number(name) }) : tasks.findOneBy({ id: name });
}

/** The transactions with these global ids or serial numbers; those that are not there are left out. */
export async function transactionsByNames(reader: Reader, names: readonly string[]): Promise<TransactionRow[]> {
  const numbers = names.filter(isNumber).map(Number);
  const ids = names.filter((name) => !isNumber(name));
  const where = [
    ...(ids.length > 0 ? [{ id: In(ids) }] : []),
    ...(numbers.length > 0 ? [{ number: In(numbers) }] : []),
  ];
  return where.length === 0 ? [] : reader.manager.getRepository(TransactionEntity).find({ where });
}

/** What transactions were given, by transaction; those that were given nothing are left out. */
export async function inputsByTransactions(
  reader: Reader,
  ids: readonly string[],
): Promise<Map<string, TransactionInputRow>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.manager.getRepository(TransactionInputEntity).findBy({ transactionId: In([...ids]) });
  return new Map(rows.map((row) => [row.transactionId, row]));
}
