import type { AgendaBackend } from 'agenda';
import type { Database } from '../../db/database.js';
import type { Tx } from '../../db/transaction.js';
import { insertRows } from '../../db/write.js';
import { AgendaJobEntity } from '../../entities/agenda-job.js';
import { marks } from '../due.js';
import { ENTRY_NAME, type LockStore, type LockStoreOptions } from './lock-store.js';
import { SqlJobRepository } from './sql-job-repository.js';

const FREE = 'lock_service = NULL, lock_incarnation = NULL, locked_at = NULL';
const MINE = 'lock_service = ? AND lock_incarnation = ?';

/** The key of a shard's entry: the shard's own id, so that two engines cannot make it twice. */
const entryRow = (shard: string) => ({
  id: shard,
  name: ENTRY_NAME,
  type: 'normal' as const,
  priority: 0,
  data: { shard },
  nextRunAt: null,
  disabled: false,
  wakeAt: 0,
  lockService: null,
  lockIncarnation: null,
  lockedAt: null,
  fence: 0,
  details: {},
});

/** Agenda's locks in the SQL database: what elects where no MongoDB is configured. */
export class SqlLockStore implements LockStore {
  readonly backend: AgendaBackend;
  /** It is the same database that everything needs: when it is away, there is nothing to fall back to. */
  readonly available = true;
  readonly #repository: SqlJobRepository;
  readonly #db: Database;
  readonly #options: LockStoreOptions;

  constructor(db: Database, options: LockStoreOptions) {
    this.#db = db;
    this.#options = options;
    this.#repository = new SqlJobRepository(db, options);
    this.backend = {
      name: 'SQL',
      repository: this.#repository,
      ownsConnection: false,
      connect: async () => {},
      disconnect: async () => {},
    };
  }

  get #owner(): [string, number] {
    return [this.#options.owner.service, this.#options.owner.incarnation];
  }

  async prepare(): Promise<void> {
    const earlier = this.#options.exclusive ? 'lock_service <> ? OR' : 'lock_service = ? AND';
    const sql = `UPDATE agenda_jobs SET ${FREE}, wake_at = ${this.#db.nowSql()}
      WHERE ${earlier} lock_incarnation < ?`;
    await this.#db.transaction((tx) => tx.execute(sql, this.#owner));
  }

  async missing(shards: readonly string[]): Promise<string[]> {
    if (shards.length === 0) return [];
    const sql = `SELECT id FROM agenda_jobs WHERE id IN (${marks(shards)})`;
    const found = await this.#db.reader.rows<{ id: string }>(sql, [...shards]);
    const there = new Set(found.map((row) => row.id));
    return shards.filter((shard) => !there.has(shard));
  }

  async ensure(shards: readonly string[]): Promise<number> {
    const missing = await this.missing(shards);
    if (missing.length === 0) return 0;
    await this.#db.transaction((tx) => insertRows(tx, AgendaJobEntity, missing.map(entryRow)));
    return missing.length;
  }

  async hold(shards: readonly string[]): Promise<number> {
    if (shards.length === 0) return 0;
    const now = this.#db.nowSql();
    const sql = `UPDATE agenda_jobs SET fence = CASE WHEN ${MINE} THEN fence ELSE fence + 1 END,
      wake_at = ${now} + ${this.#options.lockLength}, locked_at = ${now}, lock_service = ?, lock_incarnation = ?
      WHERE id IN (${marks(shards)}) AND (lock_service IS NULL OR wake_at <= ${now} OR (${MINE}))`;
    const values = [...this.#owner, ...this.#owner, ...shards, ...this.#owner];
    return this.#db.transaction((tx) => tx.execute(sql, values));
  }

  async prune(shards: readonly string[]): Promise<number> {
    const others = shards.length === 0 ? '' : `id NOT IN (${marks(shards)}) AND`;
    const sql = `DELETE FROM agenda_jobs WHERE ${others} (lock_service IS NULL OR wake_at <= ${this.#db.nowSql()} OR (${MINE}))`;
    return this.#db.transaction((tx) => tx.execute(sql, [...shards, ...this.#owner]));
  }

  async release(shards: readonly string[], pause = 0): Promise<void> {
    if (shards.length === 0) return;
    const sql = `UPDATE agenda_jobs SET ${FREE}, wake_at = ${this.#db.nowSql()} + ${pause}
      WHERE id IN (${marks(shards)}) AND ${MINE}`;
    await this.#db.transaction((tx: Tx) => tx.execute(sql, [...shards, ...this.#owner]));
    this.#repository.gaveBack(shards);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
