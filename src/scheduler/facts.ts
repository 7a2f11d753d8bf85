import type { ServiceState } from '../entities/service.js';
import type { NewEvent } from '../events/topics.js';
import type { Tag } from './kinds.js';

/** A service as people name it. */
export const serviceName = (service: { host: string; name: string }): string => `${service.host}/${service.name}`;

/** A service before its state changes. */
export interface ServiceBefore {
  readonly id: string;
  readonly host: string;
  readonly name: string;
  readonly incarnation: number;
  /** Null for one that is new. */
  readonly state: ServiceState | null;
}

/** The fact that a service came into a state; `reason` says why, for people. */
export const serviceFact = (
  { id, host, name, incarnation, state: stateBefore }: ServiceBefore,
  state: ServiceState,
  reason: string,
): NewEvent<'serviceStateChanged'> => ({
  topic: 'serviceStateChanged',
  project: null,
  subject: id,
  payload: { host, name, state, stateBefore, incarnation, reason },
});

/** A service that has or had a shard. */
interface Party {
  readonly id: string;
  readonly name: string;
}

/** A shard as it is after a move. */
export interface MovedShard {
  readonly id: string;
  readonly tag: Tag;
  readonly slice: number;
  readonly fence: number;
}

/** The fact that a shard was let go of by its owner, for the reason `why`. */
export const releaseFact = (shard: MovedShard, from: Party, why: string): NewEvent<'shardMoved'> =>
  moveFact(shard, 'RELEASED', why, from, null);

/** The fact that a shard was taken: `from` is the owner that had not let go of it, perhaps an earlier start of `to`. */
export function takingFact(
  shard: MovedShard,
  from: (Party & { readonly restarted: boolean }) | null,
  to: Party,
): NewEvent<'shardMoved'> {
  if (from === null) return moveFact(shard, 'TAKEN', 'nobody held it', null, to);
  return from.restarted
    ? moveFact(shard, 'RESTARTED', 'its service has started again', from, to)
    : moveFact(shard, 'TAKEOVER', 'the lease of its owner had run out', from, to);
}

function moveFact(
  { id, tag, slice, fence }: MovedShard,
  reason: NewEvent<'shardMoved'>['payload']['reason'],
  why: string,
  from: Party | null,
  to: Party | null,
): NewEvent<'shardMoved'> {
  const parties = {
    from: from?.id ?? null,
    to: to?.id ?? null,
    fromName: from?.name ?? null,
    toName: to?.name ?? null,
  };
  const payload = { tag: { ...tag }, slice, fence, reason, why, ...parties };
  return { topic: 'shardMoved', project: null, subject: id, payload };
}
