/**
 * Where the process may be held or ended by who started it, so that what happens there can be tried:
 * `firing`: in the firing transaction, the occurrences written and the next instants not; `before-commit`: all of it
 * written; `after-commit`: before anything else is done; `leased`: the SQL lease of a shard is taken, and its lock is
 * not held yet; `handing-over`: the SQL lease is let go, and the lock is still held.
 */
export type SchedulerPoint = 'firing' | 'before-commit' | 'after-commit' | 'leased' | 'handing-over';

/** Told of each point that is reached, and waited for. */
export type AtPoint = (point: SchedulerPoint) => Promise<void>;
