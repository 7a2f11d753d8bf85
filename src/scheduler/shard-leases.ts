import type { Database } from '../db/database.js';
import type { Reader, Tx } from '../db/transaction.js';
import type { Outbox } from '../events/outbox.js';
import { marks } from './due.js';
import { type MovedShard, releaseFact, serviceName, takingFact } from './facts.js';
import { connectionSql, type HeldShard } from './fence.js';
import type { Tag } from './kinds.js';
import type { RunningService } from './registry.js';
import { fits } from './tag.js';

export interface ShardLeasesOptions {
  readonly db: Database;
  readonly outbox: Outbox;
  readonly service: RunningService;
  /** How many milliseconds a lease lives without being renewed. */
  readonly length: number;
  /** No other process can be there (the data directory is locked): what another service left may be taken at once. */
  readonly exclusive: boolean;
}

/** A shard as a survey finds it. */
export interface SeenShard {
  readonly id: string;
  readonly tagKey: string;
  readonly tag: Tag;
  readonly slice: number;
  /** The service whose lease on it is valid; null when there is none. */
  readonly owner: string | null;
  /** Its owner died, or was an earlier start of this service: what it fired last may be what killed it. */
  readonly left: boolean;
}

interface Row {
  id: string;
  tag: string;
  slice: number;
  fence: number;
  owner_id: string | null;
  owner_incarnation: number | null;
}

const OWN = 'owner_id = ? AND owner_incarnation = ?';
const COLUMNS = 'id, tag, slice, fence, owner_id, owner_incarnation';
const FREE = 'owner_id = NULL, owner_incarnation = NULL, lease_until = NULL, connection_id = NULL';

const moved = (row: Row): MovedShard => ({ ...row, tag: JSON.parse(row.tag) });

/**
 * The SQL leases on shards: what makes ownership safe, whoever elects. Every instant is the store's; each move is told
 * in the transaction that makes it.
 */
export class ShardLeases {
  readonly #options: ShardLeasesOptions;
  readonly #service: RunningService;
  readonly #db: Database;
  /** The tags of the last survey by their texts: looks are many, and tags are few and stay. */
  #tags = new Map<string, Tag>();

  constructor(options: ShardLeasesOptions) {
    this.#options = options;
    this.#service = options.service;
    this.#db = options.db;
  }

