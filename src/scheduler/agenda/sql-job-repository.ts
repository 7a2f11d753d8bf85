import {
  computeJobState,
  type JobParameters,
  type JobRepository,
  type JobsOverview,
  type JobsQueryOptions,
  type JobsResult,
  type RemoveJobsOptions,
  toJobId,
} from 'agenda';
import { v7 } from 'uuid';
import type { Database } from '../../db/database.js';
import type { SqlValue } from '../../db/sql-value.js';
import type { Tx } from '../../db/transaction.js';
import { insertRows, updateRows } from '../../db/write.js';
import { AgendaJobEntity, type AgendaJobRow } from '../../entities/agenda-job.js';
import { Mutex } from '../../lib/mutex.js';
import { marks } from '../due.js';
import { lockedEntry, shardOf } from './entry.js';
import type { LockStoreOptions } from './lock-store.js';
import { matches } from './match.js';

/** An entry's number for one lock of it. */
interface Lock {
  readonly fence: number;
}

function toParameters(row: AgendaJobRow): JobParameters & { _id: ReturnType<typeof toJobId> } {
  return {
    ...row.details,
    _id: toJobId(row.id),
    name: row.name,
    type: row.type,
    priority: row.priority,
    nextRunAt: row.nextRunAt === null ? null : new Date(row.nextRunAt),
    data: row.data,
    disabled: row.disabled,
    ...(row.lockedAt === null ? {} : { lockedAt: new Date(row.lockedAt) }),
    ...(row.lockService === null ? {} : { lastModifiedBy: row.lockService }),
  };
}

/** What a save may change: never what a lock consists of, so that a save cannot wipe somebody's lock. */
function savedColumns(job: JobParameters): Pick<AgendaJobRow, 'type' | 'priority' | 'data' | 'nextRunAt' | 'disabled'> {
  const data = typeof job.data === 'object' && job.data !== null ? { ...job.data } : {};
  const nextRunAt = job.nextRunAt === null ? null : job.nextRunAt.getTime();
  return { type: job.type, priority: job.priority, data, nextRunAt, disabled: job.disabled ?? false };
}

/**
 * Agenda 6's repository on our database. It serves entries that are held long: a handler's end makes its entry free at
 * once. Each lock has an owner and a number, and nobody clears a lock that is not its own.
 */
export class SqlJobRepository implements JobRepository {
  readonly #db: Database;
  readonly #options: LockStoreOptions;
  readonly #locks = new Map<string, Lock>();
  /** The entries whose lock was given back before their handler ended. */
  readonly #given = new Set<string>();
  readonly #turn = new Mutex(1);

  constructor(db: Database, options: LockStoreOptions) {
    this.#db = db;
    this.#options = options;
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  async #all(): Promise<JobsResult['jobs']> {
    const rows = await this.#db.manager.find(AgendaJobEntity, { order: { id: 'ASC' } });
    return rows.map(toParameters).map((job) => ({ ...job, state: computeJobState(job) }));
  }

