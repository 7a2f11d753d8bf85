import type { AgendaBackend } from 'agenda';

/** The name of Agenda's entries: one for each shard. */
export const ENTRY_NAME = 'drain';

/** Whose locks these are: a service, and which start of it. */
export interface LockOwner {
  readonly service: string;
  readonly incarnation: number;
}

export interface LockStoreOptions {
  readonly owner: LockOwner;
  /** How many milliseconds a lock lives without being renewed. */
  readonly lockLength: number;
  /** No other process can be there: every lock found at the start is a dead one's. */
  readonly exclusive: boolean;
  /** The shards whose entries may be locked at present: asked before each attempt; where there are none, none is made. */
  readonly wanted: () => readonly string[];
}

/**
 * The store of Agenda's locks, as the scheduler uses it beside Agenda. An entry stands for a shard, and for as long as
 * the shard exists: it is never "done". Every method rejects when the store does not answer; expiry is judged by the
 * store's clock.
 */
export interface LockStore {
  /** The same store as Agenda sees it. */
  readonly backend: AgendaBackend;
  /** Whether it answered the last time. */
  readonly available: boolean;
  /** Makes what the store needs (indexes), and gives up the locks of earlier starts of this service. */
  prepare(): Promise<void>;
  /** Those of the shards that have no entry. */
  missing(shards: readonly string[]): Promise<string[]>;
  /** Makes entries that are not there, and touches none that is; returns how many it made. */
  ensure(shards: readonly string[]): Promise<number>;
  /**
   * Renews the locks on these shards in one operation, and takes those of them that are free. Returns on how many there
   * is a lock now: fewer where an entry is missing, or another holds it.
   */
  hold(shards: readonly string[]): Promise<number>;
  /** Gives this owner's locks on these shards back; nobody takes them for `pause` milliseconds. */
  release(shards: readonly string[], pause?: number): Promise<void>;
  /** Deletes the entries of all shards but these, unless another holds them; returns how many it deleted. */
  prune(shards: readonly string[]): Promise<number>;
  close(): Promise<void>;
}

/**
 * What Agenda is told of a lock's age: never old. Agenda judges expiry by the host's clock, and would cancel a handler
 * that lives long; ours live as long as their SQL lease does, and end when that is lost.
 */
export const NEVER_OLD = new Date(8_640_000_000_000_000);
