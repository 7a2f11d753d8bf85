import { createHash } from 'node:crypto';
import { type Collection, type Document, type Filter, ObjectId } from 'mongodb';
import { ENTRY_NAME, type LockOwner } from './lock-store.js';

/** An entry as it stands in MongoDB; the fields that Agenda's own classes read have Agenda's names. */
export interface EntryDocument {
  _id: ObjectId;
  name: string;
  type: 'normal';
  priority: number;
  nextRunAt: Date | null;
  disabled: boolean;
  data: { shard: string };
  /** When it may be locked: at once, or when the lock on it ends. */
  wakeAt: Date;
  lockService: string | null;
  lockIncarnation: number | null;
  lockedAt: Date | null;
  /** Rises with each lock. */
  fence: number;
}

export type Entries = Collection<EntryDocument>;

/** The key of a shard's entry, made from the shard's id: two engines cannot make it twice. */
export const entryKey = (shard: string): ObjectId =>
  new ObjectId(createHash('sha256').update(shard).digest('hex').slice(0, 24));

/** When an entry that nobody pauses is free: at once, also for an engine whose estimate of the server's clock is behind. */
const AT_ONCE = new Date(0);

/** A new entry: free, and due at once. */
export const newEntry = (shard: string): EntryDocument => ({
  _id: entryKey(shard),
  name: ENTRY_NAME,
  type: 'normal',
  priority: 0,
  nextRunAt: null,
  disabled: false,
  data: { shard },
  wakeAt: AT_ONCE,
  lockService: null,
  lockIncarnation: null,
  lockedAt: null,
  fence: 0,
});

/** The entries this owner holds the lock of. */
export const mine = ({ service, incarnation }: LockOwner): Filter<EntryDocument> => ({
  lockService: service,
  lockIncarnation: incarnation,
});

/** `value` where the condition holds, else the field as it is. */
const only = (condition: Document, field: string, value: unknown): Document => ({
  $cond: [condition, value, `$${field}`],
});

/**
 * Locks an entry for an owner, where `condition` (over the document as it stands) holds. All instants are the server's
 * ($$NOW): no host's clock decides whose lock has ended.
 */
export function lockStage(owner: LockOwner, length: number, condition: Document): Document[] {
  const own = {
    $and: [{ $eq: ['$lockService', owner.service] }, { $eq: ['$lockIncarnation', owner.incarnation] }],
  };
  const fence = { $cond: [own, '$fence', { $add: ['$fence', 1] }] };
  return [
    {
      $set: {
        fence: only(condition, 'fence', fence),
        lockService: only(condition, 'lockService', owner.service),
        lockIncarnation: only(condition, 'lockIncarnation', owner.incarnation),
        lockedAt: only(condition, 'lockedAt', '$$NOW'),
        wakeAt: only(condition, 'wakeAt', { $add: ['$$NOW', length] }),
      },
    },
  ];
}

/** Frees an entry; nobody takes it for `pause` milliseconds. */
export const freeStage = (pause: number): Document[] => [
  {
    $set: {
      lockService: null,
      lockIncarnation: null,
      lockedAt: null,
      wakeAt: pause === 0 ? AT_ONCE : { $add: ['$$NOW', pause] },
    },
  },
];
