import { In } from 'typeorm';
import { keysetPage, type OrderKey, type Page, type PageRequest } from '../db/page.js';
import { type FirstPageRequest, keysetPages, type ListQuery } from '../db/pages.js';
import { RowQuery } from '../db/row-query.js';
import { readRows } from '../db/rows.js';
import type { Reader } from '../db/transaction.js';
import {
  TaskEntity,
  type TaskRow,
  TaskSummaryEntity,
  type TaskSummaryRow,
  TransactionEntity,
  type TransactionRow,
} from '../entities/ledger.js';

/** The transactions with these ids, by id; those that are not there are left out. */
export async function transactionsByIds(reader: Reader, ids: readonly string[]): Promise<Map<string, TransactionRow>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.manager.getRepository(TransactionEntity).findBy({ id: In([...ids]) });
  return new Map(rows.map((row) => [row.id, row]));
}

/** The transaction with this global id or serial number; null when there is none. */
export async function transactionByName(reader: Reader, name: string): Promise<TransactionRow | null> {
  const transactions = reader.manager.getRepository(TransactionEntity);
  return /^\d{1,15}$/.test(name)
    ? transactions.findOneBy({ number: Number(name) })
    : transactions.findOneBy({ id: name });
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

const scopeOf = (transactionId: string): string => `tasks:${transactionId}`;

const AS_MADE: readonly OrderKey[] = [{ property: 'number', direction: 'ASC' }];

function tasksOf(reader: Reader, transactionId: string): ListQuery<TaskRow> {
  const query = new RowQuery(reader, TaskEntity, 'task');
  return {
    query: query.andWhere('task.transactionId = :transactionId', { transactionId }),
    scope: scopeOf(transactionId),
  };
}

/** One page of a transaction's tasks, in the order they were made. */
export function tasksPage(reader: Reader, transactionId: string, request: PageRequest): Promise<Page<TaskRow>> {
  const { query, scope } = tasksOf(reader, transactionId);
  return keysetPage(query, AS_MADE, request, scope);
}

/** The first (or last) page of the tasks of each of many transactions, read together. In the order of the ids. */
export function firstTaskPages(
  reader: Reader,
  transactionIds: readonly string[],
  request: FirstPageRequest,
): Promise<Page<TaskRow>[]> {
  const lists = transactionIds.map((id) => tasksOf(reader, id));
  return keysetPages(lists, AS_MADE, request);
}
