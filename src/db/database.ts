import { AsyncLocalStorage } from 'node:async_hooks';
import type { DataSource, EntityManager, MigrationInterface, QueryRunner } from 'typeorm';
import { ExpectedError } from '../lib/errors.js';
import { Mutex } from '../lib/mutex.js';
import { type Clock, systemClock } from '../lib/time.js';
import {
  createDataSource,
  type DatabaseOptions,
  DEFAULT_POOL_SIZE,
  type Dialect,
  dialectOf,
  serverKind,
} from './data-source.js';
import { isConflict, isDiskFull } from './failures.js';
import { poolExecute, poolReader, sourceReader } from './reader.js';
import { prepareSessions } from './sessions.js';
import type { SqlValue } from './sql-value.js';
import { traceStatements } from './tracing.js';
import { type Reader, RunnerTx, type Tx } from './transaction.js';

const MOST_TRIES = 12;

/** Waits a random 0..2^attempt * 5 ms (at most 320 ms), so that the losers of a conflict do not meet again. */
function backOff(attempt: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 5 * 2 ** Math.min(attempt, 6)));
}

/**
 * Ends a transaction that failed. SQLite has rolled it back by itself where the disk was full, and TypeORM then takes
 * its one connection to be inside it for ever: what came later would be savepoints that nobody commits.
 */
async function giveUp(runner: QueryRunner, dialect: Dialect): Promise<void> {
  if (!runner.isTransactionActive) return;
  try {
    await runner.rollbackTransaction();
  } catch {
    // A lost connection to MySQL has taken its transaction with it.
    if (dialect === 'mysql') return;
    await runner.query('BEGIN TRANSACTION');
    await runner.rollbackTransaction();
  }
}

const DISK_FULL = 'The disk of the database is full, and nothing was written: free some space there.';

/**
 * The one way to SQL. Reads go to `reader`; everything that writes is a `transaction`.
 *
 * SQLite has one connection for writing, and TypeORM would mix two requests' statements in one transaction: a mutex
 * lets one transaction through at a time, and reads use a connection of their own (WAL: they see what is committed).
 */
export class Database {
  readonly dialect: Dialect;
  readonly reader: Reader;
  readonly #writer: DataSource;
  readonly #readSource: DataSource;
  readonly #clock: Clock | undefined;
  readonly #turns: Mutex;
  #inside = new AsyncLocalStorage<true>();
  #guard: ((tx: Tx) => Promise<void>) | undefined;
  /** Shared with guarded views: when a write last failed for want of room, on the process's own clock. */
  #full: { at: number } = { at: Number.NEGATIVE_INFINITY };

  /** `clock`, where given, is the store's clock (SQLite, and tests); else the database is asked. */
  constructor(writer: DataSource, readSource: DataSource, dialect: Dialect, clock: Clock | undefined, turns: Mutex) {
    this.#turns = turns;
    this.#writer = writer;
    this.#readSource = readSource;
    this.#clock = clock;
    this.dialect = dialect;
    this.reader = dialect === 'mysql' ? poolReader(readSource) : sourceReader(readSource);
  }

  /** The data source that writes: for migrations and for the test that compares the schema. */
  get source(): DataSource {
    return this.#writer;
  }

  /** Reads with TypeORM. */
  get manager(): EntityManager {
    return this.#readSource.manager;
  }

  /**
   * The same database over the same connections, whose every transaction begins with `guard`: what that throws is thrown,
   * and nothing is written.
   */
  guarded(guard: (tx: Tx) => Promise<void>): Database {
    const view = new Database(this.#writer, this.#readSource, this.dialect, this.#clock, this.#turns);
    view.#inside = this.#inside;
    view.#guard = guard;
    view.#full = this.#full;
    return view;
  }

  /** The current instant as an SQL expression, by the store's clock: epoch milliseconds. */
  nowSql(): string {
    return this.#clock ? String(this.#clock.now()) : 'CAST(ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS SIGNED)';
  }

  /** The store's clock, in epoch milliseconds. */
  async now(from: Reader = this.reader): Promise<number> {
    if (this.#clock) return this.#clock.now();
    const [row] = await from.rows<{ now: number | string }>(`SELECT ${this.nowSql()} AS now`);
    return Number(row?.now);
  }

  /**
   * Runs `work` in one transaction and returns what it returns. A deadlock or a conflict runs it again from its start,
   * so `work` must have no effect outside the transaction. Throws what `work` throws, rolled back, and ExpectedError
   * UNAVAILABLE when the disk is full.
   */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    if (this.#inside.getStore()) throw new Error('A transaction is under way here: pass its tx down.');
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#turns.run(() => this.#once(work));
      } catch (error) {
        if (isDiskFull(error)) {
          this.#full.at = performance.now();
          throw new ExpectedError('UNAVAILABLE', DISK_FULL);
        }
        if (!isConflict(error) || attempt >= MOST_TRIES) throw error;
        await backOff(attempt);
      }
    }
  }

  /**
   * Executes one UPDATE or DELETE that is its own transaction, once: how many rows it changed or matched. To MySQL it is
   * one message, so a process that freezes at any moment leaves no transaction open, and no row locked.
   */
  async execute(sql: string, values: readonly SqlValue[] = []): Promise<number> {
    if (this.dialect !== 'mysql' || this.#guard) return this.transaction((tx) => tx.execute(sql, values));
    if (this.#inside.getStore()) throw new Error('A transaction is under way here: pass its tx down.');
    return poolExecute(this.#writer, sql, values);
  }

  async #once<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.#writer.createQueryRunner();
    const tx = new RunnerTx(runner, (reader) => this.now(reader));
    let result: T;
    try {
      await runner.startTransaction();
      try {
        result = await this.#inside.run(true, async () => {
          await this.#guard?.(tx);
          const done = await work(tx);
          await tx.finish();
          return done;
        });
        await runner.commitTransaction();
      } catch (error) {
        await giveUp(runner, this.dialect);
        throw error;
      }
    } finally {
      await runner.release();
    }
    for (const hook of tx.hooks) hook();
    return result;
  }

  /** Whether a write has failed within the last so many milliseconds because the disk of the database is full. */
  diskWasFull(milliseconds: number): boolean {
    return performance.now() - this.#full.at <= milliseconds;
  }

  /** Closes every connection; statements under way fail. */
  async close(): Promise<void> {
    if (this.#readSource !== this.#writer && this.#readSource.isInitialized) await this.#readSource.destroy();
    if (this.#writer.isInitialized) await this.#writer.destroy();
  }
}

/**
 * How many transactions may be under way in a pool of connections: some are left for reads, which would otherwise wait
 * behind every transaction that waits for a connection. What is shown live would then lag as far as the writers are many.
 */
const transactionsOf = (poolSize: number): number => Math.max(1, poolSize - Math.ceil(poolSize / 5));

/** Opens a database. Throws the driver's error when it cannot be reached. */
export async function openDatabase(
  options: DatabaseOptions & { clock?: Clock },
  migrations: readonly (new () => MigrationInterface)[] = [],
): Promise<Database> {
  const dialect = dialectOf(options.url);
  const server = await serverKind(options.url);
  const writer = await traceStatements(createDataSource(options, server, migrations)).initialize();
  await prepareSessions(writer, server, options.statementLimit);
  if (dialect === 'mysql') {
    const places = transactionsOf(options.poolSize ?? DEFAULT_POOL_SIZE);
    return new Database(writer, writer, dialect, options.clock, new Mutex(places));
  }
  const reader = await traceStatements(createDataSource(options, server)).initialize();
  return new Database(writer, reader, dialect, options.clock ?? systemClock, new Mutex());
}
