import type { Database } from '../db/database.js';
import type { Tx } from '../db/transaction.js';
import { ExpectedError } from '../lib/errors.js';

/** A shard as its owner holds it: the fence says which taking of it this is. */
export interface HeldShard {
  readonly id: string;
  readonly fence: number;
  readonly serviceId: string;
  /** Whether the owner before let go of it in order; else what it was firing may have killed it. */
  readonly clean: boolean;
  /** How many milliseconds its lease lives without being renewed. */
  readonly leaseLength: number;
}

/** The shard was taken by another owner, or by this one once more: what this one holds of it is worth nothing. */
export class LeaseLostError extends ExpectedError {
  constructor(shardId: string) {
    super('LEASE_LOST', `The shard ${shardId} has another owner now.`);
  }
}

/** The id of the connection a statement runs on, as SQL: what a taker ends when its owner is frozen in a transaction. */
export const connectionSql = (db: Database): string => (db.dialect === 'mysql' ? 'CONNECTION_ID()' : 'NULL');

/**
 * Checks the fence and holds the shard's row until the commit, by writing it, and renews its lease: who renews the
 * others does not wait for a batch. Throws LeaseLostError when the shard is no longer held under this fence.
 */
export async function guard(db: Database, tx: Tx, shard: HeldShard): Promise<void> {
  const sql = `UPDATE shards SET batches = batches + 1, connection_id = ${connectionSql(db)},
    lease_until = ${db.nowSql()} + ${shard.leaseLength}
    WHERE id = ? AND fence = ? AND owner_id = ?`;
  const held = await tx.execute(sql, [shard.id, shard.fence, shard.serviceId]);
  if (held !== 1) throw new LeaseLostError(shard.id);
}
