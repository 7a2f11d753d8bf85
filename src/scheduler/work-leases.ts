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

const ALIVE = "SELECT id FROM services WHERE id = ? AND incarnation = ? AND state = 'ACTIVE'";

/**
 * The leases on work, as one start of an engine takes, renews and ends them. Every write is conditional: the row says
 * whose the work is, and one UPDATE decides. Every instant is the store's.
 */
export class WorkLeases {
  readonly #service: RunningService;
  readonly #length: number;

  /** `length`: how many milliseconds a lease lives without being renewed. */
  constructor(service: RunningService, length: number) {
    this.#service = service;
    this.#length = length;
  }

  /** The work of these kinds that may be taken now, the longest waiting first, a page at a time. */
  async *waiting(db: Pick<Database, 'reader' | 'nowSql'>, kinds: readonly string[]): AsyncGenerator<WaitingWork> {
    if (kinds.length === 0) return;
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

  /** Takes of those that still wait, at most so many; none unless this start of the service is ACTIVE. */
  async take(tx: Tx, ids: readonly string[], most = ids.length): Promise<WorkLease[]> {
    const { id: serviceId, incarnation } = this.#service;
    if ((await tx.rows(ALIVE, [serviceId, incarnation])).length === 0) return [];
    const now = await tx.now();
    const taken: string[] = [];
    // In the order of waiting, as everybody tries them.
    for (const id of ids) {
      if (taken.length === most) break;
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

  /** Renews leases; returns those that are this engine's no more. */
  async renew(tx: Tx, leases: readonly WorkLease[]): Promise<WorkLease[]> {
    if (leases.length === 0) return [];
    const until = (await tx.now()) + this.#length;
    const lost: WorkLease[] = [];
    for (const lease of [...leases].sort((a, b) => (a.id < b.id ? -1 : 1))) {
      const renewed = await tx.execute(`UPDATE leases SET lease_until = ? WHERE ${MINE}`, [until, ...mine(lease)]);
      if (renewed !== 1) lost.push(lease);
    }
    return lost;
  }

  /** Checks the fence and holds the row until the commit, by writing it. Throws WorkLostError. */
  async guard(tx: Tx, lease: WorkLease): Promise<void> {
    await sure(lease, tx.execute(`UPDATE leases SET writes = writes + 1 WHERE ${MINE}`, mine(lease)));
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
