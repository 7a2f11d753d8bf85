import type { Tx } from '../db/transaction.js';
import { MINUTE, SECOND } from '../lib/time.js';
import { dueRows, marks } from './due.js';
import { guard, type HeldShard } from './fence.js';
import { BatchError, Firing, type FiringOptions } from './firing.js';
import type { SchedulerLog } from './metrics.js';
import { shorten } from './planner.js';

/** A row whose firing killed the process this many times is parked until somebody edits it. */
const MOST_ATTEMPTS = 3;
const LONGEST_BACK_OFF = 5 * MINUTE;

/** How long a row that threw waits, in milliseconds: 5 s, 10 s, 20 s ... at most 5 minutes. */
const backOff = (failCount: number): number =>
  Math.min(5 * SECOND * 2 ** Math.min(failCount - 1, 10), LONGEST_BACK_OFF);

/**
 * How many rows that were tried so often are tried together: of a batch of 200 first 15, then 1. Alone each would cost
 * two transactions: a batch whose owner dies twice would take longer to catch up with than it takes the next to die.
 */
const groupSize = (batchSize: number, attempts: number): number =>
  Math.ceil(batchSize ** Math.max(0, 1 - attempts / (MOST_ATTEMPTS - 1)));

const MARK = `UPDATE background_jobs SET fail_count = fail_count + 1, fail_reason = ?, attempts = 0, wake_at = ?
  WHERE id = ? AND shard_id = ? AND generation = ?`;
const PARK = `The server ended ${MOST_ATTEMPTS} times while it fired this: change it to have it tried again.`;

/**
 * Fires what is due in one shard so that no row stops its neighbours: a batch that throws is halved until the poison
 * row stands alone, which is marked and backs off; after an owner that died in the middle, each row's attempt is
 * committed first, and the rows that were tried before are tried in ever smaller groups, at last alone.
 */
export class ShardFiring {
  readonly #options: FiringOptions & { readonly log: SchedulerLog };
  readonly #firing: Firing;
  readonly #shard: HeldShard;
  /** The rows whose attempt this process has counted: it is alive, so it counts them once. */
  readonly #counted = new Set<string>();
  #cautious: boolean;

  constructor(options: FiringOptions & { readonly log: SchedulerLog }, shard: HeldShard) {
    this.#options = options;
    this.#firing = new Firing(options);
    this.#shard = shard;
    this.#cautious = !shard.clean;
  }

  /** Fires a batch of what is due. Throws LeaseLostError, and the driver's error when the database cannot be reached. */
  async fireDue(): Promise<void> {
    if (!this.#cautious) return this.#fire();
    const { tried, suspects } = await this.#countAttempts();
    if (tried.length > 0) await this.#fire(tried);
    this.#cautious = suspects;
    if (!suspects) this.#counted.clear();
  }

  async #fire(only?: readonly string[]): Promise<void> {
    try {
      await this.#firing.batch(this.#shard, only);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      await this.#bisect(error);
    }
  }

  async #bisect({ rows, cause }: BatchError): Promise<void> {
    const [first] = rows;
    if (!first) return;
    if (rows.length === 1) return this.#mark(first.id, first.generation, first.failCount, first.kind, cause);
    const ids = rows.map((row) => row.id);
    const middle = Math.ceil(ids.length / 2);
    await this.#fire(ids.slice(0, middle));
    await this.#fire(ids.slice(middle));
  }

  async #mark(id: string, generation: number, failCount: number, kind: string, cause: unknown): Promise<void> {
    const { db, metrics, log } = this.#options;
    const reason = shorten(cause instanceof Error ? cause.message : String(cause));
    await db.transaction(async (tx) => {
      await guard(db, tx, this.#shard);
      const wakeAt = (await tx.now()) + backOff(failCount + 1);
      await tx.execute(MARK, [reason, wakeAt, id, this.#shard.id, generation]);
    });
    metrics.failed(kind);
    log.warn(`The background job ${id} of kind "${kind}" could not be fired and backs off.`, cause);
  }

  /**
   * Commits that some due rows are about to be tried, and says which; parks those that were tried too often. No suspects
   * are left once a batch of rows is tried that nobody died of: what the owner before was firing comes first of all that
   * is due, so that it was in this batch or is gone.
   */
  #countAttempts(): Promise<{ tried: string[]; suspects: boolean }> {
    const { db, kinds, batchSize } = this.#options;
    return db.transaction(async (tx) => {
      await guard(db, tx, this.#shard);
      const selection = { dialect: db.dialect, shardId: this.#shard.id, kinds: kinds.names, limit: batchSize };
      const rows = await dueRows(tx, selection, await tx.now());
      const worn = rows.filter((row) => row.attempts >= MOST_ATTEMPTS && !this.#counted.has(row.id));
      await park(
        tx,
        worn.map((row) => row.id),
      );
      const left = rows.filter((row) => !worn.includes(row));
      const tried = left.filter((row) => row.attempts > 0 && !this.#counted.has(row.id));
      const most = Math.max(...tried.map((row) => row.attempts));
      const group = tried.filter((row) => row.attempts === most).slice(0, groupSize(batchSize, most));
      const next = (tried.length > 0 ? group : left).map((row) => row.id);
      await count(
        tx,
        next.filter((id) => !this.#counted.has(id)),
      );
      tx.afterCommit(() => {
        for (const id of next) this.#counted.add(id);
      });
      return { tried: next, suspects: tried.length > 0 || worn.length > 0 };
    });
  }
}

async function park(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const sql = `UPDATE background_jobs SET wake_at = NULL, fail_reason = ? WHERE id IN (${marks(ids)})`;
  await tx.execute(sql, [PARK, ...ids]);
}

async function count(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(`UPDATE background_jobs SET attempts = attempts + 1 WHERE id IN (${marks(ids)})`, [...ids]);
}
