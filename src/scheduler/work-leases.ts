import type { Database } from '../db/database.js';
import type { Reader, Tx } from '../db/transaction.js';
import { ExpectedError } from '../lib/errors.js';
import { marks } from './due.js';
import type { Tag } from './kinds.js';
import { shorten } from './planner.js';
import type { RunningService } from './registry.js';

/** Work as one engine has it: the fence says which taking of it this is. */
export interface WorkLease {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly fence: number;
  readonly serviceId: string;
  readonly incarnation: number;
  /** How often in a row an engine was gone in the middle of it. */
  readonly deaths: number;
  /** Runs in a row that threw. */
  readonly failCount: number;
}

/** Somebody else may have the work: what this engine would write of it is refused. */
export class WorkLostError extends ExpectedError {
  constructor({ kind, subject }: Pick<WorkLease, 'kind' | 'subject'>) {
    super('LEASE_LOST', `The work "${kind}" on ${subject} is no longer this engine's.`);
  }
}

/** Work that waits, as an engine looks for some. */
export interface WaitingWork {
  readonly id: string;
  readonly kind: string;
  readonly tag: Tag;
  readonly deaths: number;
  readonly wakeAt: number;
}

const PAGE = 200;
/** The condition that holds as long as a lease is the one that was taken. */
const MINE = "id = ? AND fence = ? AND service_id = ? AND incarnation = ? AND state = 'RUNNING'";
const mine = ({ id, fence, serviceId, incarnation }: WorkLease): (string | number)[] => [
  id,
  fence,
  serviceId,
  incarnation,
];
const UNOWNED = "state = 'WAITING', service_id = NULL, incarnation = NULL, lease_until = NULL, started_at = NULL";

const WAITING = `SELECT l.id, l.kind, COALESCE(b.tag, l.tag) AS tag, l.attempts, l.wake_at FROM leases l
  LEFT JOIN background_jobs b ON b.kind = l.kind AND b.subject = l.subject
  WHERE l.state = 'WAITING' AND (l.wake_at > ? OR (l.wake_at = ? AND l.id > ?))`;

const TAKE = `UPDATE leases SET state = 'RUNNING', service_id = ?, incarnation = ?, fence = fence + 1, lease_until = ?,
  started_at = ?, wake_at = NULL, attempts = attempts + 1 WHERE id = ? AND state = 'WAITING' AND wake_at <= ?`;

const LOCK = "SELECT id FROM leases WHERE id = ? AND state = 'WAITING' FOR UPDATE SKIP LOCKED";

const ALIVE = "SELECT id FROM services WHERE id = ? AND incarnation = ? AND state = 'ACTIVE'";

/**
 * The leases on work, as one start of an engine takes, renews and ends them. Every write is conditional: the row says
 * whose the work is, and one UPDATE decides. Every instant is the store's.
 */
export class WorkLeases {
  readonly #db: Pick<Database, 'dialect' | 'nowSql' | 'reader'>;
  readonly #service: RunningService;
  readonly #length: number;

  /** `length`: how many milliseconds a lease lives without being renewed. */
  constructor(db: Pick<Database, 'dialect' | 'nowSql' | 'reader'>, service: RunningService, length: number) {
    this.#db = db;
    this.#service = service;
    this.#length = length;
  }

  /** The work of these kinds that may be taken now, the longest waiting first, a page at a time. */
  async *waiting(kinds: readonly string[]): AsyncGenerator<WaitingWork> {
    if (kinds.length === 0) return;
    const db = this.#db;
    const sql = `${WAITING} AND l.wake_at <= ${db.nowSql()} AND l.kind IN (${marks(kinds)}) ORDER BY l.wake_at, l.id LIMIT ${PAGE}`;
    for (let after = { at: -1, id: '' }; ; ) {
      const values = [after.at, after.at, after.id, ...kinds];
      const page = await rowsOf(db.reader, sql, values);
      yield* page;
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      after = { at: last.wakeAt, id: last.id };
    }
  }

