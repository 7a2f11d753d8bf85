import type { Database } from '../db/database.js';
import { isConflict, isConnectionLost, isDiskFull, isDuplicate } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { ID_PREFIX } from '../entities/ids.js';
import { OccurrenceEntity } from '../entities/occurrence.js';
import type { IdSource } from '../lib/ids.js';
import { advance, ChangedMeanwhileError } from './advance.js';
import { type DueRow, dueRows } from './due.js';
import { guard, type HeldShard } from './fence.js';
import type { KindRegistry } from './kind-registry.js';
import type { DueJob, Fired, Kind } from './kinds.js';
import type { SchedulerMetrics } from './metrics.js';
import { instantKey, recordedInstants } from './occurrences.js';
import { shorten } from './planner.js';
import type { AtPoint } from './points.js';

export interface FiringOptions {
  readonly db: Database;
  readonly ids: IdSource;
  readonly kinds: KindRegistry;
  readonly metrics: SchedulerMetrics;
  /** The most rows in one transaction. */
  readonly batchSize: number;
  readonly at?: AtPoint;
}

/** A batch that threw for a reason of its own, with the rows it stood for. */
export class BatchError extends Error {
  readonly rows: readonly DueRow[];
  override readonly cause: unknown;

  constructor(rows: readonly DueRow[], cause: unknown) {
    super('A batch of background jobs could not be fired.');
    this.rows = rows;
    this.cause = cause;
  }
}

interface Done {
  readonly job: DueRow;
  readonly kind: Kind;
  readonly fired: Fired;
  /** The instant was fired before; only its next one was asked for. */
  readonly again: boolean;
}

/** What `fire` must give back for each job. Throws where a kind breaks its promise. */
function checked(kind: Kind, jobs: readonly DueRow[], results: readonly Fired[]): Fired[] {
  const byId = new Map(results.map((fired) => [fired.id, fired]));
  return jobs.map((job) => {
    const fired = byId.get(job.id);
    if (!fired) throw new Error(`The kind "${kind.kind}" said nothing about the background job ${job.id}.`);
    // A chore may ask to come back at once; an instant that is recorded comes up once.
    const earliest = kind.recordsOccurrences ? job.scheduledFor + 1 : job.scheduledFor;
    if (fired.nextRunAt !== null && fired.nextRunAt < earliest) {
      throw new Error(`The kind "${kind.kind}" gave the background job ${job.id} a next instant that is not later.`);
    }
    return fired;
  });
}

const plain = ({ id, kind, subject, project, scheduledFor, state, generation }: DueRow): DueJob => ({
  id,
  kind,
  subject,
  project,
  scheduledFor,
  state,
  generation,
});

function groupByKind(rows: readonly DueRow[]): Map<string, DueRow[]> {
  const groups = new Map<string, DueRow[]>();
  for (const row of rows) groups.set(row.kind, [...(groups.get(row.kind) ?? []), row]);
  return groups;
}

/** Asks the kind for the next instant of a job that was fired before, and undoes all else that it does. */
async function askAgain(tx: Tx, kind: Kind, job: DueRow, now: number): Promise<Done> {
  await tx.execute('SAVEPOINT fired_before');
  const [fired] = checked(kind, [job], await kind.fire(tx, [plain(job)], now));
  await tx.execute('ROLLBACK TO SAVEPOINT fired_before');
  if (!fired) throw new Error('A checked answer has one entry for each job.');
  return { job, kind, fired: { ...fired, occurrences: [] }, again: true };
}

/** Fires due rows of one shard, one transaction at a time. */
export class Firing {
  readonly #options: FiringOptions;

  constructor(options: FiringOptions) {
    this.#options = options;
  }

  /**
   * Fires at most one batch of a shard's due rows (of `only`, where given) and commits; returns how many.
   * Throws LeaseLostError when the shard has another owner, BatchError when the kinds' work failed, and the driver's
   * error when the database cannot be reached (then the outcome is unknown, and the next call finds out).
   */
  async batch(shard: HeldShard, only?: readonly string[]): Promise<number> {
    for (let careful = false; ; ) {
      try {
        return await this.#transaction(shard, only, careful);
      } catch (error) {
        if (error instanceof ChangedMeanwhileError) continue;
        // 1062: one of the instants was fired before. Once more, looking first which.
        if (careful || !(error instanceof BatchError) || !isDuplicate(error.cause)) throw error;
        careful = true;
      }
    }
  }

