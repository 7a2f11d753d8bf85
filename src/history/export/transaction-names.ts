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

  /** Of these transactions, by id; one that was deleted meanwhile is left out. */
  async of(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, TransactionName>> {
    const missing = [...ids].filter((id) => !this.#kept.has(id));
    if (missing.length === 0) return this.#kept;
    const kept = this.#kept.size + missing.length > MOST_KEPT ? new Map() : this.#kept;
    for (const id of ids) {
      const known = this.#kept.get(id);
      if (known) kept.set(id, known);
    }
    this.#kept = kept;
    const rows = await this.#reader.rows<TransactionName & { id: string }>(
      `SELECT id, number, name FROM transactions WHERE id IN (${missing.map(() => '?').join(', ')})`,
      missing,
    );
    for (const { id, number, name } of rows) kept.set(id, { number, name });
    return kept;
  }
}
