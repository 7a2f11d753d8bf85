import { type JobParameters, toJobId } from 'agenda';
import { ENTRY_NAME, NEVER_OLD } from './lock-store.js';

/** An entry as Agenda's processor gets it once it is locked. It is due at once: what is due in its shard is SQL's to say. */
export function lockedEntry(id: string, shard: string): JobParameters {
  return {
    _id: toJobId(id),
    name: ENTRY_NAME,
    type: 'normal',
    priority: 0,
    nextRunAt: null,
    lockedAt: NEVER_OLD,
    data: { shard },
  };
}

/** The shard an entry stands for. Throws a TypeError when it is not one of ours. */
export function shardOf(data: unknown): string {
  if (typeof data === 'object' && data !== null && 'shard' in data && typeof data.shard === 'string') return data.shard;
  throw new TypeError('This entry stands for no shard.');
}
