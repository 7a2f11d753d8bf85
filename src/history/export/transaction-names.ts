import type { Reader } from '../../db/transaction.js';

/** What lists say of the transaction of a task. */
export interface TransactionName {
  readonly number: number;
  readonly name: string;
}

/** So many are kept: the tasks of a list lie near those of the same transactions. */
const MOST_KEPT = 5_000;

/** The numbers and names of transactions, looked up a page at a time. */
export class TransactionNames {
  readonly #reader: Reader;
  #kept = new Map<string, TransactionName>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Of the transactions of some tasks, by id; one that was deleted meanwhile is left out. */
  async of(tasks: readonly { readonly transactionId: string }[]): Promise<ReadonlyMap<string, TransactionName>> {
    if (this.#kept.size > MOST_KEPT) this.#kept = new Map();
    const kept = this.#kept;
    const missing = new Set<string>();
    for (const { transactionId } of tasks) if (!kept.has(transactionId)) missing.add(transactionId);
    if (missing.size === 0) return kept;
    const ids = [...missing];
    const rows = await this.#reader.rows<TransactionName & { id: string }>(
      `SELECT id, number, name FROM transactions WHERE id IN (${ids.map(() => '?').join(', ')})`,
      ids,
    );
    for (const { id, number, name } of rows) kept.set(id, { number, name });
    return kept;
  }
}
