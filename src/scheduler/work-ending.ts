import type { Database } from '../db/database.js';
import { isConflict, isConnectionLost, isDiskFull } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import type { Bell } from '../events/outbox.js';
import type { KindRegistry } from './kind-registry.js';
import type { AfterLoss, Kind, LostWork } from './kinds.js';
import type { SchedulerLog, SchedulerMetrics } from './metrics.js';
import { shorten } from './planner.js';
import type { RunningService } from './registry.js';
import { WORK_CHANNEL } from './tag.js';

/** Work whose engine was gone so many times in a row is parked until somebody has it tried again. */
export const MOST_DEATHS = 3;

const GONE = 'The engine that did it fell silent, or was started anew.';
const EXPIRED = 'The engine that did it let its lease run out.';
const ALONE = 'The process that did it is gone.';

export interface WorkEndingOptions {
  readonly db: Database;
  readonly kinds: KindRegistry;
  readonly bell: Bell;
  readonly metrics: SchedulerMetrics;
  readonly log: SchedulerLog;
  /** How many milliseconds pass between two renewals of a lease. */
  readonly renewEvery: number;
}

interface Running {
  id: string;
  kind: string;
  subject: string;
  fence: number;
  attempts: number;
}

const COLUMNS = "SELECT id, kind, subject, fence, attempts FROM leases WHERE state = 'RUNNING'";
const END = `UPDATE leases SET state = ?, service_id = NULL, incarnation = NULL, lease_until = NULL, started_at = NULL,
  wake_at = ?, reason = ? WHERE id = ? AND fence = ? AND state = 'RUNNING' AND lease_until <= ?`;
/** What a row that it returns is locked by; none that somebody else has locked. */
const LOCK = "SELECT id FROM leases WHERE id = ? AND fence = ? AND state = 'RUNNING' FOR UPDATE SKIP LOCKED";
/** Later than any lease. */
const FOR_EVER = Number.MAX_SAFE_INTEGER;

/**
 * Ends the leases of engines that are gone. One conditional UPDATE decides, whoever notices; the kind says what becomes
 * of its work in the same transaction. Kinds that this process does not know are left to those that do.
 *
 * A lease whose row is locked is left out: a transaction of the work may hold it that waits for something in the domain,
 * and whoever waited for it would stand still as long. Once the row is open its engine has the time of two renewals.
 */
export class WorkEnding {
  readonly #options: WorkEndingOptions;
  /** When each lease that has run out was last seen locked, by the store's clock. */
  #locked = new Map<string, number>();

  constructor(options: WorkEndingOptions) {
    this.#options = options;
  }

  /** Ends what a service had under way that fell silent, or is started anew: in the transaction that decides so. */
  async ofService(tx: Tx, serviceId: string): Promise<void> {
    const rows = await tx.rows<Running>(`${COLUMNS} AND service_id = ? ORDER BY id`, [serviceId]);
    for (const row of rows) await this.#end(tx, row, GONE);
  }

  /** Ends what has not been renewed for the time of a lease, whatever is said of its service. */
  async expired(): Promise<void> {
    const { db } = this.#options;
    const rows = await db.reader.rows<Running>(`${COLUMNS} AND lease_until <= ${db.nowSql()} ORDER BY id`);
    const before = this.#locked;
    this.#locked = new Map();
    for (const row of rows) await db.transaction((tx) => this.#endExpired(tx, row, before.get(row.id)));
  }

  async #endExpired(tx: Tx, row: Running, lockedAt: number | undefined): Promise<void> {
    const now = await tx.now();
    const waits = lockedAt !== undefined && now - lockedAt < 2 * this.#options.renewEvery;
    if (await this.#isLocked(tx, row)) this.#locked.set(row.id, now);
    else if (waits) this.#locked.set(row.id, lockedAt);
    else await this.#end(tx, row, EXPIRED, now);
  }

  /** Ends whatever is not this start's: no other process can be there. */
  async foreign({ id, incarnation }: RunningService): Promise<void> {
    const { db } = this.#options;
    const sql = `${COLUMNS} AND (service_id <> ? OR incarnation <> ?) ORDER BY id`;
    const rows = await db.reader.rows<Running>(sql, [id, incarnation]);
    for (const row of rows) await db.transaction((tx) => this.#end(tx, row, ALONE));
  }

  /** `unlessAfter`: only when the lease has ended by then; its owner may have renewed it since it was looked at. */
  async #end(tx: Tx, row: Running, reason: string, unlessAfter = FOR_EVER): Promise<void> {
    const { kinds, metrics, bell, log } = this.#options;
    const kind = kinds.find(row.kind);
    if (!kind || (await this.#isLocked(tx, row))) return;
    const parked = row.attempts >= MOST_DEATHS;
    const why = parked ? `${reason} That happened ${row.attempts} times in a row: it is parked.` : reason;
    const change = [parked ? 'PARKED' : 'WAITING', parked ? null : await tx.now(), shorten(why)];
    if ((await tx.execute(END, [...change, row.id, row.fence, unlessAfter])) !== 1) return;
    const after = await this.#decide(tx, kind, { subject: row.subject, reason, deaths: row.attempts, parked });
    if (after === 'END') await tx.execute('DELETE FROM leases WHERE id = ?', [row.id]);
    tx.afterCommit(() => {
      metrics.work(row.kind, 'lost');
      if (parked && after === 'AGAIN') {
        metrics.work(row.kind, 'parked');
        log.warn(`The work "${row.kind}" on ${row.subject} is parked. ${why}`);
      }
      bell.ring(WORK_CHANNEL);
    });
  }

  /** Whether another transaction has the row; else it is this one's until the commit. */
  async #isLocked(tx: Tx, { id, fence }: Running): Promise<boolean> {
    if (this.#options.db.dialect !== 'mysql') return false;
    return (await tx.rows(LOCK, [id, fence])).length === 0;
  }

  /** Asks the kind, on a savepoint of its own: what one kind cannot decide must not keep a service from being FAILED. */
  async #decide(tx: Tx, kind: Kind, lost: LostWork): Promise<AfterLoss> {
    if (!kind.onLost) return 'AGAIN';
    await tx.execute('SAVEPOINT lost_work');
    try {
      const after = await kind.onLost(tx, lost);
      await tx.execute('RELEASE SAVEPOINT lost_work');
      return after;
    } catch (error) {
      if (isConflict(error) || isConnectionLost(error) || isDiskFull(error)) throw error;
      await tx.execute('ROLLBACK TO SAVEPOINT lost_work');
      const { log } = this.#options;
      tx.afterCommit(() =>
        log.warn(`The loss of the work "${kind.kind}" on ${lost.subject} was not dealt with.`, error),
      );
      return 'AGAIN';
    }
  }
}