  get #me(): { id: string; name: string } {
    const { id, labels } = this.#service;
    return { id, name: serviceName({ host: labels.host ?? '', name: labels.name ?? '' }) };
  }

  get #own(): [string, number] {
    return [this.#service.id, this.#service.incarnation];
  }

  /** Left by an earlier start of this service, or by any other where there can be no other. */
  #earlier(): string {
    return this.#options.exclusive
      ? '(owner_id <> ? OR owner_incarnation < ?)'
      : '(owner_id = ? AND owner_incarnation < ?)';
  }

  /** Free, out of date, or left by an earlier start of this very service. */
  #takeable(): { sql: string; values: [string, number] } {
    const sql = `(owner_id IS NULL OR lease_until <= ${this.#db.nowSql()} OR ${this.#earlier()})`;
    return { sql, values: this.#own };
  }

  /** Those whose tag this service's labels contain. */
  #fitting(rows: readonly Row[]): Row[] {
    return rows.filter((row) => fits(this.#service.labels, JSON.parse(row.tag)));
  }

  /** All shards there are, and who holds them. */
  async survey(): Promise<SeenShard[]> {
    const over = `owner_id IS NOT NULL AND (lease_until <= ${this.#db.nowSql()} OR ${this.#earlier()})`;
    const sql = `SELECT id, tag_key, tag, slice, owner_id, CASE WHEN ${over} THEN 1 ELSE 0 END AS is_over FROM shards`;
    const rows = await this.#db.reader.rows<Row & { tag_key: string; is_over: number | string }>(sql, this.#own);
    const before = this.#tags;
    this.#tags = new Map();
    return rows.map(({ id, tag_key: tagKey, tag: text, slice, owner_id: owner, is_over: over }) => {
      const tag: Tag = this.#tags.get(text) ?? before.get(text) ?? JSON.parse(text);
      this.#tags.set(text, tag);
      const left = Number(over) === 1;
      return { id, tagKey, tag, slice, owner: left ? null : owner, left };
    });
  }

  /** Those of the shards that this service may take at present. */
  async free(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) return [];
    const { sql, values } = this.#takeable();
    const select = `SELECT ${COLUMNS} FROM shards WHERE id IN (${marks(ids)}) AND ${sql}`;
    return this.#fitting(await this.#db.reader.rows<Row>(select, [...ids, ...values])).map((row) => row.id);
  }

  /**
   * Takes those of the shards that may be taken, and raises their fences. A row that is locked is left out; with
   * `waiting` it is waited for, as its holder is being ended.
   */
  take(ids: readonly string[], waiting = false): Promise<HeldShard[]> {
    return this.#db.transaction(async (tx) => {
      const candidates = await this.#lockTakeable(tx, ids, waiting);
      if (candidates.length === 0) return [];
      const locked = candidates.map((row) => row.id);
      const { sql, values } = this.#takeable();
      const take = `UPDATE shards SET owner_id = ?, owner_incarnation = ?, fence = fence + 1,
        lease_until = ${this.#db.nowSql()} + ${this.#options.length}, connection_id = ${connectionSql(this.#db)}
        WHERE id IN (${marks(locked)}) AND ${sql}`;
      const taken = await tx.execute(take, [...this.#own, ...locked, ...values]);
      if (taken !== locked.length) throw new Error('A locked shard was taken by somebody else.');
      await this.#tellTaking(tx, candidates);
      const serviceId = this.#service.id;
      return candidates.map(({ id, fence, owner_id }) => ({
        id,
        fence: fence + 1,
        serviceId,
        clean: owner_id === null,
        leaseLength: this.#options.length,
      }));
    });
  }

  async #lockTakeable(tx: Tx, ids: readonly string[], waiting: boolean): Promise<Row[]> {
    if (ids.length === 0) return [];
    const { sql, values } = this.#takeable();
    const lock = this.#db.dialect === 'mysql' ? `FOR UPDATE${waiting ? '' : ' SKIP LOCKED'}` : '';
    const select = `SELECT ${COLUMNS} FROM shards WHERE id IN (${marks(ids)}) AND ${sql} ${lock}`;
    return this.#fitting(await tx.rows<Row>(select, [...ids, ...values]));
  }

  async #tellTaking(tx: Tx, rows: readonly Row[]): Promise<void> {
    const owners = [...new Set(rows.flatMap((row) => row.owner_id ?? []))];
    const sql = `SELECT id, host, name FROM services WHERE id IN (${marks(owners)})`;
    const known = owners.length === 0 ? [] : await tx.rows<{ id: string; host: string; name: string }>(sql, owners);
    const names = new Map(known.map((owner) => [owner.id, serviceName(owner)]));
    const facts = rows.map((row) => {
      const after = { ...moved(row), fence: row.fence + 1 };
      if (row.owner_id === null) return takingFact(after, null, this.#me);
      const restarted = row.owner_id === this.#service.id && row.owner_incarnation !== this.#service.incarnation;
      return takingFact(
        after,
        { id: row.owner_id, name: names.get(row.owner_id) ?? row.owner_id, restarted },
        this.#me,
      );
    });
    await this.#options.outbox.append(tx, ...facts);
  }

  /**
   * Renews the leases; returns the ids of the shards that are this service's no more. Asks SQL even where there is none.
   * A shard whose row a batch holds is left out, as the batch has renewed it: one batch that waits for a lock somewhere
   * in the domain must not cost this engine all that it owns.
   */
  async renew(ids: readonly string[]): Promise<string[]> {
    if (ids.length === 0) {
      await this.all();
      return [];
    }
    const mine = `SELECT id FROM shards WHERE ${OWN} AND id IN (${marks(ids)})`;
    const lock = this.#db.dialect === 'mysql' ? 'FOR UPDATE SKIP LOCKED' : '';
    return this.#db.transaction(async (tx) => {
      const open = (await tx.rows<{ id: string }>(`${mine} ${lock}`, [...this.#own, ...ids])).map((row) => row.id);
      const sql = `UPDATE shards SET lease_until = ${this.#db.nowSql()} + ${this.#options.length},
        connection_id = ${connectionSql(this.#db)} WHERE ${OWN} AND id IN (${marks(open)})`;
      if (open.length > 0) await tx.execute(sql, [...this.#own, ...open]);
      if (open.length === ids.length) return [];
      const kept = await tx.rows<{ id: string }>(mine, [...this.#own, ...ids]);
      const left = new Set(kept.map((row) => row.id));
      return ids.filter((id) => !left.has(id));
    });
  }

  /** Lets go of the shards, those that are still this service's; `why` is for people. */
  async release(ids: readonly string[], why: string): Promise<void> {
    if (ids.length === 0) return;
    await this.#db.transaction(async (tx) => {
      const rows = await this.#lockOwn(tx, ids);
      if (rows.length === 0) return;
      await tx.execute(
        `UPDATE shards SET ${FREE} WHERE id IN (${marks(rows)})`,
        rows.map((row) => row.id),
      );
      await this.#tellRelease(tx, rows, why);
    });
  }

  /**
   * Deletes those of the shards that no background job belongs to; they are this service's, or nobody's. Returns the
   * ids of those it deleted.
   */
  async remove(ids: readonly string[], why: string): Promise<string[]> {
    if (ids.length === 0) return [];
    return this.#db.transaction(async (tx) => {
      const rows = [...(await this.#lockOwn(tx, ids)), ...(await this.#lockUnowned(tx, ids))];
      const unused = await this.unused(ids, tx);
      const gone = rows.filter((row) => unused.includes(row.id));
      if (gone.length === 0) return [];
      const removed = gone.map((row) => row.id);
      await tx.execute(`DELETE FROM shards WHERE id IN (${marks(removed)})`, removed);
      await this.#tellRelease(
        tx,
        gone.filter((row) => row.owner_id !== null),
        why,
      );
      return removed;
    });
  }

  /** Those of the shards that no background job belongs to. */
  async unused(ids: readonly string[], reader: Pick<Reader, 'rows'> = this.#db.reader): Promise<string[]> {
    if (ids.length === 0) return [];
    const sql = `SELECT id FROM shards WHERE id IN (${marks(ids)})
      AND NOT EXISTS (SELECT 1 FROM background_jobs WHERE shard_id = shards.id)`;
    return (await reader.rows<{ id: string }>(sql, [...ids])).map((row) => row.id);
  }

  #lockOwn(tx: Tx, ids: readonly string[]): Promise<Row[]> {
    const lock = this.#db.dialect === 'mysql' ? 'FOR UPDATE' : '';
    const sql = `SELECT ${COLUMNS} FROM shards WHERE ${OWN} AND id IN (${marks(ids)}) ${lock}`;
    return tx.rows<Row>(sql, [...this.#own, ...ids]);
  }

  #lockUnowned(tx: Tx, ids: readonly string[]): Promise<Row[]> {
    const lock = this.#db.dialect === 'mysql' ? 'FOR UPDATE SKIP LOCKED' : '';
    const sql = `SELECT ${COLUMNS} FROM shards WHERE owner_id IS NULL AND id IN (${marks(ids)}) ${lock}`;
    return tx.rows<Row>(sql, [...ids]);
  }

  async #tellRelease(tx: Tx, rows: readonly Row[], why: string): Promise<void> {
    await this.#options.outbox.append(tx, ...rows.map((row) => releaseFact(moved(row), this.#me, why)));
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
