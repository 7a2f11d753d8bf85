import { isDuplicate } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { BackgroundJobEntity } from '../entities/background-job.js';
import { ID_PREFIX } from '../entities/ids.js';
import type { Bell } from '../events/outbox.js';
import type { IdSource } from '../lib/ids.js';
import type { KindRegistry } from './kind-registry.js';
import type { Begun, Desired, Planner, Settlement, Tag } from './kinds.js';
import { ensureShard } from './shards.js';
import { ENGINES_CHANNEL, type SliceCounts, shardChannel, sliceCount, sliceOf, tagKey } from './tag.js';
import { beginWork, retryWork } from './work-begin.js';

export interface PlannerOptions {
  readonly bell: Bell;
  readonly ids: IdSource;
  readonly slices: SliceCounts;
  readonly kinds: KindRegistry;
}

interface Existing {
  id: string;
  shard_id: string;
  pinned_at: number | string | null;
}

interface Bound extends Existing {
  kind: string;
  subject: string;
  tag: string | Tag;
  wake_at: number | string | null;
  fail_count: number;
}

const FIND = 'SELECT id, shard_id, pinned_at FROM background_jobs WHERE kind = ? AND subject = ?';
const BOUND =
  'SELECT id, kind, subject, shard_id, tag, pinned_at, wake_at, fail_count FROM background_jobs WHERE id = ?';
const REBIND = `UPDATE background_jobs SET tag = ?, pinned_at = ?, shard_id = ?, wake_at = next_run_at,
  generation = generation + 1, fail_count = 0, fail_reason = NULL, attempts = 0 WHERE id = ?`;
const CHANGE = `UPDATE background_jobs SET project = ?, next_run_at = ?, wake_at = ?, generation = generation + 1,
  fail_count = 0, fail_reason = NULL, attempts = 0, planned_at = ?`;
const SETTLE = 'UPDATE occurrences SET outcome = ?, reason = ?, started_at = COALESCE(?, started_at) WHERE run_id = ?';
/** The width of a reason in the tables. */
const REASON_LENGTH = 255;

/** A reason cut to what its column holds. */
export const shorten = (reason: string | null): string | null => reason?.slice(0, REASON_LENGTH) ?? null;

/** The planner: it writes within its caller's transaction, and tells the shard's owner after the commit. */
export class SqlPlanner implements Planner {
  readonly #options: PlannerOptions;

  constructor(options: PlannerOptions) {
    this.#options = options;
  }

  async plan(tx: Tx, kind: string, desired: Desired): Promise<void> {
    const changed = await this.#change(tx, kind, desired);
    if (changed) return;
    try {
      await this.insert(tx, kind, [desired]);
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      await this.#change(tx, kind, desired);
    }
  }

  /** Puts subjects on the schedule that are not on it. Throws the driver's error for one that is. */
  async insert(tx: Tx, kind: string, subjects: readonly Desired[]): Promise<void> {
    const at = await tx.now();
    const rows = [];
    for (const desired of subjects) {
      const tag = desired.tag ?? this.#options.kinds.get(kind).defaultTag;
      const id = this.#options.ids.next(ID_PREFIX.backgroundJob);
      const shardId = await this.shardFor(tx, tag, id);
      const { subject, project, nextRunAt, state: jobState = {} } = desired;
      const fresh = { generation: 1, failCount: 0, failReason: null, attempts: 0, plannedAt: at };
      rows.push({ id, kind, subject, project, nextRunAt, wakeAt: nextRunAt, jobState, tag, shardId, ...fresh });
      this.#nudge(tx, shardId);
    }
    await insertRows(tx, BackgroundJobEntity, rows);
  }

  /** The shard that a background job of this tag belongs to by its id's hash; made when it is not there. */
  shardFor(tx: Tx, tag: Tag, id: string): Promise<string> {
    const { bell, slices } = this.#options;
    const onMade = (): void => tx.afterCommit(() => bell.ring(ENGINES_CHANNEL));
    return ensureShard(tx, tag, sliceOf(id, sliceCount(tag, slices)), onMade);
  }

  /** Changes the row in one statement; false when there is none. A tag that is not given stays, and so does the state. */
  async #change(tx: Tx, kind: string, desired: Desired): Promise<boolean> {
    const [row] = await tx.rows<Existing>(FIND, [kind, desired.subject]);
    if (!row) return false;
    const values = [desired.project, desired.nextRunAt, desired.nextRunAt, await tx.now()];
    const sets: string[] = [];
    const more: string[] = [];
    let shardId = row.shard_id;
    // What was pinned by hand stays where it is.
    if (desired.tag && row.pinned_at === null) {
      shardId = await this.shardFor(tx, desired.tag, row.id);
      sets.push('tag = ?', 'shard_id = ?');
      more.push(JSON.stringify(desired.tag), shardId);
    }
    if (desired.state) {
      sets.push('job_state = ?');
      more.push(JSON.stringify(desired.state));
    }
    const sql = [CHANGE, ...sets].join(', ');
    const count = await tx.execute(`${sql} WHERE id = ?`, [...values, ...more, row.id]);
    if (count > 0) this.#nudge(tx, shardId);
    return count > 0;
  }

  async rebind(tx: Tx, id: string, tag: Tag | null): Promise<boolean> {
    const lock = tx.manager.dataSource.options.type === 'better-sqlite3' ? '' : ' FOR UPDATE';
    const [row] = await tx.rows<Bound>(`${BOUND}${lock}`, [id]);
    if (!row) return false;
    const bound = tag ?? this.#options.kinds.find(row.kind)?.defaultTag ?? {};
    const before: Tag = typeof row.tag === 'string' ? JSON.parse(row.tag) : row.tag;
    const same = tagKey(bound) === tagKey(before) && (tag !== null) === (row.pinned_at !== null);
    // The long work that it began may be parked, or back off, while it is well itself.
    const retried = await retryWork(tx, this.#options.bell, row.kind, row.subject);
    if (same && row.fail_count === 0 && row.wake_at !== null) return retried;
    const shardId = await this.shardFor(tx, bound, id);
    const pinnedAt = tag === null ? null : await tx.now();
    await tx.execute(REBIND, [JSON.stringify(bound), pinnedAt, shardId, id]);
    this.#nudge(tx, shardId);
    return true;
  }

  begin(tx: Tx, kind: string, subject: string, tag?: Tag): Promise<Begun> {
    const { kinds } = this.#options;
    return beginWork(tx, this.#options, { kind, subject, tag: tag ?? kinds.get(kind).defaultTag });
  }

  async unplan(tx: Tx, kind: string, subject: string): Promise<void> {
    await tx.execute('DELETE FROM background_jobs WHERE kind = ? AND subject = ?', [kind, subject]);
  }

  async settle(tx: Tx, runId: string, { outcome, reason, startedAt }: Settlement): Promise<void> {
    await tx.execute(SETTLE, [outcome, shorten(reason), startedAt ?? null, runId]);
  }

  #nudge(tx: Tx, shardId: string): void {
    tx.afterCommit(() => this.#options.bell.ring(shardChannel(shardId)));
  }
}
