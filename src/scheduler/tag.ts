import { hash } from 'node:crypto';
import { v5 } from 'uuid';
import { ID_PREFIX } from '../entities/ids.js';
import type { Tag } from './kinds.js';

/** The namespace of shard ids (RFC 9562, version 5): the same tag and slice give the same id everywhere. */
const NAMESPACE = '5f2c7b1e-9a34-4f0e-8a53-6d1c0e2b7a91';

/** The tag's names in order, so that equal tags are equal texts. */
function canonical(tag: Tag): string {
  return JSON.stringify(
    Object.keys(tag)
      .sort()
      .map((name) => [name, tag[name]]),
  );
}

/** SHA-256 of a tag's canonical form: what a unique key can hold of it. */
export const tagKey = (tag: Tag): string => hash('sha256', canonical(tag));

/** Whether a service with these labels may own what carries the tag. An empty tag fits every service. */
export function fits(labels: Tag, tag: Tag): boolean {
  return Object.entries(tag).every(([name, value]) => labels[name] === value);
}

/** How many shards the background jobs of one tag are spread over. */
export interface SliceCounts {
  /** Of the empty tag. */
  readonly untagged: number;
  /** Of any other tag. */
  readonly tagged: number;
}

export const DEFAULT_SLICES: SliceCounts = { untagged: 16, tagged: 1 };

export const sliceCount = (tag: Tag, counts: SliceCounts): number =>
  Object.keys(tag).length === 0 ? counts.untagged : counts.tagged;

/** The id of one shard of a tag. */
export const shardId = (tag: Tag, slice: number): string =>
  `${ID_PREFIX.shard}_${v5(`${canonical(tag)}#${slice}`, NAMESPACE)}`;

/** The slice of a background job, by the hash of its id. */
export function sliceOf(backgroundJobId: string, slices: number): number {
  return hash('sha256', backgroundJobId, 'buffer').readUInt32BE(0) % slices;
}

/** The doorbell's channel of a shard: something of it is due earlier than it was. */
export const shardChannel = (id: string): string => `shard:${id}`;

/** The doorbell's channel of the engines: a shard is free, a service came or went. */
export const ENGINES_CHANNEL = 'engines';

/** The doorbell's channel of leased work: some waits for an engine. */
export const WORK_CHANNEL = 'work';
