import type { Database } from '../db/database.js';
import type { Tx } from '../db/transaction.js';
import { marks } from './due.js';
import { connectionSql, type HeldShard } from './fence.js';
import type { RunningService } from './registry.js';
import { fits } from './tag.js';

/** A shard that may be taken: nobody owns it, or its lease has ended. */
export interface FreeShard {
  readonly id: string;
  /** An owner let its lease run out, instead of letting go. */
  readonly expired: boolean;
}

interface Candidate {
  id: string;
  owner_id: string | null;
  tag: string;
}

const OWN = 'owner_id = ? AND owner_incarnation = ?';

/** The SQL leases on shards: what makes ownership safe, whoever elects. Every instant is the store's. */
export class ShardLeases {
  readonly #db: Database;
  readonly #service: RunningService;
  readonly #length: number;
  readonly #exclusive: boolean;

  /**
   * `length`: how many milliseconds a lease lives without being renewed. `exclusive`: no other process can be there
   * (the data directory is locked), so whatever another service left may be taken at once.
   */
  constructor(db: Database, service: RunningService, length: number, exclusive: boolean) {
    this.#db = db;
    this.#service = service;
    this.#length = length;
    this.#exclusive = exclusive;
  }

  /** Free, out of date, or left by an earlier start of this very service. */
  #takeable(): { sql: string; values: [string, number] } {
    const earlier = this.#exclusive
      ? '(owner_id <> ? OR owner_incarnation < ?)'
      : '(owner_id = ? AND owner_incarnation < ?)';
    return {
      sql: `(owner_id IS NULL OR lease_until <= ${this.#db.nowSql()} OR ${earlier})`,
      values: [this.#service.id, this.#service.incarnation],
    };
  }

  /** Those whose tag this service's labels contain. */
  #fitting(rows: readonly Candidate[]): Candidate[] {
    return rows.filter((row) => fits(this.#service.labels, JSON.parse(row.tag)));
  }

  /** The shards that this service may take at present. */
  async free(): Promise<FreeShard[]> {
    const { sql, values } = this.#takeable();
    const rows = await this.#db.reader.rows<Candidate>(`SELECT id, owner_id, tag FROM shards WHERE ${sql}`, values);
    return this.#fitting(rows).map((row) => ({ id: row.id, expired: row.owner_id !== null }));
  }

  /** Takes those of the shards that may be taken, and raises their fences. A row that is locked is left out. */
  take(ids: readonly string[]): Promise<HeldShard[]> {
    return this.#db.transaction(async (tx) => {
      const candidates = await this.#lockTakeable(tx, ids);
      if (candidates.length === 0) return [];
      const locked = candidates.map((row) => row.id);
      const { sql, values } = this.#takeable();
      const take = `UPDATE shards SET owner_id = ?, owner_incarnation = ?, fence = fence + 1,
        lease_until = ${this.#db.nowSql()} + ${this.#length}, connection_id = ${connectionSql(this.#db)}
        WHERE id IN (${marks(locked)}) AND ${sql}`;
      const { id, incarnation } = this.#service;
      const taken = await tx.execute(take, [id, incarnation, ...locked, ...values]);
      if (taken !== locked.length) throw new Error('A locked shard was taken by somebody else.');
      const fences = await tx.rows<{ id: string; fence: number }>(
        `SELECT id, fence FROM shards WHERE id IN (${marks(locked)})`,
        locked,
      );
      const before = new Map(candidates.map((row) => [row.id, row.owner_id]));
      return fences.map((row) => ({ ...row, serviceId: id, clean: before.get(row.id) === null }));
    });
  }

  async #lockTakeable(tx: Tx, ids: readonly string[]): Promise<Candidate[]> {
    if (ids.length === 0) return [];
    const { sql, values } = this.#takeable();
    const lock = this.#db.dialect === 'mysql' ? 'FOR UPDATE SKIP LOCKED' : '';
    const select = `SELECT id, owner_id, tag FROM shards WHERE id IN (${marks(ids)}) AND ${sql} ${lock}`;
    return this.#fitting(await tx.rows<Candidate>(select, [...ids, ...values]));
  }

  /** Renews the leases; returns the ids of the shards that are this service's no more. Asks SQL even where there is none. */
  async renew(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) {
      await this.all();
      return [];
    }
    const mine = [this.#service.id, this.#service.incarnation, ...ids];
    return this.#db.transaction(async (tx) => {
      const sql = `UPDATE shards SET lease_until = ${this.#db.nowSql()} + ${this.#length},
        connection_id = ${connectionSql(this.#db)} WHERE ${OWN} AND id IN (${marks(ids)})`;
      const renewed = await tx.execute(sql, mine);
      if (renewed === ids.length) return [];
      const kept = await tx.rows<{ id: string }>(`SELECT id FROM shards WHERE ${OWN} AND id IN (${marks(ids)})`, mine);
      const left = new Set(kept.map((row) => row.id));
      return ids.filter((id) => !left.has(id));
    });
  }

  /** Lets go of the shards, those that are still this service's. */
  async release(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const sql = `UPDATE shards SET owner_id = NULL, owner_incarnation = NULL, lease_until = NULL, connection_id = NULL
      WHERE ${OWN} AND id IN (${marks(ids)})`;
    await this.#db.transaction((tx) => tx.execute(sql, [this.#service.id, this.#service.incarnation, ...ids]));
  }

  /** The ids of all shards there are. */
  async all(): Promise<string[]> {
    return (await this.#db.reader.rows<{ id: string }>('SELECT id FROM shards')).map((row) => row.id);
  }

  /**
   * Ends the connections that hold the rows of these shards, which should be free: their owner is frozen in the middle
   * of a transaction. The row says which connection wrote it, even before the commit.
   */
  async unblock(ids: readonly string[]): Promise<number> {
    if (this.#db.dialect !== 'mysql' || ids.length === 0) return 0;
    const dirty: { connection_id: number | string | null }[] = await this.#db.source.transaction(
      'READ UNCOMMITTED',
      (manager) => manager.query(`SELECT connection_id FROM shards WHERE id IN (${marks(ids)})`, [...ids]),
    );
    const connections = new Set(
      dirty.flatMap((row) => (row.connection_id === null ? [] : [Number(row.connection_id)])),
    );
    for (const connection of connections) await this.#db.source.query(`KILL ${connection}`).catch(() => {});
    return connections.size;
  }
}
