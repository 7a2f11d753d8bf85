import type { Ctx } from '../../auth/actor.js';
import type { Database } from '../../db/database.js';
import type { Reader } from '../../db/transaction.js';
import type { TaskStatus } from '../../entities/ledger.js';
import type { JsonValue } from '../../lib/json.js';
import { NOT_NARROWED, type TaskNarrowing, taskRanges } from '../task-ranges.js';
import { ClusterNames } from './cluster-names.js';
import {
  type TaskExportFilter,
  type TransactionExportFilter,
  taskExportList,
  transactionExportList,
} from './export-list.js';
import { type ListedTask, type SummarizedTask, TASK_COLUMNS, taskForm } from './listed-task.js';
import { type ListedTransaction, TRANSACTION_FORM } from './listed-transaction.js';
import { rangeListPages } from './range-pages.js';
import { withSummaries } from './summaries.js';
import { type TransactionName, TransactionNames } from './transaction-names.js';

/** A row, with its summary where summaries were asked for. */
export interface ExportedTask extends ListedTask {
  readonly summary?: JsonValue;
}

/** The external ids of the clusters that some rows are of, by their scopes. */
type ClustersOfRows = ReadonlyMap<string, string>;

/** Some rows, and the transactions that they belong to (but for those deleted meanwhile). */
export interface ExportPage {
  readonly tasks: readonly ExportedTask[];
  readonly transactions: ReadonlyMap<string, TransactionName>;
  readonly clusters: ClustersOfRows;
}

/** Some rows of the list of transactions. */
export interface TransactionExportPage {
  readonly transactions: readonly ListedTransaction[];
  readonly clusters: ClustersOfRows;
}

/** Which tasks of one transaction. */
interface TransactionTasksFilter {
  readonly nodeIds: readonly string[] | null;
  readonly statuses: readonly TaskStatus[] | null;
}

/** Lists of any length, read a page at a time: between two pages nothing is held in the database. */
export interface ExportService {
  /** The tasks of a transaction, which the caller has been shown to see, in the order they were made. */
  ofTransaction(transactionId: string, filter: TransactionTasksFilter): AsyncGenerator<SummarizedTask[]>;
  /** The task of this transaction with this global id or serial number; null when it has none. */
  task(transactionId: string, name: string): Promise<SummarizedTask | null>;
  /**
   * Every task that the caller may see and the filter fits: in the order they were made where it names transactions, else
   * by time. Throws NotFoundError for what it names and the caller may not see, and InvalidInputError for a filter that
   * is too large.
   */
  tasks(ctx: Ctx, filter: TaskExportFilter, summaries: boolean): Promise<AsyncGenerator<ExportPage>>;
  /** Every transaction that the caller may see and the filter fits, by when it was made. Throws alike. */
  transactions(ctx: Ctx, filter: TransactionExportFilter): Promise<AsyncGenerator<TransactionExportPage>>;
}

async function* named(reader: Reader, pages: AsyncIterable<readonly ExportedTask[]>): AsyncGenerator<ExportPage> {
  const [names, clusters] = [new TransactionNames(reader), new ClusterNames(reader)];
  for await (const tasks of pages) {
    yield { tasks, transactions: await names.of(tasks), clusters: await clusters.of(tasks) };
  }
}

async function* placed(
  reader: Reader,
  pages: AsyncIterable<readonly ListedTransaction[]>,
): AsyncGenerator<TransactionExportPage> {
  const clusters = new ClusterNames(reader);
  for await (const transactions of pages) yield { transactions, clusters: await clusters.of(transactions) };
}

async function findTask(reader: Reader, transactionId: string, name: string): Promise<SummarizedTask | null> {
  const column = /^\d{1,15}$/.test(name) ? 'number' : 'id';
  const sql = `SELECT ${TASK_COLUMNS} FROM tasks WHERE ${column} = ? AND transaction_id = ?`;
  const rows = await reader.rows<ListedTask>(sql, [column === 'number' ? Number(name) : name, transactionId]);
  for await (const [found] of withSummaries(reader, pageOf(rows))) return found ?? null;
  return null;
}

async function* pageOf<T>(rows: T): AsyncGenerator<T> {
  yield rows;
}

/** Puts the reading of long lists together. */
export function createExportService({ db }: { db: Database }): ExportService {
  const { reader } = db;
  return {
    ofTransaction(id, filter) {
      const narrowing: TaskNarrowing = { ...NOT_NARROWED, ...filter };
      const list = taskRanges({ in: 'transactions', ids: [id] }, narrowing);
      return withSummaries(reader, rangeListPages(reader, list, taskForm(list)));
    },
    task: (transactionId, name) => findTask(reader, transactionId, name),
    async tasks(ctx, filter, summaries) {
      const list = await taskExportList(reader, ctx, filter);
      const pages = rangeListPages(reader, list, taskForm(list));
      return named(reader, summaries ? withSummaries(reader, pages) : pages);
    },
    transactions: async (ctx, filter) =>
      placed(reader, rangeListPages(reader, await transactionExportList(reader, ctx, filter), TRANSACTION_FORM)),
  };
}
