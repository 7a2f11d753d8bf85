import type { ShardLineFragment, ShardMovedSubscription } from '@orrery/sdk';
import { labelsText } from '../labels.js';
import { instant, type Row } from '../output/cell.js';
import { serviceText } from './service.js';

/** What a list of shards shows. */
export const SHARD_COLUMNS = ['tag', 'slice', 'state', 'service', 'fence', 'leaseUntil', 'reason'];

/** What is shown of shards as they change hands. */
export const SHARD_MOVE_COLUMNS = ['at', 'tag', 'slice', 'move', 'from', 'to', 'why', 'fence'];

/** A shard as a row. */
export function shardRow(shard: ShardLineFragment): Row {
  return {
    tag: labelsText(shard.tag),
    slice: shard.slice,
    id: shard.id,
    state: shard.state,
    service: serviceText(shard.service),
    fence: shard.fence,
    leaseUntil: instant(shard.leaseUntil),
    reason: shard.reason,
  };
}

/** A shard as it stands, as a row among moves. */
export function heldRow(shard: ShardLineFragment): Row {
  const { slice, state: move, fence, reason: why } = shard;
  return { at: null, tag: labelsText(shard.tag), slice, move, from: null, to: serviceText(shard.service), why, fence };
}

/** How a shard changed hands, as a row. */
export function moveRow(fact: ShardMovedSubscription['shardMoved']): Row {
  return {
    at: instant(fact.at),
    tag: labelsText(fact.tag),
    slice: fact.slice,
    move: fact.reason,
    from: fact.fromName,
    to: fact.toName,
    why: fact.why,
    fence: fact.fence,
  };
}
