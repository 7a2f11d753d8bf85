import { In } from 'typeorm';
import { encodeCursor } from '../db/cursor.js';
import { keysetPage, type Page, type PageRequest, pageSize } from '../db/page.js';
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

/** The tasks with these ids, by id; those that are not there are left out. */
export async function tasksByIds(reader: Reader, ids: readonly string[]): Promise<Map<string, TaskRow>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.manager.getRepository(TaskEntity).findBy({ id: In([...ids]) });
  return new Map(rows.map((row) => [row.id, row]));
}

/** What was reported beside the rows of these tasks, by task. */
export async function summariesByTasks(reader: Reader, ids: readonly string[]): Promise<Map<string, TaskSummaryRow>> {
  if (ids.length === 0) return new Map();
  const rows = await reader.manager.getRepository(TaskSummaryEntity).findBy({ taskId: In([...ids]) });
  return new Map(rows.map((row) => [row.taskId, row]));
}

const scopeOf = (transactionId: string): string => `tasks:${transactionId}`;

/** One page of a transaction's tasks, in the order they were made. */
export function tasksPage(reader: Reader, transactionId: string, request: PageRequest): Promise<Page<TaskRow>> {
  const query = reader.manager.getRepository(TaskEntity).createQueryBuilder('task');
  query.where('task.transactionId = :transactionId', { transactionId });
  return keysetPage(query, [{ property: 'number', direction: 'ASC' }], request, scopeOf(transactionId));
}

/**
 * The first page of the tasks of many transactions in two statements; `request` names no cursor. In the order of the
 * ids.
 */
export async function firstTaskPages(
  reader: Reader,
  transactionIds: readonly string[],
  request: PageRequest,
): Promise<Page<TaskRow>[]> {
  const { size } = pageSize(request);
  const marks = transactionIds.map(() => '?').join(', ');
  const ranked = `SELECT id, transaction_id, ROW_NUMBER() OVER (PARTITION BY transaction_id ORDER BY number) AS place
    FROM tasks WHERE transaction_id IN (${marks})`;
  const found = await reader.rows<{ id: string }>(`SELECT id FROM (${ranked}) ranked WHERE place <= ?`, [
    ...transactionIds,
    size + 1,
  ]);
  const tasks = await tasksByIds(
    reader,
    found.map(({ id }) => id),
  );
  const byTransaction = new Map<string, TaskRow[]>(transactionIds.map((id) => [id, []]));
  for (const task of [...tasks.values()].sort((a, b) => a.number - b.number)) {
    byTransaction.get(task.transactionId)?.push(task);
  }
  return transactionIds.map((id) => firstPageOf(reader, id, byTransaction.get(id) ?? [], size));
}

function firstPageOf(reader: Reader, transactionId: string, rows: readonly TaskRow[], size: number): Page<TaskRow> {
  const nodes = rows.slice(0, size);
  return {
    edges: nodes.map((node) => ({ node, cursor: encodeCursor(scopeOf(transactionId), [node.number]) })),
    hasNextPage: rows.length > size,
    hasPreviousPage: false,
    total: async () => (await tasksPage(reader, transactionId, { first: 1 })).total(),
  };
}
