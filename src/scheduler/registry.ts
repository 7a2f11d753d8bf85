import type { Database } from '../db/database.js';
import { isDuplicate } from '../db/failures.js';
import type { Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { ID_PREFIX } from '../entities/ids.js';
import { ServiceEntity, type ServiceState } from '../entities/service.js';
import type { Bell, Outbox } from '../events/outbox.js';
import type { IdSource } from '../lib/ids.js';
import { SECOND } from '../lib/time.js';
import { type ServiceBefore, serviceFact } from './facts.js';
import type { Tag } from './kinds.js';
import { ENGINES_CHANNEL } from './tag.js';

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
  readonly version: string;
  readonly labels: Tag;
}

/** A service that has not ended, as a survey finds it. */
export interface SeenService {
  readonly id: string;
  readonly labels: Tag;
  readonly state: 'ACTIVE' | 'DRAINING';
  /** It has given a sign of life within the time that one counts as alive for. */
  readonly heard: boolean;
}

export interface RegistryOptions {
  readonly db: Database;
  readonly ids: IdSource;
  readonly outbox: Outbox;
  readonly bell: Bell;
  /** Without a heartbeat for so many milliseconds a service counts as dead. */
  readonly silence: number;
  /** What else ends with a start of a service that ended without a word, in the transaction that decides so. */
  readonly onLost?: (tx: Tx, serviceId: string) => Promise<void>;
}

interface Found extends ServiceBefore {
  readonly state: ServiceState;
}

const COLUMNS = 'id, host, name, incarnation, state';
const RESTART = `UPDATE services SET version = ?, labels = ?, incarnation = ?, state = 'ACTIVE', started_at = ?,
  last_seen_at = ? WHERE id = ?`;

/** Who is alive. Every instant is the store's; each change of a state is told in the transaction that makes it. */
export class ServiceRegistry {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** Registers this start of a service; (host, name) keeps its id, and its incarnation rises. */
  async register(identity: ServiceIdentity): Promise<RunningService> {
    const { db, ids } = this.#options;
    const labels = { ...identity.labels, host: identity.host, name: identity.name };
    const again = (): Promise<RunningService | null> => db.transaction((tx) => this.#restart(tx, identity, labels));
    const known = await again();
    if (known) return known;
    try {
      const id = ids.next(ID_PREFIX.service);
      const service = { id, incarnation: 1, version: identity.version, labels };
      await db.transaction((tx) => this.#insert(tx, service, 'ACTIVE', 'it has started'));
      return service;
    } catch (error) {
      const other = isDuplicate(error) ? await again() : null;
      if (!other) throw error;
      return other;
    }
  }

  async #restart(tx: Tx, { host, name, version }: ServiceIdentity, labels: Tag): Promise<RunningService | null> {
    const found = await this.#lock(tx, 'host = ? AND name = ?', [host, name]);
    if (!found) return null;
    const at = await tx.now();
    const now = { ...found, incarnation: found.incarnation + 1 };
    await tx.execute(RESTART, [version, JSON.stringify(labels), now.incarnation, at, at, found.id]);
    // Whatever the start before was doing, it does no more.
    await this.#options.onLost?.(tx, found.id);
    await this.#tell(tx, now, 'ACTIVE', 'it has started again');
    return { id: found.id, incarnation: now.incarnation, version, labels };
  }

  async #insert(tx: Tx, service: RunningService, state: SeenService['state'], why: string): Promise<void> {
    const at = await tx.now();
    const { id, incarnation, version, labels } = service;
    const [host, name] = [labels.host ?? '', labels.name ?? ''];
    const row = { id, host, name, version, labels, incarnation, state, startedAt: at, lastSeenAt: at };
    await insertRows(tx, ServiceEntity, [row]);
    await this.#tell(tx, { id, host, name, incarnation, state: null }, state, why);
  }

