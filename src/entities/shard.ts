import { EntitySchema } from 'typeorm';
import { big, id, instant, int, json, text } from './columns.js';

/** A slice of the background jobs of one tag, and the lease of the engine that owns it. */
export interface ShardRow {
  /** Made from the tag and the slice: every engine makes the same one. */
  id: string;
  /** The SHA-256 of the tag's canonical form. */
  tagKey: string;
  tag: Record<string, string>;
  slice: number;
  /** The service that owns it; null = nobody. */
  ownerId: string | null;
  ownerIncarnation: number | null;
  /** The database connection that wrote the row last for its owner: a taker ends it when the owner hangs on it. */
  connectionId: number | null;
  /** Rises with each taking; every firing transaction checks it. */
  fence: number;
  /** By the store's clock; null when nobody owns it. */
  leaseUntil: number | null;
  /** Rises with each firing transaction: the guard row must be written, a mere lock is local to a Galera node. */
  batches: number;
}

export const ShardEntity = new EntitySchema<ShardRow>({
  name: 'Shard',
  tableName: 'shards',
  columns: {
    id: id({ primary: true }),
    tagKey: text(64),
    tag: json(),
    slice: int(),
    ownerId: id({ nullable: true }),
    ownerIncarnation: int({ nullable: true }),
    connectionId: big({ nullable: true }),
    fence: int(),
    leaseUntil: instant({ nullable: true }),
    batches: big(),
  },
  indices: [
    { name: 'ux_shards_slice', columns: ['tagKey', 'slice'], unique: true },
    { name: 'ix_shards_owner', columns: ['ownerId'] },
    { name: 'ix_shards_owner_tag', columns: ['ownerId', 'tagKey', 'slice'] },
    { name: 'ix_shards_lease', columns: ['leaseUntil'] },
  ],
  foreignKeys: [
    {
      name: 'fk_shards_owner',
      target: 'Service',
      columnNames: ['ownerId'],
      referencedColumnNames: ['id'],
      onDelete: 'RESTRICT',
      onUpdate: 'RESTRICT',
    },
  ],
});
