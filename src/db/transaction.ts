import type { EntityManager, QueryRunner } from 'typeorm';
import { tracingIsOn } from '../telemetry/tracing.js';
import { type DriverValue, isWorthPreparing, type MysqlDoor, mysqlStatement, preparedWay } from './mysql-statement.js';
import type { SqlValue } from './sql-value.js';

/** Reads outside a transaction: each statement sees what was committed before it. */
export interface Reader {
  readonly manager: EntityManager;
  /** The rows of a SELECT; `?` marks the values. */
  rows<T>(sql: string, values?: readonly SqlValue[]): Promise<T[]>;
  /**
   * The same for a text that comes again and again: the server parses it once for each connection. `parts`: of how many
   * selections alike it is put together.
   */
  prepared<T>(sql: string, values: readonly SqlValue[], parts?: number): Promise<T[]>;
}

/**
 * A transaction under way. Everything that belongs to it goes through it, never through the database object.
 *
 * Statements may be asked for at once: they are sent one after another, and none after one that failed, because MySQL
 * may have rolled all back then and would keep what comes later. So a statement is written while another is executed.
 */
export interface Tx extends Reader {
  /** The number of rows that an INSERT, UPDATE or DELETE changed or matched. */
  execute(sql: string, values?: readonly SqlValue[]): Promise<number>;
  /** Sends an INSERT of rows, each as long as the others: `head` ends before VALUES, `tail` follows the rows. */
  insert(head: string, rows: readonly (readonly SqlValue[])[], tail?: string): Promise<void>;
  /** The store's clock, in epoch milliseconds; asked once in a transaction. */
  now(): Promise<number>;
  /** Runs `last` right before the commit, as part of the transaction: for what is to be true when it is committed. */
  beforeCommit(last: () => Promise<unknown>): void;
  /** Runs `hook` once the transaction has been committed (never when it is rolled back). */
  afterCommit(hook: () => void): void;
}

/** A transaction over one TypeORM query runner. */
export class RunnerTx implements Tx {
  readonly #runner: QueryRunner;
  /** Whether statements go to MySQL's driver itself, and not through TypeORM's runner, which traces them. */
  readonly #direct: boolean;
  readonly #askNow: (tx: Reader) => Promise<number>;
  readonly #lasts: (() => Promise<unknown>)[] = [];
  readonly #hooks: (() => void)[] = [];
  #now: Promise<number> | undefined;
  /** The last statement that was asked for and is not done. */
  #last: Promise<unknown> | undefined;

  constructor(runner: QueryRunner, askNow: (tx: Reader) => Promise<number>) {
    this.#runner = runner;
    this.#direct = runner.dataSource.options.type !== 'better-sqlite3' && !tracingIsOn();
    this.#askNow = askNow;
  }

  get manager(): EntityManager {
    return this.#runner.manager;
  }

  async rows<T>(sql: string, values: readonly SqlValue[] = []): Promise<T[]> {
    if (this.#direct) return (await this.#send('query', sql, values)) as T[];
    const rows: T[] = await this.#inTurn(() => this.#runner.query(sql, [...values]));
    return rows;
  }

  async prepared<T>(sql: string, values: readonly SqlValue[], parts?: number): Promise<T[]> {
    return this.#direct ? ((await this.#send(preparedWay(values, parts), sql, values)) as T[]) : this.rows(sql, values);
  }

  async execute(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    if (this.#direct) {
      const { affectedRows } = (await this.#send(preparedWay(values), sql, values)) as { affectedRows?: number };
      return affectedRows ?? 0;
    }
    const result = await this.#inTurn(() => this.#runner.query(sql, [...values], true));
    return result.affected ?? 0;
  }

  async insert(head: string, rows: readonly (readonly SqlValue[])[], tail = ''): Promise<void> {
    const width = rows[0]?.length ?? 1;
    if (this.#direct && !isWorthPreparing(rows.length * width)) {
      // As one value: the driver looks for thousands of marks longer than it takes to write their values.
      await this.#send('query', `${head} VALUES ? ${tail}`, [rows]);
      return;
    }
    const marks = new Array<string>(rows.length).fill(`(?${', ?'.repeat(width - 1)})`);
    await this.execute(`${head} VALUES ${marks.join(', ')} ${tail}`, rows.flat());
  }

  #send(way: 'query' | 'execute', sql: string, values: readonly DriverValue[]): Promise<unknown> {
    return this.#inTurn(async () => {
      const connection: MysqlDoor = await this.#runner.connect();
      this.#runner.dataSource.logger.logQuery(sql, [...values], this.#runner);
      return mysqlStatement(connection, way, sql, values);
    });
  }

  /** Runs a statement when those asked for before it are done; where one of them fails, it is not sent. */
  async #inTurn<T>(statement: () => Promise<T>): Promise<T> {
    const before = this.#last;
    const done = before ? before.then(statement) : statement();
    this.#last = done;
    try {
      return await done;
    } finally {
      if (this.#last === done) this.#last = undefined;
    }
  }

  now(): Promise<number> {
    this.#now ??= this.#askNow(this);
    return this.#now;
  }

  beforeCommit(last: () => Promise<unknown>): void {
    this.#lasts.push(last);
  }

  /** Does what was asked for before the commit. */
  async finish(): Promise<void> {
    for (const last of this.#lasts) await last();
  }

  afterCommit(hook: () => void): void {
    this.#hooks.push(hook);
  }

  /** The hooks that wait for the commit. */
  get hooks(): readonly (() => void)[] {
    return this.#hooks;
  }
}
