import type { Database } from '../db/database.js';
import { isDuplicate } from '../db/failures.js';
import type { Bell } from '../events/outbox.js';
import { MINUTE } from '../lib/time.js';
import { marks } from './due.js';
import type { KindRegistry } from './kind-registry.js';
import type { Desired, Kind, Tag } from './kinds.js';
import type { SchedulerLog, SchedulerMetrics } from './metrics.js';
import type { SqlPlanner } from './planner.js';
import { type SliceCounts, shardChannel, shardId, sliceCount, sliceOf } from './tag.js';

const PAGE = 500;

export interface ReconcilerOptions {
  readonly db: Database;
  readonly planner: SqlPlanner;
  readonly kinds: KindRegistry;
  readonly bell: Bell;
  readonly slices: SliceCounts;
  readonly metrics: SchedulerMetrics;
  readonly log: SchedulerLog;
}

/** What one comparison found and mended. */
export interface Mended {
  missing: number;
  surplus: number;
  moved: number;
}

interface Scheduled {
  id: string;
  subject: string;
  generation: number;
  planned_at: number | string;
  shard_id: string;
  tag: string;
}

/** Sees to it that one comparison at a time is under way in this process. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  #running: Promise<Mended> | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /**
   * One comparison of every kind; a second call while one is under way joins it. It writes by `db`, where that is given
   * (leased work has a database of its own), and ends early when the signal aborts. Never rejects.
   */
  run(db: Database = this.#options.db, signal?: AbortSignal): Promise<Mended> {
    this.#running ??= new Comparison({ ...this.#options, db }, signal).run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#running;
  }
}

/**
 * Compares what the kinds want with what is scheduled: inserts what is missing, deletes what nobody wants, moves what
 * belongs to another shard since the number of slices changed, or to one that is gone; never touches the instant of what
 * is there. Walks both lists in the order of subjects, so that its memory does not grow with them.
 */
class Comparison {
  readonly #options: ReconcilerOptions;
  readonly #signal: AbortSignal | undefined;
  /** The shards there are. */
  #shards: ReadonlySet<string> = new Set();
  /** The tag that was read last, and the ids of its shards by their slices. */
  #tagText = '';
  #homes: readonly string[] = [];

