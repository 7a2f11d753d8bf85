import type { Database } from '../db/database.js';
import { isDuplicate } from '../db/failures.js';
import type { Reader, Tx } from '../db/transaction.js';
import { insertRows } from '../db/write.js';
import { ShardEntity } from '../entities/shard.js';
import type { Tag } from './kinds.js';
import { type SliceCounts, shardId, sliceCount, tagKey } from './tag.js';

const MISSING = 'SELECT id FROM shards WHERE id = ?';

async function exists(reader: Reader, id: string): Promise<boolean> {
  return (await reader.rows(MISSING, [id])).length > 0;
}

/** Makes one shard of a tag unless it is there, and says so by `onMade`; returns its id. */
export async function ensureShard(tx: Tx, tag: Tag, slice: number, onMade = (): void => {}): Promise<string> {
  const id = shardId(tag, slice);
  if (await exists(tx, id)) return id;
  const free = { ownerId: null, ownerIncarnation: null, connectionId: null, leaseUntil: null };
  const row = { id, tagKey: tagKey(tag), tag, slice, ...free, fence: 0, batches: 0 };
  try {
    await insertRows(tx, ShardEntity, [row]);
    onMade();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
  }
  return id;
}

/** Makes every shard of a tag that is not there. */
export async function ensureShards(db: Database, tag: Tag, counts: SliceCounts): Promise<void> {
  const ids = Array.from({ length: sliceCount(tag, counts) }, (_, slice) => slice);
  const known = new Set<string>();
  for (const slice of ids) if (await exists(db.reader, shardId(tag, slice))) known.add(shardId(tag, slice));
  const missing = ids.filter((slice) => !known.has(shardId(tag, slice)));
  if (missing.length === 0) return;
  await db.transaction(async (tx) => {
    for (const slice of missing) await ensureShard(tx, tag, slice);
  });
}
