import { insertRows } from '../../src/db/write.js';
import { ServiceEntity, type ServiceRow } from '../../src/entities/service.js';
import { ShardEntity, type ShardRow } from '../../src/entities/shard.js';
import { systemIds } from '../../src/lib/ids.js';
import { shardId, tagKey } from '../../src/scheduler/tag.js';
import type { World } from '../kit/world.js';

let made = 0;
/** Later than any test lets time pass, in epoch milliseconds. */
const FAR = 4_000_000_000_000;

/** A service that is there beside the one of the world's engine. */
export async function makeService(world: World, given: Partial<ServiceRow> = {}): Promise<ServiceRow> {
  made += 1;
  const at = await world.db.now();
  const host = given.host ?? `host-${made}`;
  const name = given.name ?? 'engine';
  const service: ServiceRow = {
    id: systemIds.next('service'),
    version: '1.2.3',
    incarnation: 1,
    state: 'ACTIVE',
    startedAt: at,
    lastSeenAt: at,
    ...given,
    host,
    name,
    labels: { host, name, ...given.labels },
  };
  await world.db.transaction((tx) => insertRows(tx, ServiceEntity, [service]));
  return service;
}

/** A shard of a tag, owned by a service until an instant. */
export async function makeShard(
  world: World,
  tag: Record<string, string>,
  owner: ServiceRow | null = null,
  leaseUntil = FAR,
): Promise<ShardRow> {
  made += 1;
  const shard: ShardRow = {
    id: shardId(tag, made),
    tagKey: tagKey(tag),
    tag,
    slice: made,
    ownerId: owner?.id ?? null,
    ownerIncarnation: owner?.incarnation ?? null,
    connectionId: null,
    fence: 7,
    leaseUntil: owner ? leaseUntil : null,
    batches: 0,
  };
  await world.db.transaction((tx) => insertRows(tx, ShardEntity, [shard]));
  return shard;
}

/** Says where a service stands. */
export async function setState(world: World, { id }: { id: string }, state: ServiceRow['state']): Promise<void> {
  await world.db.transaction((tx) => tx.execute('UPDATE services SET state = ? WHERE id = ?', [state, id]));
}