  constructor(options: ReconcilerOptions, signal: AbortSignal | undefined) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Every kind; one that cannot be compared is told of, and the others are all the same. */
  async run(): Promise<Mended> {
    const { kinds, metrics, log } = this.#options;
    const total: Mended = { missing: 0, surplus: 0, moved: 0 };
    for (const kind of kinds.all) {
      if (this.#signal?.aborted) break;
      await this.#compare(kind, total).catch((error) => log.warn(`The kind "${kind.kind}" was not reconciled.`, error));
    }
    for (const what of ['missing', 'surplus', 'moved'] as const) if (total[what] > 0) metrics.mended(what, total[what]);
    return total;
  }

  async #compare(kind: Kind, total: Mended): Promise<void> {
    const before = (await this.#options.db.now()) - MINUTE;
    const shards = await this.#options.db.reader.rows<{ id: string }>('SELECT id FROM shards');
    this.#shards = new Set(shards.map((shard) => shard.id));
    const missing = new Batch<Desired>((batch) => this.#insert(kind, batch));
    const surplus = new Batch<Scheduled>((batch) => this.#delete(batch));
    const moved = new Batch<Scheduled>((batch) => this.#move(batch));
    const rows = this.#scheduled(kind);
    let row = await rows.next();
    let last: string | undefined;
    for await (const desired of kind.desired()) {
      if (this.#signal?.aborted) return;
      if (last !== undefined && desired.subject <= last) throw new Error('desired() is not in the order of subjects.');
      last = desired.subject;
      while (!row.done && row.value.subject < desired.subject) {
        if (Number(row.value.planned_at) < before) await surplus.add(row.value);
        row = await rows.next();
      }
      if (row.done || row.value.subject !== desired.subject) await missing.add(desired);
      else {
        if (this.#misplaced(row.value, before)) await moved.add(row.value);
        row = await rows.next();
      }
    }
    for (; !row.done; row = await rows.next()) {
      // What was planned within the last minute may be newer than the list of what is wanted.
      if (Number(row.value.planned_at) < before) await surplus.add(row.value);
    }
    total.missing += await missing.end();
    total.surplus += await surplus.end();
    total.moved += await moved.end();
  }

  async *#scheduled(kind: Kind): AsyncGenerator<Scheduled, undefined> {
    const sql = `SELECT id, subject, generation, planned_at, shard_id, tag FROM background_jobs
      WHERE kind = ? AND subject > ? ORDER BY subject LIMIT ${PAGE}`;
    let after = '';
    for (;;) {
      const page = await this.#options.db.reader.rows<Scheduled>(sql, [kind.kind, after]);
      yield* page;
      const end = page.at(-1);
      if (!end || page.length < PAGE) return;
      after = end.subject;
    }
  }

  async #insert(kind: Kind, wanted: readonly Desired[]): Promise<number> {
    try {
      return await this.#insertMissing(kind, wanted);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      // Somebody else has put some of them there since they were looked for.
      return this.#insertMissing(kind, wanted);
    }
  }

  #insertMissing(kind: Kind, wanted: readonly Desired[]): Promise<number> {
    const { db, planner } = this.#options;
    return db.transaction(async (tx) => {
      const subjects = wanted.map((desired) => desired.subject);
      const sql = `SELECT subject FROM background_jobs WHERE kind = ? AND subject IN (${marks(subjects)})`;
      const there = new Set((await tx.rows<Scheduled>(sql, [kind.kind, ...subjects])).map((row) => row.subject));
      const missing = wanted.filter((desired) => !there.has(desired.subject));
      await planner.insert(tx, kind.kind, missing);
      return missing.length;
    });
  }

  #delete(rows: readonly Scheduled[]): Promise<number> {
    return this.#options.db.transaction(async (tx) => {
      let deleted = 0;
      const sql = 'DELETE FROM background_jobs WHERE id = ? AND generation = ?';
      for (const row of rows) deleted += await tx.execute(sql, [row.id, row.generation]);
      return deleted;
    });
  }

  #home(row: Scheduled): string {
    // Neighbours mostly have the same tag, and of a hundred thousand rows each hash counts.
    if (row.tag !== this.#tagText) {
      const tag: Tag = JSON.parse(row.tag);
      const slices = Array.from({ length: sliceCount(tag, this.#options.slices) }, (_, slice) => shardId(tag, slice));
      this.#tagText = row.tag;
      this.#homes = slices;
    }
    return this.#homes[sliceOf(row.id, this.#homes.length)] ?? '';
  }

  /** Its shard is another, or is not there: it went while the background job was being planned. */
  #misplaced(row: Scheduled, before: number): boolean {
    const lost = !this.#shards.has(row.shard_id) && Number(row.planned_at) < before;
    return lost || this.#home(row) !== row.shard_id;
  }

  #move(rows: readonly Scheduled[]): Promise<number> {
    const { db, planner, bell } = this.#options;
    return db.transaction(async (tx) => {
      let moved = 0;
      for (const row of rows) {
        const home = await planner.shardFor(tx, JSON.parse(row.tag), row.id);
        const sql = 'UPDATE background_jobs SET shard_id = ?, generation = ? WHERE id = ? AND generation = ?';
        moved += await tx.execute(sql, [home, row.generation + 1, row.id, row.generation]);
        tx.afterCommit(() => bell.ring(shardChannel(home)));
      }
      return moved;
    });
  }
}

/** Collects things and writes them by the hundred; counts what was written. */
class Batch<T> {
  readonly #write: (batch: readonly T[]) => Promise<number>;
  #items: T[] = [];
  #written = 0;

  constructor(write: (batch: readonly T[]) => Promise<number>) {
    this.#write = write;
  }

  async add(item: T): Promise<void> {
    this.#items.push(item);
    if (this.#items.length >= 100) await this.end();
  }

  async end(): Promise<number> {
    const items = this.#items;
    this.#items = [];
    if (items.length > 0) this.#written += await this.#write(items);
    return this.#written;
  }
}