  /**
   * Takes of those that still wait, at most so many; none unless this start of the service is ACTIVE. A row that somebody
   * else has locked is left out.
   */
  async take(tx: Tx, ids: readonly string[], most = ids.length): Promise<WorkLease[]> {
    const { id: serviceId, incarnation } = this.#service;
    if ((await tx.rows(ALIVE, [serviceId, incarnation])).length === 0) return [];
    const now = await tx.now();
    const taken: string[] = [];
    // In the order of waiting, as everybody tries them.
    for (const id of ids) {
      if (taken.length === most) break;
      if (this.#db.dialect === 'mysql' && (await tx.rows(LOCK, [id])).length === 0) continue;
      const values = [serviceId, incarnation, now + this.#length, now, id, now];
      if ((await tx.execute(TAKE, values)) === 1) taken.push(id);
    }
    if (taken.length === 0) return [];
    const sql = `SELECT id, kind, subject, fence, attempts, fail_count FROM leases WHERE id IN (${marks(taken)})`;
    const rows = await tx.rows<Omit<WorkLease, 'deaths' | 'failCount'> & { attempts: number; fail_count: number }>(
      sql,
      taken,
    );
    return rows.map(({ attempts, fail_count, ...lease }) => ({
      ...lease,
      serviceId,
      incarnation,
      deaths: attempts - 1,
      failCount: fail_count,
    }));
  }

  /**
   * Renews leases; returns those that are this engine's no more. A lease whose row a transaction holds is left out: that
   * of the work itself has renewed it, and one that waits for a lock somewhere in the domain must not cost this engine
   * its other leases.
   */
  async renew(tx: Tx, leases: readonly WorkLease[]): Promise<WorkLease[]> {
    if (leases.length === 0) return [];
    const open = await this.#open(tx, leases);
    const until = (await tx.now()) + this.#length;
    const lost: WorkLease[] = [];
    for (const lease of [...leases].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      const kept = open.has(lease.id)
        ? await tx.execute(`UPDATE leases SET lease_until = ? WHERE ${MINE}`, [until, ...mine(lease)])
        : (await tx.rows(`SELECT id FROM leases WHERE ${MINE}`, mine(lease))).length;
      if (kept !== 1) lost.push(lease);
    }
    return lost;
  }

  /** Those whose rows nobody else holds; they are held until the commit. */
  async #open(tx: Tx, leases: readonly WorkLease[]): Promise<ReadonlySet<string>> {
    const ids = leases.map(({ id }) => id);
    if (this.#db.dialect !== 'mysql') return new Set(ids);
    const sql = `SELECT id FROM leases WHERE id IN (${marks(ids)}) ORDER BY id FOR UPDATE SKIP LOCKED`;
    return new Set((await tx.rows<{ id: string }>(sql, ids)).map(({ id }) => id));
  }

  /** Checks the fence, renews the lease and holds the row until the commit, by writing it. Throws WorkLostError. */
  async guard(tx: Tx, lease: WorkLease): Promise<void> {
    const until = `lease_until = ${this.#db.nowSql()} + ${this.#length}`;
    await sure(lease, tx.execute(`UPDATE leases SET writes = writes + 1, ${until} WHERE ${MINE}`, mine(lease)));
  }

  /** The work is done: its lease goes. Throws WorkLostError. */
  async finish(tx: Tx, lease: WorkLease): Promise<void> {
    await sure(lease, tx.execute(`DELETE FROM leases WHERE ${MINE}`, mine(lease)));
  }

  /** Lets go of work that has not ended: any engine may go on with it at once. Throws WorkLostError. */
  async handBack(tx: Tx, lease: WorkLease, reason: string): Promise<void> {
    const sql = `UPDATE leases SET ${UNOWNED}, wake_at = ?, attempts = attempts - 1, reason = ? WHERE ${MINE}`;
    await sure(lease, tx.execute(sql, [await tx.now(), shorten(reason), ...mine(lease)]));
  }

  /** The work threw: it is tried again after so many milliseconds. Throws WorkLostError. */
  async fail(tx: Tx, lease: WorkLease, reason: string, backOff: number): Promise<void> {
    const sql = `UPDATE leases SET ${UNOWNED}, wake_at = ?, attempts = 0, fail_count = fail_count + 1, reason = ?
      WHERE ${MINE}`;
    await sure(lease, tx.execute(sql, [(await tx.now()) + backOff, shorten(reason), ...mine(lease)]));
  }
}

async function sure(lease: WorkLease, changing: Promise<number>): Promise<void> {
  if ((await changing) !== 1) throw new WorkLostError(lease);
}

interface RawWaiting {
  id: string;
  kind: string;
  /** As text, or parsed already: that is the driver's choice. */
  tag: string | Tag;
  attempts: number;
  wake_at: number | string;
}

async function rowsOf(
  reader: Pick<Reader, 'rows'>,
  sql: string,
  values: readonly (string | number)[],
): Promise<WaitingWork[]> {
  const rows = await reader.rows<RawWaiting>(sql, values);
  return rows.map(({ id, kind, tag, attempts, wake_at }) => ({
    id,
    kind,
    tag: typeof tag === 'string' ? JSON.parse(tag) : tag,
    deaths: attempts,
    wakeAt: Number(wake_at),
  }));
}