  async #transaction(shard: HeldShard, only: readonly string[] | undefined, careful: boolean): Promise<number> {
    const { db, kinds, batchSize } = this.#options;
    let at = 0;
    const done = await db.transaction(async (tx) => {
      await guard(db, tx, shard);
      at = await tx.now();
      const selection = { dialect: db.dialect, shardId: shard.id, kinds: kinds.names, limit: batchSize, only };
      const rows = await dueRows(tx, selection, at);
      if (rows.length === 0) return [];
      const fired = await this.#fire(tx, shard, rows, at, careful);
      await this.#options.at?.('before-commit');
      return fired;
    });
    if (done.length > 0) await this.#options.at?.('after-commit');
    this.#count(done, at);
    return done.length;
  }

  async #fire(tx: Tx, shard: HeldShard, rows: readonly DueRow[], at: number, careful: boolean): Promise<Done[]> {
    try {
      const done: Done[] = [];
      const known = careful ? await recordedInstants(tx, rows) : new Set<string>();
      const before = new Set(
        rows.filter((row) => known.has(instantKey(row.id, row.scheduledFor))).map((row) => row.id),
      );
      for (const [name, jobs] of groupByKind(rows)) {
        const kind = this.#options.kinds.get(name);
        const fresh = jobs.filter((job) => !before.has(job.id));
        const fired = fresh.length > 0 ? checked(kind, fresh, await kind.fire(tx, fresh.map(plain), at)) : [];
        fresh.forEach((job, index) => {
          const result = fired[index];
          if (result) done.push({ job, kind, fired: result, again: false });
        });
        for (const job of jobs) if (before.has(job.id)) done.push(await askAgain(tx, kind, job, at));
      }
      await this.#record(tx, shard, done, at, careful);
      await this.#options.at?.('firing');
      await advance(tx, shard.id, done);
      return done;
    } catch (error) {
      throw this.#blamed(rows, error);
    }
  }

  /** Errors of the database's own stay as they are: they say nothing about the rows. */
  #blamed(rows: readonly DueRow[], error: unknown): unknown {
    if (error instanceof ChangedMeanwhileError) return error;
    if (isConflict(error) || isConnectionLost(error) || isDiskFull(error)) return error;
    return new BatchError(rows, error);
  }

  async #record(tx: Tx, shard: HeldShard, done: readonly Done[], at: number, careful: boolean): Promise<void> {
    const kept = done.filter(({ kind }) => kind.recordsOccurrences);
    const all = kept.flatMap(({ job, fired }) =>
      fired.occurrences.map((occurrence) => ({
        id: this.#options.ids.next(ID_PREFIX.occurrence),
        backgroundJobId: job.id,
        kind: job.kind,
        subject: job.subject,
        project: job.project,
        scheduledFor: occurrence.scheduledFor,
        until: occurrence.until ?? null,
        count: occurrence.count ?? 1,
        outcome: occurrence.outcome,
        reason: shorten(occurrence.reason),
        runId: occurrence.runId,
        firedAt: at,
        startedAt: null,
        fence: shard.fence,
        serviceId: shard.serviceId,
      })),
    );
    const told = all
      .filter((row) => row.runId === null)
      .map((row) => ({ id: row.backgroundJobId, scheduledFor: row.scheduledFor }));
    const known = careful ? await recordedInstants(tx, told) : new Set<string>();
    // A missed instant may be told twice; one that made a run may not, and fails on the unique key.
    const rows = all.filter(
      (row) => row.runId !== null || !known.has(instantKey(row.backgroundJobId, row.scheduledFor)),
    );
    await insertRows(tx, OccurrenceEntity, rows);
  }

  #count(done: readonly Done[], at: number): void {
    const { metrics } = this.#options;
    for (const { job, fired, again } of done) {
      if (again) metrics.refusedTwice(job.kind);
      else metrics.fired(job.kind, at - job.scheduledFor);
      for (const occurrence of fired.occurrences) {
        if (occurrence.outcome === 'MISSED') metrics.missed(job.kind, occurrence.count ?? 1);
      }
    }
  }
}
