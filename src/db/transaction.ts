import type { EntityManager, QueryRunner } from 'typeorm';

export type SqlValue = string | number | boolean | null | Buffer;

/** Reads outside a transaction: each statement sees what was committed before it. */
export interface Reader {
  readonly manager: EntityManager;
  /** The rows of a SELECT; `?` marks the values. */
  rows<T>(sql: string, values?: readonly SqlValue[]): Promise<T[]>;
  /** The same for a text that comes again and again: the server parses it once for each connection. */
  prepared<T>(sql: string, values: readonly SqlValue[]): Promise<T[]>;
}

/** A transaction under way. Everything that belongs to it goes through it, never through the database object. */
export interface Tx extends Reader {
  /** The number of rows that an INSERT, UPDATE or DELETE changed or matched. */
  execute(sql: string, values?: readonly SqlValue[]): Promise<number>;
  /** The store's clock, in epoch milliseconds; asked once in a transaction. */
  now(): Promise<number>;
  /** Runs `hook` once the transaction has been committed (never when it is rolled back). */
  afterCommit(hook: () => void): void;
}

/** A transaction over one TypeORM query runner. */
export class RunnerTx implements Tx {
  readonly #runner: QueryRunner;
  readonly #askNow: (tx: Reader) => Promise<number>;
  readonly #hooks: (() => void)[] = [];
  #now: Promise<number> | undefined;

  constructor(runner: QueryRunner, askNow: (tx: Reader) => Promise<number>) {
    this.#runner = runner;
    this.#askNow = askNow;
  }

  get manager(): EntityManager {
    return this.#runner.manager;
  }

  async rows<T>(sql: string, values: readonly SqlValue[] = []): Promise<T[]> {
    const rows: T[] = await this.#runner.query(sql, [...values]);
    return rows;
  }

  prepared<T>(sql: string, values: readonly SqlValue[]): Promise<T[]> {
    return this.rows(sql, values);
  }

  async execute(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    const result = await this.#runner.query(sql, [...values], true);
    return result.affected ?? 0;
  }

  now(): Promise<number> {
    this.#now ??= this.#askNow(this);
    return this.#now;
  }

  afterCommit(hook: () => void): void {
    this.#hooks.push(hook);
  }

  /** The hooks that wait for the commit. */
  get hooks(): readonly (() => void)[] {
    return this.#hooks;
  }
}
