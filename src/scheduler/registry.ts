import type { Database } from '../db/database.js';
import { isDuplicate } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { ID_PREFIX } from '../entities/ids.js';
import { ServiceEntity, type ServiceState } from '../entities/service.js';
import type { IdSource } from '../lib/ids.js';
import type { Tag } from './kinds.js';

/** What a process says about itself. */
export interface ServiceIdentity {
  readonly host: string;
  readonly name: string;
  readonly version: string;
  /** Beside host and name, which are always among the labels. */
  readonly labels: Tag;
}

/** A service as it runs: the same id over all its starts, the incarnation is this start's. */
export interface RunningService {
  readonly id: string;
  readonly incarnation: number;
  readonly labels: Tag;
}

const RESTART = `UPDATE services SET version = ?, labels = ?, incarnation = incarnation + 1, state = 'ACTIVE',
  started_at = ?, last_seen_at = ? WHERE host = ? AND name = ?`;
const FIND = 'SELECT id, incarnation FROM services WHERE host = ? AND name = ?';

async function restart(tx: Tx, identity: ServiceIdentity, labels: Tag): Promise<RunningService | null> {
  const at = await tx.now();
  const { host, name, version } = identity;
  const found = await tx.execute(RESTART, [version, JSON.stringify(labels), at, at, host, name]);
  if (found === 0) return null;
  const [row] = await tx.rows<{ id: string; incarnation: number }>(FIND, [host, name]);
  return row ? { ...row, labels } : null;
}

async function insert(tx: Tx, identity: ServiceIdentity, labels: Tag, id: string): Promise<RunningService> {
  const at = await tx.now();
  const { host, name, version } = identity;
  const state = 'ACTIVE' as const;
  const row = { id, host, name, version, labels, incarnation: 1, state, startedAt: at, lastSeenAt: at };
  await insertRows(tx, ServiceEntity, [row]);
  return { id, incarnation: 1, labels };
}

/**
 * Ends the work that a service had under way, in the very transaction that decides that nobody does it any more; with
 * `before` only that of its starts before this incarnation.
 */
export type EndWork = (tx: Tx, serviceId: string, before?: number) => Promise<void>;

/** Who is alive. Every instant is the store's. */
export class ServiceRegistry {
  readonly #db: Database;
  readonly #ids: IdSource;
  /** Without a heartbeat for so many milliseconds a service counts as dead. */
  readonly #silence: number;
  readonly #endWork: EndWork;

  constructor(db: Database, ids: IdSource, silence: number, endWork: EndWork = async () => {}) {
    this.#db = db;
    this.#ids = ids;
    this.#silence = silence;
    this.#endWork = endWork;
  }

  /** Registers this start of a service; (host, name) keeps its id, and its incarnation rises. */
  async register(identity: ServiceIdentity): Promise<RunningService> {
    const labels = { ...identity.labels, host: identity.host, name: identity.name };
    const again = (): Promise<RunningService | null> =>
      this.#db.transaction(async (tx) => {
        const service = await restart(tx, identity, labels);
        if (service) await this.#endWork(tx, service.id, service.incarnation);
        return service;
      });
    const known = await again();
    if (known) return known;
    try {
      const id = this.#ids.next(ID_PREFIX.service);
      return await this.#db.transaction((tx) => insert(tx, identity, labels, id));
    } catch (error) {
      const other = isDuplicate(error) ? await again() : null;
      if (!other) throw error;
      return other;
    }
  }

  /**
   * Says that the service is alive, and whatever `also` says in the same transaction. False when a later start of the
   * same service has taken its place.
   */
  async heartbeat(service: RunningService, also: (tx: Tx) => Promise<void> = async () => {}): Promise<boolean> {
    const sql = `UPDATE services SET last_seen_at = ?, state = CASE state WHEN 'DRAINING' THEN state ELSE 'ACTIVE' END
      WHERE id = ? AND incarnation = ?`;
    return this.#db.transaction(async (tx) => {
      const found = await tx.execute(sql, [await tx.now(), service.id, service.incarnation]);
      if (found === 1) await also(tx);
      return found === 1;
    });
  }

  /** Says that the service ends in order. */
  async leave(service: RunningService): Promise<void> {
    const state: ServiceState = 'STOPPED';
    const sql = 'UPDATE services SET state = ?, last_seen_at = ? WHERE id = ? AND incarnation = ?';
    await this.#db.transaction(async (tx) => tx.execute(sql, [state, await tx.now(), service.id, service.incarnation]));
  }

  /** How many services are alive, and the ids of those that fell silent and are not yet FAILED. */
  async survey(): Promise<{ live: number; silent: string[] }> {
    const sql = `SELECT id, last_seen_at > ${this.#db.nowSql()} - ${this.#silence} AS heard, state
      FROM services WHERE state IN ('ACTIVE', 'DRAINING')`;
    const rows = await this.#db.reader.rows<{ id: string; heard: number | boolean; state: ServiceState }>(sql);
    return {
      live: rows.filter((row) => Number(row.heard) === 1 && row.state === 'ACTIVE').length,
      silent: rows.filter((row) => Number(row.heard) !== 1).map((row) => row.id),
    };
  }

  /** Declares a silent service FAILED, unless it was heard of again. True for the one caller whose UPDATE decides. */
  async declareFailed(id: string): Promise<boolean> {
    const sql = `UPDATE services SET state = 'FAILED'
      WHERE id = ? AND state IN ('ACTIVE', 'DRAINING') AND last_seen_at <= ?`;
    return this.#db.transaction(async (tx) => {
      const decided = await tx.execute(sql, [id, (await tx.now()) - this.#silence]);
      if (decided === 1) await this.#endWork(tx, id);
      return decided === 1;
    });
  }
}