  /**
   * Says that the service is alive; `state` is what it was before it was taken for dead, if it was: one that was even
   * removed then is there again. False when it has ended, or a later start of it has taken its place.
   */
  async heartbeat(service: RunningService, state: SeenService['state'] = 'ACTIVE'): Promise<boolean> {
    try {
      return await this.#beat(service, state);
    } catch (error) {
      // It was removed, and another service has its host and name by now.
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  /** In one statement, as long as nobody took it for dead: a process that is frozen at it holds its row for nobody. */
  async #beat(service: RunningService, state: SeenService['state']): Promise<boolean> {
    const { db } = this.#options;
    const { id, incarnation } = service;
    const sql = `${this.#seenSql()} AND state IN ('ACTIVE', 'DRAINING')`;
    if ((await db.execute(sql, [id, incarnation])) === 1) return true;
    return db.transaction((tx) => this.#revive(tx, service, state));
  }

  #seenSql(): string {
    return `UPDATE services SET last_seen_at = ${this.#options.db.nowSql()} WHERE id = ? AND incarnation = ?`;
  }

  async #revive(tx: Tx, service: RunningService, state: SeenService['state']): Promise<boolean> {
    const { id, incarnation } = service;
    const found = await this.#lock(tx, 'id = ?', [id]);
    if (!found) {
      await this.#insert(tx, service, state, 'it was heard of again');
      return true;
    }
    if (found.incarnation !== incarnation || found.state === 'STOPPED') return false;
    await tx.execute(this.#seenSql(), [id, incarnation]);
    if (found.state === 'FAILED') await this.#change(tx, found, state, 'it was heard of again');
    return true;
  }

  /** Says that the service ends in order. */
  leave({ id, incarnation }: RunningService): Promise<void> {
    return this.#options.db.transaction(async (tx) => {
      const found = await this.#lock(tx, 'id = ?', [id]);
      if (found?.incarnation !== incarnation || found.state === 'STOPPED') return;
      await tx.execute(this.#seenSql(), [id, incarnation]);
      await this.#change(tx, found, 'STOPPED', 'it was stopped');
    });
  }

  /** The services that have neither ended nor been declared FAILED. */
  async survey(): Promise<SeenService[]> {
    const { db, silence } = this.#options;
    const sql = `SELECT id, labels, state, last_seen_at > ${db.nowSql()} - ${silence} AS heard
      FROM services WHERE state IN ('ACTIVE', 'DRAINING')`;
    const rows = await db.reader.rows<{ id: string; labels: string; state: SeenService['state']; heard: unknown }>(sql);
    return rows.map((row) => ({
      id: row.id,
      labels: JSON.parse(row.labels),
      state: row.state,
      heard: Number(row.heard) === 1,
    }));
  }

  /**
   * Declares a silent service FAILED, unless it was heard of again, or somebody has its row at this moment: there will be
   * another look. True for the one caller whose look decides.
   */
  declareFailed(id: string): Promise<boolean> {
    const { db, silence, onLost } = this.#options;
    return db.transaction(async (tx) => {
      const silent = "state IN ('ACTIVE', 'DRAINING') AND last_seen_at <= ?";
      const found = await this.#lock(tx, `id = ? AND ${silent}`, [id, (await tx.now()) - silence], 'SKIP LOCKED');
      if (!found) return false;
      await this.#change(tx, found, 'FAILED', `nothing was heard of it for ${silence / SECOND} s`);
      await onLost?.(tx, id);
      return true;
    });
  }

  /** The service that fits, its row held until the commit; undefined when there is none. */
  async #lock(tx: Tx, where: string, values: (string | number)[], locked = ''): Promise<Found | undefined> {
    const lock = this.#options.db.dialect === 'mysql' ? `FOR UPDATE ${locked}` : '';
    const [row] = await tx.rows<Found>(`SELECT ${COLUMNS} FROM services WHERE ${where} ${lock}`, values);
    return row;
  }

  async #change(tx: Tx, found: Found, state: ServiceState, reason: string): Promise<void> {
    await tx.execute('UPDATE services SET state = ? WHERE id = ?', [state, found.id]);
    await this.#tell(tx, found, state, reason);
  }

  async #tell(tx: Tx, before: ServiceBefore, state: ServiceState, reason: string): Promise<void> {
    const { outbox, bell } = this.#options;
    await outbox.append(tx, serviceFact(before, state, reason));
    tx.afterCommit(() => bell.ring(ENGINES_CHANNEL));
  }
}