  async queryJobs(options: JobsQueryOptions = {}): Promise<JobsResult> {
    const found = (await this.#all()).filter((job) => matches(job, options));
    const { skip = 0, limit = 0 } = options;
    return { jobs: found.slice(skip, limit > 0 ? skip + limit : undefined), total: found.length };
  }

  async getJobsOverview(): Promise<JobsOverview[]> {
    const zero = { total: 0, running: 0, scheduled: 0, queued: 0, completed: 0, failed: 0, repeating: 0, paused: 0 };
    const overviews = new Map<string, JobsOverview>();
    for (const job of await this.#all()) {
      const overview = overviews.get(job.name) ?? { name: job.name, ...zero };
      overview.total += 1;
      overview[job.state] += 1;
      overviews.set(job.name, overview);
    }
    return [...overviews.values()];
  }

  async getDistinctJobNames(): Promise<string[]> {
    return (await this.getJobsOverview()).map((overview) => overview.name);
  }

  async getJobById(id: string): Promise<JobParameters | null> {
    const row = await this.#db.manager.findOneBy(AgendaJobEntity, { id });
    return row ? toParameters(row) : null;
  }

  async getQueueSize(): Promise<number> {
    const sql = `SELECT COUNT(*) AS size FROM agenda_jobs WHERE wake_at <= ${this.#db.nowSql()}`;
    const [row] = await this.#db.reader.rows<{ size: number | string }>(sql);
    return Number(row?.size ?? 0);
  }

  async removeJobs(options: RemoveJobsOptions): Promise<number> {
    const ids = await this.#chosen(options);
    return this.#write('DELETE FROM agenda_jobs WHERE id = ?', ids);
  }

  async disableJobs(options: RemoveJobsOptions): Promise<number> {
    return this.#write('UPDATE agenda_jobs SET disabled = TRUE WHERE id = ?', await this.#chosen(options));
  }

  async enableJobs(options: RemoveJobsOptions): Promise<number> {
    return this.#write('UPDATE agenda_jobs SET disabled = FALSE WHERE id = ?', await this.#chosen(options));
  }

  purgeAllJobs(): Promise<number> {
    return this.#db.transaction((tx) => tx.execute('DELETE FROM agenda_jobs'));
  }

  /** The entries that removal options choose; none when they say nothing. */
  async #chosen(options: RemoveJobsOptions): Promise<string[]> {
    if (Object.values(options).every((value) => value === undefined)) return [];
    const jobs = (await this.#all()).filter((job) => matches(job, options));
    return jobs.map((job) => job._id);
  }

  #write(sql: string, ids: readonly string[]): Promise<number> {
    return this.#db.transaction(async (tx) => {
      let written = 0;
      for (const id of ids) written += await tx.execute(sql, [id]);
      return written;
    });
  }

  async saveJob<DATA = unknown>(job: JobParameters<DATA>): Promise<JobParameters<DATA>> {
    const id = job._id ?? (await this.#sameAs(job)) ?? v7();
    const columns = savedColumns({ ...job, data: job.data });
    await this.#db.transaction(async (tx) => {
      const changed = await updateRows(tx, AgendaJobEntity, { id }, columns);
      if (changed > 0) return;
      const free = { lockService: null, lockIncarnation: null, lockedAt: null, fence: 0, details: {} };
      await insertRows(tx, AgendaJobEntity, [{ id, name: job.name, ...columns, ...free, wakeAt: columns.nextRunAt }]);
    });
    return { ...job, _id: toJobId(id) };
  }

  /** The entry that a save of a 'single' or unique job means. */
  async #sameAs(job: JobParameters): Promise<string | undefined> {
    if (job.type !== 'single' && !job.unique) return undefined;
    const data = job.unique ? job.data : undefined;
    const same = (await this.#all()).find((other) => matches(other, { name: job.name, data }));
    return same?._id;
  }

  /** Agenda writes state when a handler starts (nothing to do: renewing is not Agenda's) and when it has ended. */
  async saveJobState(job: JobParameters): Promise<void> {
    if (!job.lockedAt) await this.unlockJob(job);
  }

  async lockJob(job: JobParameters): Promise<JobParameters | undefined> {
    return job._id ? this.#lock('AND id = ?', [job._id], job.name) : undefined;
  }

  /** The locks on these shards were given back: when their handlers end, nothing is left to be freed. */
  gaveBack(shards: readonly string[]): void {
    for (const id of shards) if (this.#locks.has(id)) this.#given.add(id);
  }

  /** Never rejects: Agenda does not wait for it everywhere, and a lock that is not given back runs out by itself. */
  async unlockJob(job: JobParameters): Promise<void> {
    if (job._id) await this.unlockJobs([job._id]).catch(() => {});
  }

  async unlockJobs(ids: readonly string[]): Promise<void> {
    const { service, incarnation } = this.#options.owner;
    const sql = `UPDATE agenda_jobs SET lock_service = NULL, lock_incarnation = NULL, locked_at = NULL,
      wake_at = ${this.#db.nowSql()} WHERE id = ? AND lock_service = ? AND lock_incarnation = ? AND fence = ?`;
    for (const id of ids) {
      const lock = this.#locks.get(id);
      this.#locks.delete(id);
      if (!this.#given.delete(id) && lock)
        await this.#db.transaction((tx) => tx.execute(sql, [id, service, incarnation, lock.fence]));
    }
  }

  /**
   * Locks one wanted entry that is free, one call after the other: Agenda fills its queue several times at once, and
   * each must know what the others won. The scan's instants are Agenda's by the host's clock: the store's clock decides.
   */
  getNextJobToRun(name: string): Promise<JobParameters | undefined> {
    return this.#turn.run(async () => {
      const wanted = this.#options.wanted().filter((shard) => !this.#locks.has(shard));
      return wanted.length === 0 ? undefined : this.#lock(`AND id IN (${marks(wanted)})`, wanted, name);
    });
  }

  async #lock(condition: string, values: readonly SqlValue[], name: string): Promise<JobParameters | undefined> {
    const free = `SELECT id, fence, data FROM agenda_jobs
      WHERE name = ? AND wake_at <= ${this.#db.nowSql()} AND disabled = FALSE ${condition} ORDER BY wake_at LIMIT 1`;
    const chosen = [name, ...values];
    if ((await this.#db.reader.rows(free, chosen)).length === 0) return undefined;
    return this.#db.transaction((tx) => this.#lockFirst(tx, free, chosen));
  }

  async #lockFirst(tx: Tx, free: string, values: readonly SqlValue[]): Promise<JobParameters | undefined> {
    const skip = this.#db.dialect === 'mysql' ? ' FOR UPDATE SKIP LOCKED' : '';
    const [row] = await tx.rows<{ id: string; fence: number; data: string }>(`${free}${skip}`, values);
    if (!row) return undefined;
    const now = this.#db.nowSql();
    const sql = `UPDATE agenda_jobs SET lock_service = ?, lock_incarnation = ?, locked_at = ${now}, fence = fence + 1,
      wake_at = ${now} + ${this.#options.lockLength} WHERE id = ? AND fence = ?`;
    const { service, incarnation } = this.#options.owner;
    if ((await tx.execute(sql, [service, incarnation, row.id, row.fence])) !== 1) return undefined;
    const lock = { fence: row.fence + 1 };
    tx.afterCommit(() => this.#locks.set(row.id, lock));
    return lockedEntry(row.id, shardOf(JSON.parse(row.data)));
  }
}
